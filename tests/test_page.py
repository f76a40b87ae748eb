"""The HTML page of a document."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import stance
from stance.page import render


class Reader(HTMLParser):
    """Collects the text inside <article>, and all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.inside = self.inside or tag == "article"

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def test_the_article_is_on_the_page_unchanged(tiny: stance.Classifier) -> None:
    """Markup in the text is text, and white space stays."""
    text = 'It <b>fell</b> & "rose".\n\n  <script>alert(1)</script> $title ${x}\n'
    page = Reader()
    page.feed(render(tiny.read(text), title="A <title>"))
    assert page.text == text
    assert "script" not in page.tags
    assert "b" not in page.tags[page.tags.index("article") :]


def test_the_page_loads_nothing(tiny: stance.Classifier) -> None:
    """It is one file: no link, no script, no image."""
    html = render(tiny.read("It fell. See http://example.org/x."), title="x")
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", html)


def test_each_sentence_has_its_probabilities(tiny: stance.Classifier) -> None:
    """The tooltip names every label."""
    html = render(tiny.read("It fell. It rose."), title="x")
    tips = re.findall(r'tabindex="0" title="([^"]*)"', html)
    assert len(tips) == 2
    assert all(label in tip for label in stance.LABELS for tip in tips)


def test_acts_are_underlined_piece_by_piece(tiny: stance.Classifier) -> None:
    """A span within another has both strokes; the text stays as it was."""
    text = "It denied selling <arms>."
    source, cue, claim = (stance.Span.of(text, *place) for place in ((0, 2), (3, 9), (10, 24)))
    act = stance.Act("denial", source, cue, claim)
    inner = stance.Act("allegation", stance.Span.of(text, 10, 17), None, stance.Span.of(text, 18, 24))
    document = tiny.read(text)
    prediction = replace(document.predictions[0], acts=(act, inner))
    html = render(replace(document, predictions=(prediction,)), title="x")
    for piece in (
        '<span class="source">It</span>',
        '<span class="cue">denied</span>',
        '<span class="claim source">selling</span>',
        '<span class="claim">&lt;arms&gt;</span>',
    ):
        assert piece in html
    page = Reader()
    page.feed(html)
    assert page.text == text
    assert "by which words" in html


def test_control_characters_do_not_reach_the_page(tiny: stance.Classifier) -> None:
    """HTML has no place for NUL, and UTF-8 none for lone surrogates."""
    html = render(tiny.read("It\x00 fell \ud800."), title="\x00")
    assert "\x00" not in html
    html.encode()


def test_an_empty_document_is_a_page(tiny: stance.Classifier) -> None:
    """Nothing to show is no error."""
    assert "no sentence was found" in render(tiny.read(""), title="x")
