"""What the README shows is what comes."""

import ast
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def shown_by(code: str, names: dict[str, Any]) -> list[str]:
    """Run code as a console does, which shows what its last expression is worth."""
    lines = ast.parse(code).body
    last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
    with redirect_stdout(StringIO()) as printed:
        exec(compile(ast.Module(lines, []), "README.md", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "README.md", "eval"), names) if last else None
    return [*printed.getvalue().splitlines(), *([] if value is None else repr(value).splitlines())]


@pytest.mark.parametrize("code", BLOCKS)
def test_code_gives_what_stands_under_it(code: str) -> None:
    """To the last digit. What shows nothing needs files of the user's: it is compiled."""
    expected = re.findall(r"^# ?(.*)$", code, re.MULTILINE)
    if not expected:
        compile(code, "README.md", "exec")
        return
    names: dict[str, Any] = {}
    shown_by(BLOCKS[0], names)  # the first opens the classifier that all go on with
    assert shown_by(code, names) == expected
