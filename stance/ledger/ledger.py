"""A ledger: the claims of a corpus, kept in a folder, to which articles are added as they come."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from reprlib import repr as short
from typing import Any, Self, TypeVar

from stance.choices import Unit, pick
from stance.classifier import Classifier, load
from stance.corpus.dates import iso
from stance.corpus.folder import Folder
from stance.corpus.sources import find
from stance.corpus.writers import write_jsonl, write_parquet
from stance.errors import InputError
from stance.ledger.articles import Article, Columns, articles
from stance.ledger.claims import Claim
from stance.ledger.page import render
from stance.ledger.record import Record
from stance.ledger.tables import table
from stance.ledger.threads import find_threads
from stance.ledger.vectors import Encoder
from stance.predictions import Document
from stance.sentences import well_formed

FORMAT = 1
STATE, CLAIMS, REJECTED = "ledger.json", "claims.jsonl", "rejected.jsonl"
ENTRIES, PAGE = "entries.parquet", "ledger.html"

_With = TypeVar("_With")


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run.

    Args:
        articles: how many were read.
        known: how many had been read before, and were passed over.
        rejected: rows and files that could not be read.
        entries: stances taken that are in the ledger now; copies count once.
        claims: claims that are in the ledger now.
        new: claims that this run began.
        undated: articles whose date was not read, as it is not in ISO 8601; they are in the ledger without.
        first_undated: the date of the first of them, and where it stands; None if there is none.
    """

    articles: int
    known: int
    rejected: int
    entries: int
    claims: int
    new: int
    undated: int
    first_undated: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Claims, and what is needed to add to them.

    Args:
        claims: in the order in which they were first made.
        seen: the hashes of the articles that were read.
        model: name and hash of the model that read them; None if nothing was read yet.
    """

    claims: tuple[Claim, ...] = ()
    seen: frozenset[str] = frozenset()
    model: str | None = None

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open what `save` wrote.

        Raises:
            InputError: there is no ledger, or it is damaged.
        """
        place = Folder.at(folder)
        if (ledger := cls._open(place)) is None:
            raise InputError(f"{place.name}: no {STATE}; a folder that `stance ledger` wrote was expected")
        return ledger

    @classmethod
    def _open(cls, folder: Folder) -> Self | None:
        state, claims = folder.read(STATE), folder.read(CLAIMS)
        if state is None:
            return None
        if claims is None:  # written before the state is
            raise InputError(f"{folder.name}: a damaged ledger (no {CLAIMS}); build it anew")
        try:
            values = json.loads(state)
            if values["format"] != FORMAT:
                raise InputError(
                    f"{folder.name}/{STATE}: format {values['format']!r}; this version reads {FORMAT}: "
                    "build the ledger anew in another folder"
                )
            found = tuple(Claim.from_dict(json.loads(line)) for line in claims.splitlines())
            return cls(found, frozenset(values["seen"]), values["model"])
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{folder.name}: a damaged ledger ({error!r}); build it anew") from error

    def add(
        self,
        new: Iterable[Article],
        *,
        classifier: Classifier,
        unit: Unit | str = Unit.DOCUMENT,
        report: Callable[[int], None] | None = None,
    ) -> Self:
        """Return the ledger with more articles; those that it knows, by id and text, are passed over.

        Claims that are there keep their ids and entries, and are never joined with one another.

        Args:
            new: the articles, read one after another.
            classifier: the model that reads them: the one of the ledger.
            unit: "document", or "sentence" where each text is a sentence of its own. Default: "document".
            report: is told how many articles have been read, after each.

        Raises:
            InputError: another model read what the ledger holds, or a date is none.
            ModelError: the model finds no acts.
        """
        classifier.bundle.require_acts()
        model = classifier.bundle.identity
        self._expect(model)
        seen = set(self.seen)
        fresh = (article for article, _ in _fresh(((one, None) for one in new), seen))
        record = Record(self.claims, encode := Encoder())
        for done, (article, document) in enumerate(_read(classifier, fresh, pick(Unit, unit)), start=1):
            record.add(find_threads(document, article, encode=encode))
            if report:
                report(done)
        return type(self)(tuple(record.claims()), frozenset(seen), model)

    def add_read(
        self,
        read: Iterable[tuple[Article, Document]],
        *,
        model: str,
        encode: Encoder | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Self:
        """Return the ledger with articles that have been read already; else as `add`.

        Args:
            read: each article, and what `Classifier.read` gave of its text.
            model: name and hash of the model that read them: the one of the ledger.
            encode: turns claims into vectors. Default: one that is made for this call.
            check: is called again and again; what it raises ends the work. Default: nothing is.

        Raises:
            InputError: another model read what the ledger holds, or a date is none.
        """
        self._expect(model)
        seen = set(self.seen)
        encode = encode or Encoder()
        record = Record(self.claims, encode, check=check)
        for article, document in _fresh(read, seen):
            record.add(find_threads(document, article, encode=encode, check=check))
        return type(self)(tuple(record.claims()), frozenset(seen), model)

    def _expect(self, model: str) -> None:
        if self.model not in (None, model):
            raise InputError(
                f"the ledger was read by {self.model}, this model is {model}: their labels differ. Give the "
                "same model, or begin another ledger"
            )

    def save(self, folder: str | Path, *, title: str = "Ledger") -> None:
        """Write the ledger: claims.jsonl, entries.parquet, ledger.html, and ledger.json last.

        Each file is written whole or not at all. After a kill between two of them, the same articles can be
        added again: what is there already is not counted twice.

        Raises:
            OutputError: a file cannot be written.
        """
        place = Folder.at(folder)
        place.write(CLAIMS, write_jsonl(claim.to_dict() for claim in self.claims))
        place.write(ENTRIES, write_parquet(table(self.claims)))
        place.write(PAGE, render(self.claims, title=title, model=self.model).encode())
        state = {"format": FORMAT, "model": self.model, "articles": len(self.seen), "seen": sorted(self.seen)}
        place.write(STATE, json.dumps(state, indent=1).encode())


def build(
    inputs: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    text_column: str = "text",
    id_column: str | None = None,
    date_column: str | None = None,
    outlet_column: str | None = None,
    unit: Unit | str = Unit.DOCUMENT,
    model: str | Path | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    report: Callable[[int], None] | None = None,
) -> Summary:
    """Read the articles of files into a ledger; one that is in `out` already grows.

    The same calls give the same files, byte for byte.

    Args:
        inputs: files and folders of Parquet, CSV, TSV, JSON lines or text (plain, `.gz` or `.zst`), by local
            path or by any URI that pyarrow.fs opens. A file of text is one article.
        out: the folder to write, by local path or by URI.
        text_column: the column of texts. Default: "text".
        id_column: the column that names an article. Default: none; files and rows name them.
        date_column: the column of dates, of strings in ISO 8601, or of years; of other values an article has
            no date, and the summary counts them. Default: none.
        outlet_column: the column of who published it. Default: none.
        unit: "document", or "sentence" where a row, or a line of text, is a sentence of its own, as a
            headline is. Default: "document".
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        threads: for the network, at least 1. Default: one for each core.
        overwrite: begin anew where `out` holds a ledger. Default: False.
        report: is told how many articles have been read, now and then.

    Raises:
        InputError: nothing can be read, a column is missing, or `out` holds the ledger of another model.
        ModelError: the model cannot be opened, or finds no acts.
        OutputError: `out` cannot be written.
    """
    places = [inputs] if isinstance(inputs, str | Path) else inputs
    folder = Folder.at(out)
    sources = find([str(place) for place in places], folder)
    columns = Columns(text_column, id_column, date_column, outlet_column)
    classifier = load(model, threads=threads)
    classifier.bundle.require_acts()
    rejected: list[Any] = []
    undated: list[str] = []
    with folder.held():
        old = (None if overwrite else Ledger._open(folder)) or Ledger()
        found = _Counted(
            articles(
                sources,
                columns=columns,
                unit=pick(Unit, unit),
                reject=rejected.append,
                undated=lambda place, date: undated.append(f"{short(date)} ({place})"),
            )
        )
        ledger = old.add(found, classifier=classifier, unit=unit, report=report)
        folder.write(REJECTED, write_jsonl(rejected))
        ledger.save(out)
    return Summary(
        articles=found.count,
        known=found.count - (len(ledger.seen) - len(old.seen)),
        rejected=len(rejected),
        entries=sum(len(claim.entries) for claim in ledger.claims),
        claims=len(ledger.claims),
        new=len(ledger.claims) - len(old.claims),
        undated=len(undated),
        first_undated=undated[0] if undated else None,
    )


class _Counted:
    """Articles, and how many of them have come so far."""

    def __init__(self, found: Iterable[Article]) -> None:
        self._found = found
        self.count = 0

    def __iter__(self) -> Iterator[Article]:
        for article in self._found:
            self.count += 1
            yield article


def _checked(article: Article) -> Article:
    """Return an article whose text can be encoded and whose date is in ISO 8601; refuse any other date."""
    date = iso(article.date)
    if article.date and date is None:
        raise InputError(
            f"article {article.id!r}: the date {article.date!r} came; one in ISO 8601, 2024-03-01 for one, "
            "or none was expected"
        )
    return replace(article, id=well_formed(article.id), text=well_formed(article.text), date=date)


def _fresh(some: Iterable[tuple[Article, _With]], seen: set[str]) -> Iterator[tuple[Article, _With]]:
    """Yield the articles that were not seen, with what came with each, and note in `seen` that they were."""
    for article, with_it in some:
        checked = _checked(article)
        key = sha256("\0".join((checked.id, checked.text)).encode()).hexdigest()[:16]
        if key not in seen:
            seen.add(key)
            yield checked, with_it


def _read(classifier: Classifier, some: Iterable[Article], unit: Unit) -> Iterator[tuple[Article, Document]]:
    waiting: deque[Article] = deque()

    def texts() -> Iterator[str]:
        for article in some:
            waiting.append(article)
            yield article.text

    for document in classifier.read_many(texts(), unit=unit):
        yield waiting.popleft(), document
