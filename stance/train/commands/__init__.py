"""The commands of training; each is loaded when it is asked for, as its libraries take seconds."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from stance.train.commands.voice import quiet_libraries

_COMMANDS = {
    "check": ("check", "check_data"),
    "train": ("fit", "train_model"),
    "evaluate": ("judge", "evaluate_model"),
    "compare": ("judge", "compare_models"),
    "audit": ("audit", "audit_labels"),
    "push": ("push", "push_model"),
}
"""The module of each command in this package, and its function there."""


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        """Name all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        quiet_libraries()
        module, function = _COMMANDS[cmd_name]
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(getattr(import_module(f"{__name__}.{module}"), function))
        return typer.main.get_command(alone)


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _several() -> None:
    """Make it a group."""
