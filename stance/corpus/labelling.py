"""A part to labelled rows and rejections: what a worker does."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import pyarrow as pa

from stance.choices import Unit
from stance.classifier import Classifier, load
from stance.corpus.folder import Folder
from stance.corpus.journal import REJECTED, ROWS, Done
from stance.corpus.layout import Layout, Options
from stance.corpus.parts import Part, Rejection, no_text
from stance.corpus.readers import READERS
from stance.corpus.results import join
from stance.corpus.sources import Source
from stance.corpus.tables import Parsed, raw
from stance.corpus.values import rows_of
from stance.corpus.writers import WRITERS, write_jsonl
from stance.decisions import PLAIN
from stance.devices import CPU
from stance.documents import contexts_of, sentences_of
from stance.errors import ModelError
from stance.mentions import resolve
from stance.predictions import Prediction
from stance.sentences import Sentence

MOST_REMEMBERED, LONGEST_REMEMBERED = 20_000, 400
"""How many answers a worker keeps for sentences that come again, and of how many characters at most."""


Contexts = list[list[str | None]]
"""For each row and each of its sentences the one before it, or None."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker must know.

    Args:
        model: what it is opened by.
        identity: its name and hash.
        files: of the input.
        layout: the columns.
        options: what decides the result.
        out: the output folder.
        device: what the worker computes on.
    """

    model: str
    identity: str
    files: tuple[Source, ...]
    layout: Layout
    options: Options
    out: Folder
    device: str = CPU


@dataclass(frozen=True, slots=True)
class Care:
    """How to label a part on which a worker has failed before.

    Args:
        batch: the most rows to label together.
        refused: the offsets of rows that are not to be tried again, and why.
    """

    batch: int
    refused: tuple[tuple[int, str], ...] = ()


class Memory:
    """A classifier that remembers its last answers: equals get equal answers.

    Where what a sentence is batched with touches its answer, in the last digits, nothing is remembered: what
    comes of a part must not depend on the parts before it.

    Args:
        classifier: any.
        acts, abstain: as for `Classifier.classify_many`. Default: False.
    """

    def __init__(self, classifier: Classifier, *, acts: bool = False, abstain: bool = False) -> None:
        self.labels = classifier.bundle.labels
        self._most = MOST_REMEMBERED if classifier.is_exact else 0
        self._classify_many = partial(classifier.classify_many, acts=acts, abstain=abstain)
        self._answers: dict[tuple[str, str | None], Prediction] = {}

    def classify_many(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        """Label sentences, with what stands before them if it is given; of equal ones, one."""
        pairs = list(zip(texts, contexts or [None] * len(texts), strict=True))
        answers = {pair: found for pair in pairs if (found := self._answers.pop(pair, None))}
        new = [pair for pair in dict.fromkeys(pairs) if pair not in answers]
        before = None if contexts is None else [context for _, context in new]
        said = self._classify_many([text for text, _ in new], contexts=before)
        answers.update(zip(new, said, strict=True))
        self._answers.update((pair, answers[pair]) for pair in answers if _length(pair) <= LONGEST_REMEMBERED)
        for pair in list(self._answers)[: max(0, len(self._answers) - self._most)]:
            del self._answers[pair]
        return [answers[pair] for pair in pairs]


def _length(pair: tuple[str, str | None]) -> int:
    return len(pair[0]) + len(pair[1] or "")


class Labeller:
    """Labels parts, and writes what comes of each.

    Args:
        plan: of the run.

    Raises:
        ModelError: the model cannot be opened, or is no longer the one of the run.
    """

    def __init__(self, plan: Plan) -> None:
        threads = 1 if plan.device == CPU else None
        options = plan.options
        classifier = load(plan.model, threads=threads, device=plan.device, first_stage=options.first_stage)
        if classifier.bundle.identity != plan.identity:
            raise ModelError(
                f"{plan.model}: is now {classifier.bundle.identity}; this run began with {plan.identity}. "
                "Put the model back, or begin anew with `overwrite`"
            )
        self._plan = plan
        self._second = classifier.bundle.stages[1].identity if classifier.bundle.stages else None
        self._memory = Memory(classifier, acts=options.acts, abstain=options.abstain)

    def __call__(self, part: Part, care: Care, trying: Callable[[int | None], None]) -> Done:
        """Label a part and write its files.

        Args:
            part: any of the run.
            care: how carefully.
            trying: is told the offset of each row before it is labelled, where rows are labelled one by one;
                None after the last, as what fails then is no row's fault.

        Raises:
            OutputError: the files cannot be written.
        """
        plan = self._plan
        parsed = self._readable(part, dict(care.refused))
        texts = parsed.table.column(plan.options.text_column).to_pylist()
        sentences = [self._sentences(text) for text in texts]
        contexts = self._contexts(parsed.table, sentences)
        predictions: list[Prediction] = []
        for first in range(0, len(texts), care.batch):
            if care.batch == 1:
                trying(parsed.offsets[first])
            some = slice(first, first + care.batch)
            predictions += self._predict(texts[some], sentences[some], contexts and contexts[some])
        if care.batch == 1:
            trying(None)
        table = join(
            parsed.table,
            sentences,
            predictions,
            layout=plan.layout,
            options=plan.options,
            names=[f"{plan.files[part.file].name}:{part.first + offset}" for offset in parsed.offsets],
        )
        return self._write(part, parsed, table, predictions)

    def _contexts(self, rows: pa.Table, sentences: Sequence[Sequence[Sentence]]) -> Contexts | None:
        """Return for each row what stands before each of its sentences; None if it is not to be read."""
        options = self._plan.options
        if options.context_column:
            return [[context] for context in rows.column(options.context_column).to_pylist()]
        if options.context:
            return [contexts_of(row) for row in sentences]
        return None

    def _predict(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Sentence]], contexts: Contexts | None
    ) -> Iterator[Prediction]:
        """Label the sentences of rows, and name the sources of documents as `Classifier.read` does."""
        flat = [one.text for row in sentences for one in row]
        before = None if contexts is None else [context for row in contexts for context in row]
        predictions = iter(self._memory.classify_many(flat, before))
        for text, row in zip(texts, sentences, strict=True):
            found = list(islice(predictions, len(row)))
            yield from resolve(text, row, found) if self._plan.options.unit is Unit.DOCUMENT else found

    def _readable(self, part: Part, refused: dict[int, str]) -> Parsed:
        """Parse a part, and reject the rows without text and those that are refused."""
        plan = self._plan
        reader = READERS[plan.files[part.file].kind]
        parsed = reader.parse(part.rows, plan.layout.read, known=plan.layout.known)
        column = parsed.table.column(plan.options.text_column)
        chosen = []
        for row, offset in enumerate(parsed.offsets):
            if reason := refused.get(offset):
                pass
            elif column[row].is_valid:
                chosen.append(row)
                continue
            else:
                reason = no_text(plan.options.text_column)
            shown = raw(next(rows_of(parsed.table.slice(row, 1))))
            parsed.rejected.append(Rejection(offset, reason, shown))
        if len(chosen) == len(parsed.offsets):
            return parsed
        offsets = [parsed.offsets[row] for row in chosen]
        return Parsed(parsed.table.take(pa.array(chosen, pa.int64())), offsets, parsed.rejected)

    def _sentences(self, text: str) -> Sequence[Sentence]:
        """Split a document; one without sentences counts as one that is empty, so that it is not lost."""
        return sentences_of(text, self._plan.options.unit) or (Sentence(text, 0, len(text)),)

    def _write(self, part: Part, parsed: Parsed, table: pa.Table, predictions: Sequence[Prediction]) -> Done:
        """Write the rejections, if there are any, and the rows."""
        plan = self._plan
        rejected = sorted(parsed.rejected, key=lambda one: one.offset)
        contents = {f"{ROWS}/{part.name}.{plan.options.format}": WRITERS[plan.options.format](table)}
        if rejected:
            file = plan.files[part.file].name
            contents[f"{REJECTED}/{part.name}.jsonl"] = write_jsonl(
                one.to_dict(file, part.first) for one in rejected
            )
        for name, content in sorted(contents.items()):
            plan.out.write(name, content)
        return Done(
            file=part.file,
            first=part.first,
            rows=part.count,
            scored=len(parsed.offsets),
            sentences=len(predictions),
            truncated=sum(prediction.truncated for prediction in predictions),
            plain=sum(prediction.reason == PLAIN for prediction in predictions),
            deferred=sum(prediction.model == self._second for prediction in predictions),
            labels=_counted(prediction.label for prediction in predictions),
            reasons=_counted(one.kind for one in rejected),
            files={name: len(content) for name, content in sorted(contents.items())},
        )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
