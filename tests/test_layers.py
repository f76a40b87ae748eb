"""The order in which modules may import one another, and what importing must not load."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import stance

PACKAGE = Path(stance.__file__).parent
LAYERS = (
    {"labels", "errors", "processor", "devices", "options", "choices"},
    {"sentences", "predictions", "calibration", "first_stage", "templates", "records"},
    {"bundle", "models", "batches", "texts", "tokens", "session", "acts", "mentions", "documents"},
    {"gpu"},
    {"logits", "decisions", "classifier", "stance"},
    {"train"},
    {"corpus", "inputs", "rows", "page", "spacy", "sklearn"},
    {"ledger"},
    {"serve", "mcp"},
    {"cli", "__main__"},
)
"""From the lowest; "stance" stands for the public names."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {
    ".".join(("stance", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): file
    for file in FILES
}


def place(file: Path) -> str:
    """Name the module, or the folder, that a file belongs to."""
    name = file.relative_to(PACKAGE).with_suffix("").parts[0]
    return "stance" if name == "__init__" else name


def imports(file: Path) -> set[str]:
    """Name what a file imports of this package, in whatever form, functions and `import_module` included."""
    dotted: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                dotted += [alias.name for alias in node.names]
            case ast.ImportFrom(module=module, level=level):
                assert level == 0, f"{file}: a relative import"
                dotted += [f"{module}.{alias.name}" for alias in node.names]
            case ast.Call(func=ast.Name("import_module") | ast.Attribute(attr="import_module")):
                dotted += [word.value for word in node.args if isinstance(word, ast.Constant)]
    parts = [name.split(".") for name in dotted if name.split(".")[0] == "stance"]
    return {name[1] if name[1:] and name[1] in LEVEL else "stance" for name in parts}


def test_every_module_has_a_layer() -> None:
    """A new module must be given its place."""
    assert set(map(place, FILES)) == set(LEVEL)


def modules_imported(file: Path) -> set[str]:
    """Name the modules of this package that are loaded before a module is, by its own words."""
    found: set[str] = set()
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        for node in ast.walk(statement) if isinstance(statement, ast.If | ast.Try) else [statement]:
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "stance":
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= names & set(MODULES) or {str(node.module)}
    return found


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    """Nor within a layer."""
    graph = {name: modules_imported(file) - {name} for name, file in MODULES.items()}
    assert graph["stance.ledger.ledger"] > {"stance.ledger.articles", "stance.classifier"}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("name", sorted(LEVEL))
def test_imports_go_downwards(name: str) -> None:
    """A module imports only from its own layer or lower ones, and nothing imports `train`.

    The commands that the command line loads by their name, when they are run, are no imports.
    """
    for file in FILES:
        if place(file) == name:
            for other in imports(file) - {name}:
                assert LEVEL[other] <= LEVEL[name], f"{file.relative_to(PACKAGE)} imports {other}"
                assert other != "train", f"{file.relative_to(PACKAGE)} imports {other}"


@pytest.mark.parametrize(
    "line",
    [
        "import stance.cli",
        "import stance.cli as commands",
        "from stance import cli",
        "from stance.cli import main",
        "def run(): from stance.cli import main",
        "cli = import_module('stance.cli')",
        "cli = importlib.import_module('stance.cli').main()",
    ],
)
def test_every_form_of_import_is_seen(line: str, tmp_path: Path) -> None:
    """The public names too, which are no module's."""
    (tmp_path / "a.py").write_text(f"import sys, json\nfrom stance import __version__\n{line}\n")
    assert imports(tmp_path / "a.py") == {"stance", "cli"}


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
