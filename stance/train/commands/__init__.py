"""The commands of training; the command line loads them when one is asked for."""

import typer

from stance.train.commands.data import audit_labels, check_data
from stance.train.commands.fit import train_model
from stance.train.commands.judge import compare_models, evaluate_model
from stance.train.commands.push import push_model
from stance.train.commands.voice import quiet_libraries

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

app.callback()(quiet_libraries)

app.command("check")(check_data)
app.command("train")(train_model)
app.command("evaluate")(evaluate_model)
app.command("compare")(compare_models)
app.command("audit")(audit_labels)
app.command("push")(push_model)
