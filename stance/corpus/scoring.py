"""A corpus to labels: the run that can be killed at any moment and goes on where it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

import stance
from stance.choices import Unit, pick
from stance.corpus.folder import Folder
from stance.corpus.journal import REJECTED, Done, Journal, Summary
from stance.corpus.labelling import Plan
from stance.corpus.layout import Options, Output, lay_out
from stance.corpus.parts import Limits, Part, part_name
from stance.corpus.pool import Pool
from stance.corpus.readers import READERS
from stance.corpus.sources import CANNOT_OPEN, Source, UnreadableError, find
from stance.corpus.writers import write_jsonl
from stance.devices import CPU, CUDA, find_gpus, kind_of
from stance.errors import InputError
from stance.models import open_model
from stance.processor import cores

FORMAT = 1
LIMITS = {Unit.SENTENCE: Limits(rows=5000), Unit.DOCUMENT: Limits(rows=200)}
ENOUGH_ROWS = 1000
"""The rows that must have been read before a run is stopped for its share of rejections."""


class Engine(StrEnum):
    """What labels parts."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Args:
        read: rows of the input that are done, in this run or before it.
        resumed: those of them that were done before it.
        rejected: of all that are done.
        share: of the bytes of the input that have been gone through, 0 to 1.
    """

    read: int
    resumed: int
    rejected: int
    share: float


def score(
    inputs: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    text_column: str = "text",
    id_column: str | None = None,
    context_column: str | None = None,
    context: bool = False,
    unit: Unit | str = Unit.SENTENCE,
    keep: Sequence[str] | None = None,
    format: Output | str = Output.PARQUET,
    labels_only: bool = False,
    acts: bool = False,
    abstain: bool = False,
    first_stage: bool = True,
    model: str | Path | None = None,
    engine: Engine | str = Engine.LOCAL,
    device: str = CPU,
    workers: int | None = None,
    overwrite: bool = False,
    max_rejected: float | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Summary:
    """Label every row of a corpus, and go on where an earlier call with the same arguments was stopped.

    Call it under `if __name__ == "__main__":`, as workers are spawned. The result is the same, byte for byte,
    whatever the number of workers and however often it was stopped. Parts are written to `out/rows`, rows
    that could not be labelled to `out/rejected`.

    Args:
        inputs: files and folders of Parquet, CSV, TSV, JSON lines or text (plain, `.gz` or `.zst`), by local
            path or by any URI that pyarrow.fs opens.
        out: the folder to write, by local path or by URI.
        text_column: the column to be labelled. Default: "text".
        id_column: the column that names a row. Default: none.
        context_column: where rows hold sentences, the column of the sentence before each, which may be null.
            Default: none is read.
        context: where rows hold documents, read each sentence with the one before it. Default: False.
        unit: "sentence", or "document" where rows are to be split into sentences. Default: "sentence".
        keep: the columns of the input that come through. Default: all.
        format: "parquet", "jsonl" or "csv". Default: "parquet".
        labels_only: write only `label` and `confidence` of what the model says. Default: False.
        acts: write who takes which stance, by which words, toward what, in a column `acts`. Default: False.
        abstain: decide on "unsure" where no label is probable enough. Default: False.
        first_stage: let the model's first stage, if it has one, answer plain sentences. Default: True.
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        engine: "local", or "ray" for the cluster of RAY_ADDRESS (extra `ray`). Default: "local".
        device: "cpu", "cuda" for every GPU that is there, or "cuda:1" for the second (extra `gpu`). GPUs
            label a few sentences otherwise; only GPUs of one kind give the same bytes. Default: "cpu".
        workers: processes, at least 1; on GPUs they take turns. Default: one a core, or one a GPU, of this
            machine or of the cluster.
        overwrite: begin anew where `out` holds another run. Default: False.
        max_rejected: stop when a larger share of rows is rejected, 0 to 1. Default: never.
        report: is told how far the run is after each part.

    Raises:
        InputError: nothing can be read, an option has an unknown value, a column is missing or clashes,
            context is asked for in the way of another unit, there is no such device, or too many rows were
            rejected.
        ModelError: the model cannot be opened, or finds no acts or reads no context where it should.
        OutputError: `out` holds another run, or cannot be written.
        MissingExtraError: the engine, or what a GPU needs, is not installed.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1; {workers} came")
    options = Options(
        text_column=text_column,
        id_column=id_column,
        context_column=context_column,
        context=context,
        unit=pick(Unit, unit),
        keep=None if keep is None else tuple(keep),
        format=pick(Output, format),
        labels_only=labels_only,
        acts=acts,
        abstain=abstain,
        first_stage=first_stage,
        device=kind_of(device),
    )
    engine = pick(Engine, engine)
    devices = _devices(engine, device)
    folder = Folder.at(out)
    run = Run.planned(inputs, folder=folder, options=options, model=model)
    with Journal.opened(folder, run.manifest(), overwrite=overwrite) as journal:
        pool = _pool(engine, run.plan, workers, devices)
        run.go(journal, pool.run, max_rejected=max_rejected, report=report or (lambda _: None))
        return journal.finish(len(run.plan.files))


def _devices(engine: Engine, device: str) -> tuple[str, ...]:
    """Return what workers compute on, each on the next; on a cluster its nodes know what there is."""
    if engine is Engine.RAY and device not in (CPU, CUDA):
        raise InputError(
            f"device {device} came with the engine ray, which gives each worker a GPU: take {CUDA}"
        )
    return (device,) if engine is Engine.RAY or kind_of(device) == CPU else find_gpus(device)


def _pool(engine: Engine, plan: Plan, workers: int | None, devices: Sequence[str]) -> Any:
    if engine is Engine.RAY:
        return import_module("stance.corpus.cluster").Cluster(plan, workers=workers)
    usual = cores() if plan.device == CPU else len(devices)
    return Pool(plan, workers=workers or usual, devices=devices)


@dataclass(frozen=True, slots=True)
class Run:
    """A run, ready to go.

    Args:
        plan: what workers must know.
        broken: why a file cannot be opened, by its number.
    """

    plan: Plan
    broken: Mapping[int, str]

    @classmethod
    def planned(
        cls,
        inputs: str | Path | Sequence[str | Path],
        *,
        folder: Folder,
        options: Options,
        model: str | Path | None,
    ) -> "Run":
        """Look at the input and the model; see `score`."""
        places = [inputs] if isinstance(inputs, str | Path) else inputs
        bundle = open_model(model)
        if options.acts:
            bundle.require_acts()
        if options.reads_context:
            bundle.require_context()
        sources = find([str(place) for place in places], folder)
        schemas, broken = _schemas(sources, options.text_columns)
        if not schemas:
            raise InputError(f"{sources[0].name}: {broken[0]}; no file of the input can be opened")
        layout = lay_out(schemas, options, bundle.labels)
        plan = Plan(bundle.reference, bundle.identity, sources, layout, options, folder, options.device)
        return cls(plan, broken)

    def manifest(self) -> dict[str, Any]:
        """Return what this run is about: what decides its result."""
        limits = LIMITS[self.plan.options.unit]
        return {
            "format": FORMAT,
            "version": stance.__version__,
            "model": self.plan.identity,
            "options": self.plan.options.to_dict(),
            "part": {"rows": limits.rows, "size": limits.size},
            "files": {
                source.name: {"number": number, "size": source.size, "sha256": source.digest}
                for number, source in enumerate(self.plan.files)
            },
        }

    def go(
        self,
        journal: Journal,
        engine: Callable[[Iterator[Part]], Iterator[Done]],
        *,
        max_rejected: float | None,
        report: Callable[[Progress], None],
    ) -> None:
        """Label what is not done.

        Args:
            journal: is told of each part.
            engine: labels parts.
            max_rejected: see `score`.
            report: see `score`.
        """
        for number, reason in self.broken.items():
            self._reject_file(journal, number, reason)
        resumed = journal.read
        total = sum(source.size for source in self.plan.files) or 1
        gone = 0
        sizes: dict[tuple[int, int], int] = {}
        for done in engine(self._parts(journal, sizes)):
            journal.add(done)
            gone += sizes.pop((done.file, done.first))
            report(Progress(journal.read, resumed, journal.rejected, gone / total))
            self._check(journal, max_rejected)
        report(Progress(journal.read, resumed, journal.rejected, 1.0))
        self._check(journal, max_rejected, at_least=1)

    def _parts(self, journal: Journal, sizes: dict[tuple[int, int], int]) -> Iterator[Part]:
        columns, limits = self.plan.layout.read.names, LIMITS[self.plan.options.unit]
        for number, source in enumerate(self.plan.files):
            if number in self.broken:
                continue
            reader, done = READERS[source.kind], journal.done(number)
            try:
                for part in reader.parts(source, file=number, columns=columns, limits=limits, done=done):
                    sizes[part.file, part.first] = part.size
                    yield part
            except UnreadableError as error:
                raise InputError(
                    f"{source.name}: could be opened when the run began, and cannot now: {error}; "
                    "mend it, and the same command goes on"
                ) from error

    def _reject_file(self, journal: Journal, number: int, reason: str) -> None:
        """Note a file that cannot be opened: one entry, and no row."""
        source = self.plan.files[number]
        name = f"{REJECTED}/{part_name(number, 0)}.jsonl"
        entry = {"file": source.name, "row": None, "reason": f"{CANNOT_OPEN}: {reason}", "raw": ""}
        content = write_jsonl([entry])
        self.plan.out.write(name, content)
        journal.add(Done(number, 0, 0, reasons={CANNOT_OPEN: 1}, files={name: len(content)}))

    def _check(self, journal: Journal, max_rejected: float | None, *, at_least: int = ENOUGH_ROWS) -> None:
        if max_rejected is None or journal.read < at_least:
            return
        share = journal.rejected / journal.read
        if share > max_rejected:
            reasons = journal.summary(len(self.plan.files)).reasons
            raise InputError(
                f"{journal.rejected} of {journal.read} rows rejected ({share:.1%}; {max_rejected:.1%} was "
                f"allowed), mostly: {max(reasons, key=reasons.__getitem__)}; see "
                f"{self.plan.out.name}/{REJECTED}. Without `max_rejected` the same command goes on"
            )


def _schemas(
    sources: Sequence[Source], text_columns: Sequence[str]
) -> tuple[dict[str, pa.Schema], dict[int, str]]:
    """Return the columns of each file, and why the others cannot be opened."""
    schemas, broken = {}, {}
    for number, source in enumerate(sources):
        try:
            schemas[source.name] = READERS[source.kind].schema(source, text_columns)
        except UnreadableError as error:
            broken[number] = str(error)
    return schemas, broken
