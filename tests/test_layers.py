"""The order in which modules may import one another, and what importing must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import stance

PACKAGE = Path(stance.__file__).parent
LAYERS = (
    {"labels", "errors", "processor", "devices"},
    {"sentences", "predictions", "calibration", "cascade", "pages", "records"},
    {"bundle", "models", "batches", "texts", "tokens", "session", "acts", "mentions"},
    {"gpu"},
    {"logits", "decisions", "classifier"},
    {"corpus", "inputs", "rows", "page", "spacy", "sklearn"},
    {"ledger"},
    {"serve", "mcp"},
    {"cli"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imports(file: Path) -> set[str]:
    """Names of the modules of this package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stance."):
            found.add(node.module.split(".")[1])
    return found


def test_every_module_has_a_layer() -> None:
    """A new module must be given its place."""
    modules = {file.stem for file in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")} - {"train"}
    assert modules | folders == set(LEVEL)


def test_imports_go_downwards() -> None:
    """A module imports only from its own layer or lower ones, and nothing imports `train`."""
    for file in PACKAGE.glob("*.py"):
        if file.stem in LEVEL:
            for name in imports(file):
                assert LEVEL[name] <= LEVEL[file.stem], f"{file.stem} imports {name}"


def test_train_imports_only_the_core() -> None:
    """The training API stands on layers 1 to 4."""
    for file in (PACKAGE / "train").rglob("*.py"):
        for name in imports(file) - {"train"}:
            assert LEVEL[name] <= LEVEL["classifier"], f"train/{file.name} imports {name}"


def test_gpu_imports_go_downwards() -> None:
    """The GPU engine stands below the classifier, and is imported when a device is asked for."""
    for file in (PACKAGE / "gpu").glob("*.py"):
        for name in imports(file):
            assert LEVEL[name] <= LEVEL["gpu"], f"gpu/{file.name} imports {name}"


def test_corpus_imports_go_downwards() -> None:
    """Corpora stand on the core and on what shows its results; of the other layers they know nothing."""
    for file in (PACKAGE / "corpus").glob("*.py"):
        for name in imports(file):
            assert LEVEL[name] <= LEVEL["corpus"], f"corpus/{file.name} imports {name}"


def test_serve_imports_go_downwards() -> None:
    """The service stands on all but the command line."""
    for file in (PACKAGE / "serve").glob("*.py"):
        for name in imports(file):
            assert LEVEL[name] <= LEVEL["serve"], f"serve/{file.name} imports {name}"


def test_ledger_imports_go_downwards() -> None:
    """Ledgers stand on the core, on corpora and on what shows results."""
    for file in (PACKAGE / "ledger").glob("*.py"):
        for name in imports(file):
            assert LEVEL[name] <= LEVEL["ledger"], f"ledger/{file.name} imports {name}"


def test_classifying_loads_no_training_library() -> None:
    """Importing and classifying in a fresh process load neither torch nor its kin."""
    tiny = Path(__file__).resolve().parent / "data" / "tiny"
    code = (
        "import sys, stance\n"
        f"stance.load({str(tiny)!r}).classify('It denied that.')\n"
        "heavy = {'torch', 'transformers', 'datasets', 'sklearn', 'scipy', 'onnx', 'pandas', 'pyarrow'}\n"
        "heavy |= {'mcp', 'pydantic', 'spacy', 'fastapi', 'uvicorn', 'prometheus_client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
