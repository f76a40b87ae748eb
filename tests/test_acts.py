"""Who takes which stance, by which words, toward what."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.acts import _best_span, find_acts
from stance.errors import ModelError
from stance.labels import STANCES

from .conftest import SENTENCES

TEXT = "“Orlenia denied the allegedly secret deal.”"
WORDS = ("“", "Orlenia", "denied", "the", "alleg", "edly", "secret", "deal", ".", "”")
DENIAL, ALLEGATION = "denial", "allegation"


def offsets() -> list[tuple[int, int]]:
    """Where the tokens stand; special ones, first and last, stand nowhere."""
    places, end = [(0, 0)], 0
    for word in WORDS:
        start = TEXT.index(word, end)
        end = start + len(word)
        places.append((start, end))
    return [*places, (0, 0)]


def scores(cues: dict[str, str], **ends: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Logits under which these tokens are cues, and point to the ends of these spans."""
    size = len(WORDS) + 2
    tagged, pointers = np.zeros((size, 1 + len(STANCES))), np.zeros((4, size, size))
    tagged[:, 0] = 5
    for word, name in cues.items():
        tagged[1 + WORDS.index(word), 1 + STANCES.index(name)] = 10
    for index, name in enumerate(("source", "claim")):
        for side in (0, 1):
            target = 1 + WORDS.index(ends[name][side]) if name in ends else 0
            pointers[2 * index + side, :, target] = 5
    return tagged, pointers


def find(*logits: np.ndarray, label: str = DENIAL, stances: tuple[str, ...] = (DENIAL,)) -> tuple:
    return find_acts(TEXT, offsets(), *logits, label=label, stances=stances, names=STANCES)


def test_an_act_has_its_words_without_quotes_and_stops() -> None:
    """Spans slice the sentence; what quotes and closes them is cut off."""
    (act,) = find(*scores({"denied": DENIAL}, source=("“", "Orlenia"), claim=("the", "”")))
    assert (act.source.text, act.cue.text, act.claim.text) == (
        "Orlenia",
        "denied",
        "the allegedly secret deal",
    )
    assert TEXT[act.claim.start : act.claim.end] == act.claim.text


def test_a_span_ends_where_a_word_does() -> None:
    """A word that the tokenizer cut is taken whole."""
    (act,) = find(*scores({"edly": DENIAL}, source=("alleg", "alleg")))
    assert (act.source.text, act.cue.text) == ("allegedly", "allegedly")


def test_what_the_sentence_lacks_is_none() -> None:
    """A pointer to nowhere is no span."""
    (act,) = find(*scores({"denied": DENIAL}, source=("Orlenia", "Orlenia")))
    assert act.claim is None


def test_who_speaks_stands_outside_of_cue_and_claim() -> None:
    """A source that would run into either takes its next best ends, or is none."""
    tagged, pointers = scores({"denied": DENIAL}, source=("Orlenia", "secret"), claim=("the", "deal"))
    pointers[1, :, 1 + WORDS.index("Orlenia")] = 4
    (act,) = find(tagged, pointers)
    assert (act.source.text, act.claim.text) == ("Orlenia", "the allegedly secret deal")
    (act,) = find(*scores({"denied": DENIAL}, source=("secret", "deal"), claim=("the", "deal")))
    assert act.source is None


def test_acts_agree_with_the_stances() -> None:
    """A cue of a stance that the sentence does not hold is no act; a stance without a cue still is one."""
    logits = scores({"denied": DENIAL})
    assert find(*logits, label="none", stances=()) == ()
    (hedge,) = find(*logits, label="hedge", stances=("hedge",))
    assert hedge == stance.Act("hedge", None, None, None)


def test_the_labels_act_comes_first() -> None:
    """The main act leads, wherever it stands."""
    logits = scores({"denied": DENIAL, "alleg": ALLEGATION})
    for label, other in ((DENIAL, ALLEGATION), (ALLEGATION, DENIAL)):
        acts = find(*logits, label=label, stances=(ALLEGATION, DENIAL))
        assert [act.stance for act in acts] == [label, other]


def test_a_faint_cue_stands_in_where_none_is_sure() -> None:
    """The likeliest token, if the stance is held at all."""
    tagged, pointers = scores({})
    tagged[3, 1 + STANCES.index(DENIAL)] = 4.5
    assert find(tagged, pointers)[0].cue.text == "denied"


def test_neighbouring_tokens_are_one_cue() -> None:
    """No two acts of one stance have cues that touch."""
    (act,) = find(*scores({"the": DENIAL, "alleg": DENIAL, "edly": DENIAL}))
    assert act.cue.text == "the allegedly"


def test_a_cue_goes_on_past_one_token_and_no_further() -> None:
    """Which is "never" in "has never denied"; two tokens apart are two cues."""
    (act,) = find(*scores({"denied": DENIAL, "alleg": DENIAL}))
    assert act.cue.text == "denied the allegedly"
    assert [act.cue.text for act in find(*scores({"denied": DENIAL, "edly": DENIAL}))] == [
        "denied",
        "allegedly",
    ]


def test_a_cue_has_what_is_less_sure_beside_what_is_sure() -> None:
    """And what is no surer anywhere is none, where another cue is."""
    tagged, pointers = scores({"denied": DENIAL})
    for word in ("the", "secret"):
        tagged[1 + WORDS.index(word), 1 + STANCES.index(DENIAL)] = 4.7
    (act,) = find(tagged, pointers)
    assert act.cue.text == "denied the"


def test_labels_are_the_same_with_and_without_acts(tiny: stance.Classifier) -> None:
    """Acts are more of the same answer: to the bit."""
    plain, more = (list(tiny.classify_many(SENTENCES, acts=acts)) for acts in (False, True))
    assert {prediction.acts for prediction in plain} == {None}
    for one, other in zip(plain, more, strict=True):
        assert one.to_dict() | {"acts": None} == other.to_dict() | {"acts": None}
        assert {act.stance for act in other.acts or ()} == set(other.stances)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_spans_slice_to_their_text(tiny: stance.Classifier, texts: list[str]) -> None:
    """For any Unicode, and whatever a sentence is batched with."""
    together = list(tiny.classify_many(texts, acts=True))
    assert together == [tiny.classify(text, acts=True) for text in texts]
    for prediction in together:
        for act in prediction.acts or ():
            for span in (act.source, act.cue, act.claim):
                assert span is None or prediction.text[span.start : span.end] == span.text != ""


def test_reading_finds_acts(tiny: stance.Classifier) -> None:
    """A document's predictions carry them, without being asked."""
    assert all(prediction.acts is not None for _, prediction in tiny.read(" ".join(SENTENCES)))


def test_blank_text_holds_no_act(tiny: stance.Classifier) -> None:
    """Asked for, they are none; not asked for, they are unknown."""
    assert (tiny.classify(" ", acts=True).acts, tiny.classify(" ").acts) == ((), None)


def test_a_model_without_act_heads_says_so(tiny: stance.Classifier) -> None:
    """Before the first sentence."""
    from dataclasses import replace

    without = stance.Classifier(replace(tiny.bundle, finds_acts=False), tiny._session)
    with pytest.raises(ModelError, match="finds no acts"):
        without.classify_many(SENTENCES, acts=True)
    assert without.read("It fell.").predictions[0].acts is None


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.booleans()), min_size=2, max_size=9))
def test_the_best_span_is_the_best_of_all(ends: list[tuple[int, int, bool]]) -> None:
    """No span of free tokens has higher scores of its ends, and "nowhere" has none as high."""
    starts, stops, free = np.array(ends, float).T
    best = max(
        (
            starts[one] + stops[two]
            for one in range(len(ends))
            for two in range(one, len(ends))
            if free[one : two + 1].all()
        ),
        default=-np.inf,
    )
    found = _best_span(starts, stops, free.astype(bool))
    if found is None:
        assert best <= starts[0] + stops[0]
    else:
        assert free[found[0] : found[1] + 1].all()
        assert starts[found[0]] + stops[found[1]] == best > starts[0] + stops[0]


@pytest.mark.parametrize(
    ("line", "others", "source"),
    [
        ("PORT SELENE — ", "The guild", "The guild"),
        ("PORT SELENE (AP) - ", "The guild", "The guild"),
        ("", "The guild", "The guild"),
        ("NASA — ", "which then", "NASA"),
    ],
)
def test_a_dateline_speaks_for_nobody(line: str, others: str, source: str) -> None:
    """However highly it scores; but what no sentence follows is no dateline."""
    words = [*re.findall(r"\S+", line), *others.split(), "denied", "it", "."]
    text, places = f"{line}{others} denied it.", [(0, 0)]
    for word in words:
        start = text.index(word, places[-1][1])
        places.append((start, start + len(word)))
    cues, pointers = (
        np.zeros((len(words) + 2, 1 + len(STANCES))),
        np.zeros((4, len(words) + 2, len(words) + 2)),
    )
    cues[:, 0], cues[-4, 1 + STANCES.index(DENIAL)] = 5, 10
    pointers[0, :, -6], pointers[1, :, -5], pointers[2:, :, 0] = 4, 4, 5
    if line:
        pointers[:2, :, 1] = 9
    (act,) = find_acts(
        text, [*places, (0, 0)], cues, pointers, label=DENIAL, stances=(DENIAL,), names=STANCES
    )
    assert act.source is not None
    assert (act.source.text, act.cue.text if act.cue else "") == (source, "denied")


def test_a_line_of_dashes_is_no_dateline() -> None:
    """However long; to look for one takes no longer than the sentence does."""
    text = "POLICE DENIED IT " + "-" * 500_000
    cues, pointers = np.zeros((3, 1 + len(STANCES))), np.zeros((4, 3, 3))
    cues[1, 1 + STANCES.index(DENIAL)] = 10
    places = [(0, 0), (7, 13), (0, 0)]
    (act,) = find_acts(text, places, cues, pointers, label=DENIAL, stances=(DENIAL,), names=STANCES)
    assert act.cue
    assert act.cue.text == "DENIED"


def read(text: str, *, source: str, cue: str, claim: str) -> stance.Act:
    """Find the one act of a sentence whose tokens are words and marks, with pointers that are sure."""
    places = [(0, 0), *(match.span() for match in re.finditer(r"\w+|[^\w\s]", text)), (0, 0)]

    def tokens(piece: str) -> tuple[int, int]:
        start = text.index(piece)
        inside = [i for i, (a, b) in enumerate(places) if start <= a < b <= start + len(piece)]
        return inside[0], inside[-1]

    tagged, pointers = np.zeros((len(places), 1 + len(STANCES))), np.zeros((4, len(places), len(places)))
    tagged[:, 0] = 5
    first, last = tokens(cue)
    tagged[first : last + 1, 1 + STANCES.index(DENIAL)] = 10
    for index, target in enumerate((*tokens(source), *tokens(claim))):
        pointers[index, :, target] = 5
    (act,) = find_acts(text, places, tagged, pointers, label=DENIAL, stances=(DENIAL,), names=STANCES)
    return act


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The virus, scientists said, was never in the laboratory.", "scientists"),
        ("The virus, she had said, was never in the laboratory.", "she"),
        ("The virus that scientists bred was never in the laboratory.", None),
        ("The virus, scientists of three countries, and others, was never there.", None),
    ],
)
def test_who_speaks_may_be_put_into_the_claim(text: str, source: str | None) -> None:
    """Between commas, with a word or two that say so; nothing else within a claim speaks."""
    act = read(text, source=source or "scientists", cue="never", claim=text[: text.index(" never")])
    assert (act.source and act.source.text) == source


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("He denied “any part” in the plot.", "“any part” in the plot"),
        ("He denied a plan to “kill all”.", "a plan to “kill all”"),
        ("He denied “any part”.", "any part"),
        ("He denied ‘Bob’s claim’.", "Bob’s claim"),
        ('He denied "any part" in the plot.', '"any part" in the plot'),
        ("He denied a deal (of arms).", "a deal (of arms)"),
    ],
)
def test_a_span_has_both_halves_of_a_pair_or_none(text: str, claim: str) -> None:
    """Quotation marks and brackets round all of it are cut off; one whose other half stands within stays."""
    act = read(text, source="He", cue="denied", claim=text[len("He denied ") :])
    assert act.claim
    assert act.claim.text == claim


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The F.B.I. denied it.", "The F.B.I."),
        ("Orlen Inc. denied it.", "Orlen Inc."),
        ("It denied that, said the guild.", "the guild"),
    ],
)
def test_a_name_that_is_short_for_another_keeps_its_stop(text: str, source: str) -> None:
    """The one that ends a sentence goes."""
    act = read(text, source=source.rstrip("."), cue="denied", claim=text[-4:])
    assert act.source
    assert act.source.text == source
