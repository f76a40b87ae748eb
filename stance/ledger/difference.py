"""Two ledgers to what differs: claims that are new, gone, of another status, with more or fewer entries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stance.ledger.claims import Claim

NEW, GONE, CHANGED, GROWN, SHRUNK = "new", "gone", "changed", "grown", "shrunk"


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a claim between two ledgers.

    Args:
        kind: "new", "gone", "changed" (its status), or else "grown" or "shrunk" (its entries).
        id: the claim's, in the later ledger, or in the earlier one if it is gone.
        title: its title there.
        before: its status in the earlier ledger; None if it is new.
        after: its status in the later ledger; None if it is gone.
        entries: how many more entries it has, or fewer.
    """

    kind: str
    id: str
    title: str
    before: str | None
    after: str | None
    entries: int

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain values, ready for JSON."""
        return asdict(self)


def differences(earlier: Iterable[Claim], later: Iterable[Claim]) -> Iterator[Difference]:
    """Compare two ledgers.

    Claims are the same if they have an id in common, or else if they share the most entries; so ledgers that
    were built apart can be compared.

    Args:
        earlier: the claims of one ledger.
        later: those of the other.

    Yields:
        A difference for each claim that is not as it was: in the order of the later ledger, those gone last.
    """
    old, new = list(earlier), list(later)
    pairs = _pairs(old, new)
    for place, claim in enumerate(new):
        if found := _difference(old[pairs[place]] if place in pairs else None, claim):
            yield found
    for place in sorted(set(range(len(old))) - set(pairs.values())):
        claim = old[place]
        yield Difference(GONE, claim.id, claim.title, claim.status, None, -len(claim.entries))


def _difference(old: Claim | None, new: Claim) -> Difference | None:
    if old is None:
        return Difference(NEW, new.id, new.title, None, new.status, len(new.entries))
    more = len(new.entries) - len(old.entries)
    if old.status == new.status and not more:
        return None
    kind = CHANGED if old.status != new.status else GROWN if more > 0 else SHRUNK
    return Difference(kind, new.id, new.title, old.status, new.status, more)


def _pairs(old: Sequence[Claim], new: Sequence[Claim]) -> dict[int, int]:
    """Return, by the places of claims in the new ledger, the places of the same claims in the old one."""
    by_id = {claim.id: place for place, claim in enumerate(old)}
    pairs = {place: by_id[claim.id] for place, claim in enumerate(new) if claim.id in by_id}
    taken = set(pairs.values())
    by_place = {key: place for place, claim in enumerate(old) if place not in taken for key in _places(claim)}
    shared: Counter[tuple[int, int]] = Counter()
    for place, claim in enumerate(new):
        if place not in pairs:
            shared.update((by_place[key], place) for key in _places(claim) if key in by_place)
    for (before, after), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if before not in taken and after not in pairs:
            pairs[after] = before
            taken.add(before)
    return pairs


def _places(claim: Claim) -> Iterator[tuple[Any, ...]]:
    for entry in claim.entries:
        yield entry.document, entry.start, *entry.key
