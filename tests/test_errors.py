"""The errors of this library."""

import ast
import pickle
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from stance.errors import InputError, MissingExtraError, ModelError, require_extra


@pytest.mark.parametrize(
    "error", [InputError("no text"), ModelError("no model"), MissingExtraError("a", "b")]
)
def test_errors_pass_between_processes(error: Exception) -> None:
    """A worker's error says in the parent what it said there."""
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (type(error), str(error))


@pytest.mark.parametrize("extra", ["corpus", "gpu", "ledger", "lora", "serve", "tensorboard", "train"])
def test_all_that_an_extra_brings_is_asked_for(extra: str) -> None:
    """Where a package of it is missing, the message names the extra, and not the package."""
    root = Path(__file__).resolve().parents[1]
    calls = [
        ast.literal_eval(ast.Tuple(node.args, ast.Load()))
        for file in (root / "stance").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require_extra"
    ]
    asked = {module for _, name, *modules in calls if name == extra for module in modules}
    requirements = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    brought = {
        re.split(r"[>=]", one)[0]
        for one in requirements[extra]
        if not one.startswith("stance-classifier[") and ";" not in one
    }
    owners = packages_distributions()
    assert brought <= {re.sub("_", "-", owner).lower() for module in asked for owner in owners[module]}


def test_a_missing_extra_says_how_to_get_it() -> None:
    """Where one of its modules is not there."""
    require_extra("a thing", "some", "json", "re")
    with pytest.raises(MissingExtraError, match=r'a thing .* pip install "stance-classifier\[some\]"'):
        require_extra("a thing", "some", "json", "no_such_module")
