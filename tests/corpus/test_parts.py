"""Where parts begin and end."""

from hypothesis import given
from hypothesis import strategies as st

from stance.corpus.parts import SHORT, Limits, Part, Rejection, cut

rows_and_sizes = st.lists(st.integers(0, 12), max_size=40)
limits = st.builds(Limits, rows=st.integers(1, 6), size=st.integers(1, 30))


def parts(sizes: list[int], limits: Limits, done: dict[int, int]) -> list[Part]:
    rows = ((bytes(size), size) for size in sizes)
    return list(cut(rows, file=3, limits=limits, done=done, position=lambda: 0))


@given(rows_and_sizes, limits)
def test_every_row_is_in_one_part(sizes: list[int], limits: Limits) -> None:
    """In order, and no part is fuller than it may be."""
    found = parts(sizes, limits, {})
    assert [len(row) for part in found for row in part.rows] == sizes
    expected = 1
    for part in found:
        assert (part.first, part.count) == (expected, len(part.rows))
        assert part.count <= limits.rows
        assert part.count == 1 or sum(map(len, part.rows)) <= limits.size
        expected += part.count


@given(rows_and_sizes, limits, st.data())
def test_what_is_done_changes_nothing_else(sizes: list[int], limits: Limits, data: st.DataObject) -> None:
    """Whichever parts are done, the others are the same."""
    found = parts(sizes, limits, {})
    done = [part for part in found if data.draw(st.booleans())]
    rest = parts(sizes, limits, {part.first: part.count for part in done})
    assert rest == [part for part in found if part not in done]


def test_a_rejection_is_short() -> None:
    """The beginning of the raw value is enough to find the row."""
    row = Rejection(2, "no text: it is null", "x" * 1_000_000)
    assert row.kind == "no text"
    written = row.to_dict("a.csv", 10)
    assert written["row"] == 12
    assert written["raw"] == "x" * SHORT + "…"
