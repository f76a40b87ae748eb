"""The command line: thin commands over the library."""

import importlib
import signal
import sys
from collections.abc import Callable
from importlib.resources import files
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from stance.bundle import Bundle, open_bundle
from stance.classifier import load
from stance.devices import CPU, describe_devices
from stance.errors import InputError, OutputError, StanceError
from stance.inputs import read_lines, read_text
from stance.labels import MEANINGS
from stance.models import open_model
from stance.options import AbstainOption, ActsOption, FirstStageOption, ModelOption, ThreadsOption
from stance.page import render
from stance.predictions import Document
from stance.processor import describe
from stance.rows import Format, write_rows

app = typer.Typer(
    help="Label news sentences as allegation, confirmation, hedge or denial.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DeviceOption = Annotated[str, typer.Option(help="cpu; cuda or cuda:1: a GPU (extra gpu).")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", "-f", show_default="table on a terminal, else jsonl")
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", help="Write a page with the sentences highlighted.")
]


@app.command()
def classify(
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Sentences.")] = None,
    source: Annotated[
        str | None, typer.Option("--input", "-i", metavar="FILE|-", help="A sentence a line.")
    ] = None,
    acts: ActsOption = False,
    abstain: AbstainOption = False,
    form: FormatOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    device: DeviceOption = CPU,
    first_stage: FirstStageOption = True,
) -> None:
    """Label sentences."""
    if bool(texts) == (source is not None):
        raise InputError("give sentences as arguments, or a file of them by --input (- for standard input)")
    classifier = load(model, threads=threads, device=device, first_stage=first_stage)
    sentences = texts or read_lines(str(source), report=_say)
    predictions = classifier.classify_many(sentences, acts=acts, abstain=abstain)
    write_rows((prediction.to_dict() for prediction in predictions), form or _usual_format())


@app.command()
def read(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="An article; - for standard input.")],
    context: Annotated[
        bool, typer.Option("--context", help="Read each sentence with the one before it.")
    ] = False,
    html: HtmlOption = None,
    form: FormatOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    device: DeviceOption = CPU,
    first_stage: FirstStageOption = True,
) -> None:
    """Split an article into sentences and label each."""
    text = read_text(source, report=_say)
    classifier = load(model, threads=threads, device=device, first_stage=first_stage)
    document = classifier.read(text, context=context)
    _show(document, title=Path(source).name, html=html, form=form)


@app.command()
def demo(html: HtmlOption = None, form: FormatOption = None, model: ModelOption = None) -> None:
    """Label the sentences of an article that ships with the library."""
    text = (files("stance") / "resources" / "demo.txt").read_text(encoding="utf-8")
    _show(load(model).read(text), title=text.splitlines()[0], html=html, form=form)


@app.command()
def info(model: ModelOption = None) -> None:
    """Verify every file of a model and say what it is, what the processor lacks, and which GPUs there are."""
    bundle = open_model(model)
    for stage in bundle.stages or (bundle,):
        _describe(open_bundle(stage.path, every_file=True))
    print(f"processor    {describe()}")
    print(f"devices      {describe_devices()}")


def _describe(bundle: Bundle) -> None:
    print(f"model        {bundle.identity}")
    print(f"folder       {bundle.path}")
    print(f"max tokens   {bundle.max_tokens}")
    print(f"temperature  {bundle.calibration.temperature}, sharpness {bundle.calibration.sharpness}")
    print(f"acts         {'found' if bundle.finds_acts else 'not found'}")
    print(f"context      {'read' if bundle.reads_context else 'not read'}")
    print(f"first stage  {'answers plain sentences' if bundle.first_stage else 'none'}")
    if (least := bundle.deferral_threshold) is not None:
        print(f"cascade      as first of two leaves what is less than {least:.2f} sure to the second")
    for label in bundle.labels:
        print(f"label        {label}: {MEANINGS.get(label, '')}".rstrip(": "))


@app.command()
def mcp(model: ModelOption = None, threads: ThreadsOption = None) -> None:
    """Serve `classify`, `read` and `ledger` as tools for assistants, over standard input and output."""
    if sys.stdin.isatty():
        _say("an assistant is expected to talk to this over standard input; Ctrl-C ends it")
    # The thread that reads standard input hears of no KeyboardInterrupt, and the process would wait for it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    importlib.import_module("stance.mcp").serve(model, threads=threads)


TRAINING = {
    "check": "Say what in labelled data would spoil training, and refuse it.",
    "train": "Fine-tune an encoder on labelled sentences and write a model folder.",
    "evaluate": "Measure a model on labelled sentences, and say where it fails.",
    "compare": "Say which of two models is better on labelled sentences, and whether by more than noise.",
    "audit": "List likely label errors, to be read, corrected and trained on again.",
    "push": "Upload a model folder with its card to the Hugging Face Hub, once every file is verified.",
}
"""Commands that need the extra `train`."""

CORPUS = {
    "score": "Label every row of a corpus; the same command goes on where it was stopped.",
    "report": "Draw the share of each label over time, or by group, from the output of `score`.",
}
"""Commands that need the extra `corpus`."""

SERVICE = {
    "serve": "Serve the model over HTTP, with a page for people at /.",
}
"""Commands that need the extra `serve`."""

LEDGER = {
    "ledger": "Gather from articles who alleged, confirmed, hedged or denied what, and when.",
}
"""Commands that need the extra `ledger`."""


def _forward(name: str, module: str) -> Callable[[typer.Context], None]:
    """Make a command that loads its module, which is slow and may need an extra, only when it is run."""

    def run(context: typer.Context) -> None:
        importlib.import_module(module).app([name, *context.args], prog_name="stance")

    return run


FORWARDED = {
    "stance.train.commands": TRAINING,
    "stance.corpus.commands": CORPUS,
    "stance.ledger.commands": LEDGER,
    "stance.serve.commands": SERVICE,
}
"""The commands of each module that is loaded when one of them is run, and what --help says of them: the
first sentence of their docstrings."""

for _module, _commands in FORWARDED.items():
    for _name, _help in _commands.items():
        app.command(
            _name,
            help=_help,
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )(_forward(_name, _module))


def main() -> None:
    """Run the command line: errors become one line and exit code 2."""
    if isinstance(sys.stdout, TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")  # what JSON lines are read as, whatever the locale
    try:
        app()
    except StanceError as error:
        _say(str(error))
        sys.exit(2)
    except BrokenPipeError:
        sys.stdout = None  # or Python would complain when it flushes
        sys.exit(141)


def _show(document: Document, *, title: str, html: Path | None, form: Format | None) -> None:
    if html is not None:
        _write(html, render(document, title=title))
        if form is None:
            return
    write_rows(document.rows(), form or _usual_format())


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; a path that can be written was expected") from error


def _usual_format() -> Format:
    return Format.TABLE if sys.stdout.isatty() else Format.JSONL


def _say(message: str) -> None:
    print(f"stance: {message}", file=sys.stderr)
