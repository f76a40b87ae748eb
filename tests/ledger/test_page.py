"""The page of a ledger."""

import re
from dataclasses import replace

from stance.ledger.claims import Claim
from stance.ledger.page import LANES, MOST_CLAIMS, plot, render

from .conftest import entry

SAID = entry("The union said managers <hid> it.", "allegation", "managers <hid> it", source="The union")
DENIED = replace(entry("Managers denied it.", "denial", source="Managers"), start=50)
CLAIM = Claim("abc", "managers <hid> it", (SAID, DENIED))


def test_it_loads_nothing_and_escapes_all() -> None:
    """No address but the namespace-free SVG, no script but its own, and text as text."""
    page = render([CLAIM], title="A & B", model="m@1")
    assert not re.search(r"https?:|<script [^>]*src|<link|<img|@import|url\(", page)
    assert "managers &lt;hid&gt; it" in page
    assert "<hid>" not in page
    assert "A &amp; B" in page


def test_a_plot_has_a_point_for_each_entry() -> None:
    """Points stand in the lane of their stance, in order; with dates, as far apart as these."""
    points = plot(CLAIM).points
    assert [point.stance for point in points] == ["allegation", "denial"]
    assert points[0].x < points[1].x
    assert points[0].y < points[1].y
    assert LANES[-1] == "denial"
    dated = [
        replace(SAID, date=day, start=number)
        for number, day in enumerate(("2024-01-01", "2024-01-02", "2024-01-11"))
    ]
    first, second, third = (point.x for point in plot(Claim("x", "t", tuple(dated))).points)
    assert abs((third - first) - 10 * (second - first)) < 1


def test_a_plot_of_very_many_entries_is_thinned() -> None:
    """What would be covered is not drawn; every lane that has points keeps some."""
    entries = tuple(replace((SAID, DENIED)[number % 2], start=number) for number in range(5_000))
    laid_out = plot(Claim("x", "t", entries))
    assert len(laid_out.points) == 5_000
    assert 50 < len(laid_out.drawn) < 300
    assert {point.stance for point in laid_out.drawn} == {"allegation", "denial"}


def test_it_says_which_claims_it_leaves_out() -> None:
    """A page shows so many claims at most, and how many more there are."""
    page = render(
        [replace(CLAIM, id=str(number)) for number in range(MOST_CLAIMS + 7)], title="t", model=None
    )
    assert page.count("<section") == MOST_CLAIMS
    assert "the other 7 are in claims.jsonl" in page


def test_dates_of_different_length_go_together() -> None:
    """A year, a month and a day have their places on one axis."""
    days = ("2023", "2024-02", "2024-03-01")
    entries = tuple(replace(SAID, date=day, start=number) for number, day in enumerate(days))
    laid_out = plot(Claim("x", "t", entries))
    assert laid_out.dated
    assert [tick.label for tick in laid_out.ticks][:: len(laid_out.ticks) - 1] == ["2023", "2024-03-01"]


def test_nothing_is_a_page_too() -> None:
    """A ledger without claims has a page that says so."""
    assert "0 claims" in render([], title="t", model=None)
