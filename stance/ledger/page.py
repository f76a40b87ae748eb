"""Claims to one self-contained HTML page: for each a timeline, its parties, and its entries."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from stance.corpus.dates import beginning
from stance.ledger.claims import STATUSES, Claim, Entry
from stance.sentences import well_formed
from stance.templates import fill

MOST_CLAIMS, MOST_ENTRIES = 300, 60
"""How many claims the page shows, those with the most entries first, and how many entries of each."""

MOST_POINTS = 200
"""A plot of more entries leaves out points that cover one another."""

LANES = ("confirmation", "allegation", "hedge", "denial")
"""From the top of a plot to its bottom."""

WIDTH, LANE, LEFT, TOP, RADIUS = 720, 26, 104, 16, 5
"""The plot in pixels."""


@dataclass(frozen=True, slots=True)
class Point:
    """An entry in a plot."""

    x: float
    y: float
    radius: float
    stance: str
    tip: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis of a plot."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A timeline: its points, the line of the claim's status, and its axis."""

    points: tuple[Point, ...]
    line: str
    ticks: tuple[Tick, ...]
    dated: bool

    @property
    def drawn(self) -> tuple[Point, ...]:
        """The points without those that would cover another of their lane."""
        seen = {(point.y, point.x // (2 * RADIUS)): point for point in reversed(self.points)}
        return tuple(reversed(seen.values())) if len(self.points) > MOST_POINTS else self.points


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence that is of some roles (source, cue, claim), or of none."""

    text: str
    roles: str


def render(claims: Sequence[Claim], *, title: str, model: str | None) -> str:
    """Render claims.

    Args:
        claims: of a ledger; those with the most entries come first.
        title: the page's title.
        model: name and hash of the model that read the articles.

    Returns:
        HTML that loads nothing from anywhere.
    """
    ranked = sorted(claims, key=lambda claim: (-len(claim.entries), -len(claim.documents)))
    shown = ranked[:MOST_CLAIMS]
    statuses = Counter(claim.status for claim in claims)
    values = {
        "title": title,
        "model": model or "none: nothing was read",
        "claims": [{"claim": claim, "plot": plot(claim), "entries": list(_rows(claim))} for claim in shown],
        "total": len(claims),
        "hidden": len(claims) - len(shown),
        "entries": sum(len(claim.entries) for claim in claims),
        "documents": len({name for claim in claims for name in claim.documents}),
        "statuses": [(status, stance, statuses[status]) for stance, status in STATUSES.items()],
        "status_of": STATUSES,
        "lanes": [(stance, STATUSES[stance], _lane(stance)) for stance in LANES],
        "size": {"width": WIDTH, "left": LEFT, "height": TOP + LANE * len(LANES) + 18, "right": WIDTH - 10},
    }
    return _clean(fill("ledger.html", values, plots={}))


def plot(claim: Claim) -> Plot:
    """Lay out a timeline: over time where every entry has a date and these differ, else in order."""
    entries = claim.entries
    times = [_time(entry.date) for entry in entries]
    known = [time for time in times if time is not None]
    dated = len(known) == len(times) and known[0] != known[-1]
    places = [time - known[0] for time in known] if dated else list(map(float, range(len(entries))))
    extent = places[-1] or 1.0
    inner = WIDTH - 10 - LEFT - 2 * RADIUS
    points = tuple(
        Point(
            round(LEFT + RADIUS + inner * place / extent, 1) if len(entries) > 1 else LEFT + 2 * RADIUS,
            _lane(entry.stance),
            round(RADIUS + min(6.0, len(entry.copies) ** 0.5), 1),
            entry.stance,
            _tip(entry),
        )
        for entry, place in zip(entries, places, strict=True)
    )
    return Plot(
        points, _line([points[turn] for turn in claim.turns]), tuple(_ticks(entries, points, dated)), dated
    )


def _line(points: Sequence[Point]) -> str:
    """Return the steps from each status to the next, as the path of an SVG."""
    steps = "".join(f"H{point.x}V{point.y}" for point in points[1:])
    return f"M{points[0].x} {points[0].y}{steps}"


def _ticks(entries: Sequence[Entry], points: Sequence[Point], dated: bool) -> Iterator[Tick]:
    if not dated:
        return
    first, last = points[0].x, points[-1].x
    for entry, point in zip(entries, points, strict=True):
        label = str(entry.date)[:10]
        if point is points[0]:
            yield Tick(point.x, label, "start")
        elif point is points[-1]:
            yield Tick(point.x, label, "end")
        elif first + 140 < point.x < last - 140:
            first = point.x
            yield Tick(point.x, label, "middle")


def _rows(claim: Claim) -> Iterator[dict[str, object]]:
    """Yield what the page says of the entries, with each change of status."""
    changes = {change.entry for change in claim.changes}
    for number, entry in enumerate(claim.entries[:MOST_ENTRIES]):
        yield {
            "entry": entry,
            "date": str(entry.date)[:10] if entry.date else None,
            "changes": number in changes,
            "pieces": list(_pieces(entry)),
        }


def _pieces(entry: Entry) -> Iterator[Piece]:
    """Cut a sentence where its source, cue and claim begin and end."""
    text, act = entry.sentence, entry.act
    spans = [
        (role, span)
        for role, span in (("source", act.source), ("cue", act.cue), ("claim", act.claim))
        if span
    ]
    ends = sorted({0, len(text), *(end for _, span in spans for end in (span.start, span.end))})
    for start, end in pairwise(ends):
        roles = [role for role, span in spans if span.start <= start and end <= span.end]
        yield Piece(text[start:end], " ".join(roles))


def _tip(entry: Entry) -> str:
    where = " · ".join(part for part in (entry.date, entry.outlet or entry.document) if part)
    return f"{entry.who or 'unnamed'}: {entry.sentence} ({where})"


def _lane(stance: str) -> float:
    place = LANES.index(stance) if stance in LANES else len(LANES) - 1
    return TOP + LANE * (place + 0.5)


def _time(date: str | None) -> float | None:
    if date is None:
        return None
    return (beginning(date) - datetime.min).total_seconds()


def _clean(page: str) -> str:
    """Replace the control characters that HTML has no place for."""
    return "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in well_formed(page))
