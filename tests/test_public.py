"""The public names."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import stance


def test_public_names_are_pinned() -> None:
    """A name is added to or taken from the public ones on purpose only."""
    assert stance.__all__ == [
        "LABELS",
        "Act",
        "Bundle",
        "Classifier",
        "Document",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "OutputError",
        "Prediction",
        "Sentence",
        "Span",
        "Stance",
        "StanceError",
        "load",
    ]


def test_public_names_are_documented() -> None:
    """Each public class and function, and each of their public methods, has a docstring."""
    for name in stance.__all__:
        item = getattr(stance, name)
        if inspect.isclass(item) or inspect.isfunction(item):
            assert inspect.getdoc(item), name
        if inspect.isclass(item):
            for method, value in vars(item).items():
                if inspect.isfunction(value) and not method.startswith("_"):
                    assert value.__doc__, f"{name}.{method}"


def test_labels_are_none_and_the_stances() -> None:
    """The order of the labels is what models are trained with."""
    assert stance.LABELS == ("none", "allegation", "confirmation", "hedge", "denial")
    assert stance.LABELS[1:] == tuple(stance.Stance)


def test_every_error_is_a_stance_error() -> None:
    """One except clause catches all that the library raises on purpose."""
    for name in ("InputError", "MissingExtraError", "ModelError", "OutputError"):
        assert issubclass(getattr(stance, name), stance.StanceError)


@pytest.mark.parametrize("package", ["mcp", "sklearn", "spacy"])
def test_a_missing_extra_is_named(package: str) -> None:
    """A module that needs a package that is not there says how to install it."""
    code = f"import sys; sys.modules[{package!r}] = None; import stance.{package}"
    run = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=False)
    assert f'pip install "stance-classifier[{package}]"' in run.stderr.splitlines()[-1]


def test_every_test_states_a_behaviour() -> None:
    """The docstring of each test is one line or two that a reader can hold the code to."""
    for file in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{file.name}: {node.name}"
