"""The model that ships on sentences written for the rules of the label scheme, and on their disguises."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

import stance

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "challenge.jsonl").read_text(encoding="utf-8").splitlines()
]


def other_names(text: str) -> str:
    """Call everybody with a first and a last name Nora Halim."""
    return re.sub(r"(?<=[a-z,] )[A-Z][a-z]+ [A-Z][a-z]+(?![a-z]* (?:of|for)\b)", "Nora Halim", text)


def other_numbers(text: str) -> str:
    """Count everything differently."""
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 9 + 1), text)


def straight_quotes(text: str) -> str:
    """Quote as typewriters do."""
    return text.translate(str.maketrans("“”‘’«»", '""\'\'""'))


def curly_quotes(text: str) -> str:
    """Quote as printers do."""
    text = re.sub(r'"([^"]*)"', "“\\1”", text)
    return re.sub(r"(?<=\w)'(?=\w)", "’", text)


def other_hyphens(text: str) -> str:
    """Join words as careful typesetters do."""
    return text.replace("-", "\N{HYPHEN}")


def trailing_space(text: str) -> str:
    """Leave what splitting leaves."""
    return f" {text}  \n"


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    """What the shipped model says of each sentence."""
    texts = [row["text"] for row in ROWS]
    return {prediction.text: prediction.label for prediction in stance.load().classify_many(texts)}


def test_rules_of_the_scheme_are_kept(labels: dict[str, str]) -> None:
    """At least nine in ten are right, and of no rule fewer than six in ten."""
    right = defaultdict(list)
    for row in ROWS:
        right[row["rule"]].append(labels[row["text"]] == row["label"])
    shares = {rule: sum(found) / len(found) for rule, found in right.items()}
    assert sum(map(sum, right.values())) / len(ROWS) >= 0.9
    assert min(shares.values()) >= 0.6, shares


@pytest.mark.parametrize(
    "disguise",
    [other_names, other_numbers, straight_quotes, curly_quotes, other_hyphens, trailing_space],
    ids=lambda function: function.__name__,
)
def test_what_does_not_matter_changes_nothing(labels: dict[str, str], disguise: Callable[[str], str]) -> None:
    """Under 2 % of all labels change, and some sentence is really disguised."""
    disguised = {text: disguise(text) for text in labels}
    assert any(text != changed for text, changed in disguised.items())
    answers = stance.load().classify_many(disguised.values())
    changed = [
        (text, answer.label)
        for text, answer in zip(labels, answers, strict=True)
        if labels[text] != answer.label
    ]
    assert len(changed) < 0.02 * len(labels), changed


def test_the_case_of_a_headline_changes_nothing(labels: dict[str, str]) -> None:
    """Title case and sentence case are read alike: at most one headline of ten is not."""
    headlines = [row["text"] for row in ROWS if row["rule"] == "headlines"]
    cased = [" ".join(word[:1].upper() + word[1:] for word in text.split()) for text in headlines]
    answers = stance.load().classify_many(cased)
    changed = [text for text, answer in zip(headlines, answers, strict=True) if labels[text] != answer.label]
    assert len(changed) <= 0.1 * len(headlines), changed
