"""The page, in a real browser."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import stance
from stance.ledger import Article, Ledger

from .conftest import ARTICLE, Running, served

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, service: Running) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """The page; a request elsewhere, an error of its script or a breach of its policy fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.on("request", lambda request: request.url.startswith(service.url) or wrong.append(request.url))
    page.goto(service.url)
    yield page
    context.close()
    assert [line for line in wrong if "status of 4" not in line] == []


def read(page, text: str) -> None:  # type: ignore[no-untyped-def]
    page.fill("#text", text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("main[aria-busy=false]")


def shown(page) -> list[str]:  # type: ignore[no-untyped-def]
    """The text of each sentence as it stands on the page."""
    return page.evaluate(
        "[...document.querySelectorAll('.s')].map(s => [...s.childNodes]"
        ".filter(n => n.className !== 'sr').map(n => n.textContent).join(''))"
    )


@pytest.mark.parametrize("text", [ARTICLE, "𝔘𝔫 denied it. “Never!” 😀 he said.\n\nIt fell."])
def test_a_pasted_article_is_shown_sentence_by_sentence(page, tiny: stance.Classifier, text: str) -> None:
    """Each in the colour of its label, with sources, cues and claims underlined at their offsets."""
    document = tiny.read(text)
    read(page, text)
    assert shown(page) == [sentence.text for sentence in document.sentences]
    for index, prediction in enumerate(document.predictions):
        classes = page.locator(f".s[data-index='{index}']").get_attribute("class")
        assert prediction.label in classes.split()
    cues = [act.cue.text for prediction in document.predictions for act in prediction.acts if act.cue]
    found = page.evaluate("[...document.querySelectorAll('.s .cue')].map(e => e.textContent).join('')")
    assert len(found) >= max(map(len, cues))
    assert f"{len(document)} sentences" in page.text_content("#status")


def test_filters_show_only_what_is_asked_for(page, tiny: stance.Classifier) -> None:
    """They carry counts, and tell a screen reader that they are pressed."""
    counts = Counter(prediction.label for prediction in tiny.read(ARTICLE).predictions)
    read(page, ARTICLE)
    for label in stance.LABELS:
        assert page.text_content(f"#filters .{label}") == f"{label}{counts[label]}"
    label = next(iter(counts))
    page.click(f"#filters .{label}")
    assert page.get_attribute(f"#filters .{label}", "aria-pressed") == "true"
    faded = page.evaluate(
        "[...document.querySelectorAll('.s')].filter(s => getComputedStyle(s).opacity < 1).length"
    )
    assert faded == counts.total() - counts[label]
    page.click(f"#filters .{label}")
    assert page.locator(".article.filtered").count() == 0


def test_pointing_at_a_sentence_shows_its_probabilities(page, tiny: stance.Classifier) -> None:
    """And its acts; so does moving to it with the keyboard, and Escape hides them."""
    document = tiny.read(ARTICLE)
    read(page, ARTICLE)
    page.locator(".s[data-index='0']").hover(position={"x": 30, "y": 12})
    detail = page.text_content("#detail")
    for label, share in document.predictions[0].probabilities.items():
        assert f"{label}{int(100 * share + 0.5)} %" in detail
    for act in document.predictions[0].acts:
        assert act.stance in detail
        assert not act.claim or act.claim.text in detail
    page.focus(".s[data-index='0']")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.index") == "1"
    assert page.get_attribute(".s[data-index='1']", "aria-describedby") == "detail"
    assert page.is_visible("#detail")
    page.keyboard.press("Escape")
    assert not page.is_visible("#detail")


def test_the_strip_leads_to_a_sentence(page, tiny: stance.Classifier) -> None:
    """By a click, and by the keyboard; it says where it is."""
    last = len(tiny.read(ARTICLE * 5))
    read(page, ARTICLE * 5)
    box = page.locator("#strip").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 1, box["y"] + 5)
    assert page.get_attribute("#strip", "aria-valuenow") == str(last)
    assert page.evaluate("window.scrollY") > 1000
    page.focus("#strip")
    page.keyboard.press("Home")
    assert page.get_attribute("#strip", "aria-valuetext").startswith("sentence 1: ")


def test_the_ledger_has_each_claim_once(page, tiny: stance.Classifier) -> None:
    """As Python gathers it, with who takes which stance; a source leads to its sentence."""
    text = f"{ARTICLE}\n\n{ARTICLE}"
    claims = Ledger().add([Article("0", text)], classifier=tiny).claims
    read(page, text)
    assert page.locator("#claims h3").all_text_contents() == [claim.title for claim in claims]
    for item, claim in zip(page.locator("#claims li").all(), claims, strict=True):
        assert item.locator("dt").count() == len({entry.stance for entry in claim.entries})
        buttons = item.locator("button").all_text_contents()
        for names in claim.parties.values():
            assert all(any(button.startswith(name) for button in buttons) for name in names)
    assert "times" in page.text_content("#claims")
    first = claims[0].entries[0]
    number = next(n for n, one in enumerate(tiny.read(text).sentences) if one.start == first.start)
    assert page.locator("#claims dt").first.text_content() == first.stance
    page.locator("#claims dd").first.locator("button").first.press("Enter")
    assert page.evaluate("document.activeElement.dataset.index") == str(number)


def test_a_model_without_acts_reads_all_the_same(browser, tiny_copy: Path) -> None:  # type: ignore[no-untyped-def]
    """The page says why there is no ledger."""
    contract = json.loads((tiny_copy / "stance.json").read_text()) | {"acts": False}
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    with served("--model", str(tiny_copy)) as service:
        page = browser.new_page()
        page.goto(service.url)
        read(page, "It fell.")
        assert shown(page) == ["It fell."]
        assert "finds no acts" in page.text_content("#ledger-hint")
        page.close()


def test_an_article_is_read_once(page, service: Running) -> None:  # type: ignore[no-untyped-def]
    """Its ledger comes with its sentences, from the one endpoint."""
    asked: list[str] = []
    page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
    read(page, ARTICLE)
    read(page, "It fell.")
    assert asked == [f"{service.url}/v1/ledger"] * 2


def test_copies_are_what_the_service_gave(page, tiny: stance.Classifier) -> None:
    """As JSON, and as CSV with the columns of the command line."""
    text = 'He said "no", twice.\n\nIt fell.'
    document = tiny.read(text)
    read(page, text)
    page.click("#json")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == document.to_dict()
    page.click("#csv")
    rows = list(csv.DictReader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    assert [row["text"] for row in rows] == [sentence.text for sentence in document.sentences]
    assert float(rows[0]["p_denial"]) == document.predictions[0].probabilities["denial"]
    assert [json.loads(row["acts"] or "[]") for row in rows] == [
        [act.to_dict() for act in prediction.acts] for prediction in document.predictions
    ]


def test_errors_are_shown_in_place(page) -> None:  # type: ignore[no-untyped-def]
    """Nothing to read, and too much to read; the next text is read all the same."""
    read(page, "  ")
    assert "no text" in page.text_content("#error")
    page.evaluate("document.getElementById('text').value = 'It fell. '.repeat(150_000)")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("main[aria-busy=false]")
    assert "413" in page.text_content("#error")
    assert page.is_visible("#error")
    read(page, "It fell.")
    assert not page.is_visible("#error")
    assert shown(page) == ["It fell."]


def test_a_file_is_read(page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What is not text is refused by name."""
    (tmp_path / "article.txt").write_text("\ufeffIt fell. It rose.", encoding="utf-8")
    (tmp_path / "picture.txt").write_bytes(b"\x00\x01")
    page.set_input_files("#file", tmp_path / "article.txt")
    page.wait_for_selector("#result:not([hidden])")
    assert shown(page) == ["It fell.", "It rose."]
    page.set_input_files("#file", tmp_path / "picture.txt")
    page.wait_for_selector("#error:not([hidden])")
    assert "picture.txt" in page.text_content("#error")


def test_a_file_is_dropped(page) -> None:  # type: ignore[no-untyped-def]
    """Anywhere on the page."""
    page.evaluate(
        "() => { const data = new DataTransfer(); data.items.add(new File(['It fell.'], 'a.txt'));"
        "document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true})); }"
    )
    page.wait_for_selector("#result:not([hidden])")
    assert shown(page) == ["It fell."]


def test_text_is_never_markup(page) -> None:  # type: ignore[no-untyped-def]
    """What looks like HTML stays what it was."""
    text = "<img src=x onerror=alert(1)> &amp; <b>denied</b> it."
    read(page, text)
    assert "".join(shown(page)) == text
    assert page.locator("#article img, #claims img, #article b").count() == 0


def test_a_long_text_stays_usable(page, tiny: stance.Classifier) -> None:
    """300 KB are read and shown whole, and filters and the strip still work."""
    text = (ARTICLE * 200)[:300_000]
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.focus("#text")
    page.keyboard.press("Control+v")
    assert page.input_value("#text") == text
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("main[aria-busy=false]", timeout=120_000)
    sentences = tiny.read(text).sentences
    assert page.locator(".s").count() == len(sentences)
    page.focus("#strip")
    page.keyboard.press("End")
    assert page.get_attribute("#strip", "aria-valuenow") == str(len(sentences))
    assert page.locator(".s").last.is_visible()
    page.click("#filters .none")
    assert page.locator(".article.filtered").count() == 1
    assert page.locator("#claims li").count() > 0


def test_many_claims_come_in_parts(page) -> None:  # type: ignore[no-untyped-def]
    """Sixty, and as many more each time that they are asked for, until all are there."""

    def many(route) -> None:  # type: ignore[no-untyped-def]
        answer = route.fetch()
        found = answer.json()
        route.fulfill(response=answer, json=found | {"claims": (found["claims"] * 130)[:130]})

    page.route("**/v1/ledger", many)
    read(page, ARTICLE)
    for shown in (60, 120, 130):
        assert page.locator("#claims > li").count() == shown
        assert page.is_visible("#more") == (shown < 130)
        if shown < 130:
            page.click("#more")


def test_a_key_is_asked_for_only_where_one_is_needed(browser, page) -> None:  # type: ignore[no-untyped-def]
    """A wrong one is said to be wrong, the right one reads the text."""
    read(page, "It fell.")
    assert not page.is_visible("#keyring")
    with served(keys="secret") as guarded:
        asked = browser.new_page()
        asked.goto(guarded.url)
        read(asked, "It fell.")
        assert asked.is_visible("#keyring")
        for key, words in (("wrong", "not one of"), ("secret", "")):
            asked.fill("#key", key)
            asked.keyboard.press("Enter")
            asked.wait_for_selector("main[aria-busy=false]")
            assert words in asked.text_content("#error")
        asked.wait_for_selector("#result:not([hidden])")
        assert not asked.is_visible("#keyring")
        asked.close()
