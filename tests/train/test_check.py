"""What would spoil training."""

import pytest

from stance.errors import InputError
from stance.labels import LABELS
from stance.train.check import Report, check
from stance.train.data import LabelledAct, LabelledSentence
from stance.train.readers import BrokenRow

EVERY_LABEL = [
    LabelledSentence(f"filler {letter * 3} {label}", label, row=100 + index)
    for index, (letter, label) in enumerate((letter, label) for letter in "abcde" for label in LABELS)
]
FILLER = [sentence for sentence in EVERY_LABEL if sentence.label in {"none", "denial"}]


def reasons(report: Report) -> dict[int, str]:
    """Return why rows were set aside."""
    return {row.row: row.reason for row in report.set_aside}


def test_sound_rows_pass_untouched() -> None:
    """Nothing to say means nothing is said."""
    report = check(EVERY_LABEL)
    assert report.sentences == tuple(EVERY_LABEL)
    assert report.set_aside == report.warnings == report.refusals == ()
    assert report.require() == tuple(EVERY_LABEL)


def test_repeats_are_set_aside_but_the_first() -> None:
    """Exact ones, and those that differ in case, punctuation and numbers only."""
    rows = [
        LabelledSentence("It fell by 12 points.", "none", row=1),
        LabelledSentence("It fell by 12 points.", "none", row=2),
        LabelledSentence("it fell, by 7 points", "none", row=3),
    ]
    report = check(rows + FILLER)
    assert reasons(report) == {2: "repeats row 1", 3: "nearly repeats row 1"}
    assert rows[0] in report.sentences


def test_a_text_with_two_labels_is_set_aside_whole() -> None:
    """Which one is right is not for a program to say."""
    rows = [LabelledSentence("It fell.", "none", row=1), LabelledSentence("It fell.", "denial", row=2)]
    report = check(rows + FILLER)
    assert set(reasons(report)) == {1, 2}
    assert "denial, none: rows 1, 2" in reasons(report)[1]


def test_a_text_in_two_contexts_is_no_repeat() -> None:
    """What stands before may decide the label; with the same before it, it is a repeat."""
    rows = [
        LabelledSentence("It did.", label, row=row, context=context)
        for row, (label, context) in enumerate(
            [("none", "Did it rain?"), ("denial", "It denied."), ("denial", "it denied")]
        )
    ]
    assert reasons(check(rows + FILLER)) == {2: "repeats row 1"}
    assert 0 in reasons(check([*rows, *FILLER], development=[LabelledSentence("It did.", "none")]))


def test_unknown_labels_name_the_nearest() -> None:
    """A slip of the pen is seen at once."""
    report = check([LabelledSentence("It fell.", "denail", row=1), *FILLER], labels=("none", "denial"))
    assert "known: none, denial; meant denial?" in reasons(report)[1]


def test_broken_rows_are_passed_on() -> None:
    """What reading refused is in the same list."""
    assert reasons(check([BrokenRow(7, "no text"), *FILLER])) == {7: "no text"}


def test_replaced_bytes_are_a_warning() -> None:
    """The rows are named and kept."""
    report = check([LabelledSentence("Caf\ufffd.", "none", row=3), *FILLER])
    assert "rows 3" in report.warnings[0]
    assert len(report.sentences) == len(FILLER) + 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no row is left"),
        (FILLER[::2], "one label only: none"),
        ([*FILLER, LabelledSentence("rare", "hedge", row=9)], r"label hedge has 1 rows \(9\)"),
    ],
)
def test_what_cannot_be_learnt_is_refused(rows: list, words: str) -> None:
    """Nothing left, one label, too few of one."""
    with pytest.raises(InputError, match=words):
        check(rows).require()


def test_a_group_on_both_sides_is_refused() -> None:
    """An article that is learnt from must not be measured on."""
    rows = [LabelledSentence("It fell.", "none", group="a", row=1), *FILLER]
    development = [LabelledSentence("Other.", "none", group="a")]
    with pytest.raises(InputError, match="rows 1"):
        check(rows, development=development).require()


def test_a_text_of_the_development_part_is_set_aside() -> None:
    """Even under another article."""
    report = check(
        [LabelledSentence("It FELL!", "none", row=1), *FILLER],
        development=[LabelledSentence("It fell.", "none")],
    )
    assert reasons(report) == {1: "its text is in the development part"}


def test_a_file_in_another_encoding_is_told_from_single_damaged_rows() -> None:
    """Where every letter beyond ASCII is damaged, it is the file; where some are whole, it is those rows."""
    damaged = LabelledSentence("Caf\ufffd.", "none", row=1)
    assert "likely the file is not UTF-8" in check([damaged, *FILLER]).warnings[1]
    rows = [LabelledSentence(f"Caf\ufffd {'abcdefgh'[row]}.", "none", row=row) for row in range(8)]
    with pytest.raises(InputError, match="likely the file is not UTF-8"):
        check([*rows, *FILLER]).require()
    whole = LabelledSentence("Café Zürich.", "none", row=2)
    assert check([damaged, whole, *EVERY_LABEL]).warnings == (
        "bytes that are not UTF-8 were replaced in rows 1",
    )


def test_a_text_that_comes_very_often_is_soon_checked() -> None:
    """In time that grows with the rows: with their square, these would take an hour."""
    rows = [LabelledSentence("[deleted]", "none", row=row) for row in range(200_000)]
    assert len(check([*rows, *FILLER]).set_aside) == 199_999


def test_slips_of_labels_are_told() -> None:
    """Labels that differ in case alone; and of a rare one, what it may have been meant to be."""
    rows = [LabelledSentence(f"It rose in {'abcdefgh'[row]}.", "Denial", row=row) for row in range(8)]
    assert any("Denial, denial differ in case alone" in said for said in check([*rows, *FILLER]).warnings)
    slip = LabelledSentence("It fell at last.", "denail", row=9)
    with pytest.raises(InputError, match=r"label denail has 1 rows .* meant denial\?"):
        check([slip, *FILLER]).require()


def test_labels_of_the_project_without_rows_are_told() -> None:
    """The model will know them all the same."""
    assert any("allegation, confirmation, hedge as well" in said for said in check(FILLER).warnings)


def test_texts_that_nearly_agree_are_called_so() -> None:
    """Where numbers alone tell them apart, and labels differ, somebody should look."""
    rows = [
        LabelledSentence("It killed 10 people.", "none", row=1),
        LabelledSentence("It killed 11 people.", "denial", row=2),
    ]
    why = "nearly one text with labels denial, none: rows 1, 2"
    assert reasons(check([*rows, *FILLER])) == {1: why, 2: why}


def test_marks_of_letters_tell_texts_apart() -> None:
    """Vowel signs and emoji are no punctuation."""
    texts = {"वह गया": "none", "वह गयी": "denial", "Great 😀": "none", "Great 😡": "denial"}
    rows = [LabelledSentence(text, label, row=row) for row, (text, label) in enumerate(texts.items())]
    assert reasons(check(rows + FILLER)) == {}


def test_unknown_stances_name_the_nearest() -> None:
    """Of acts, too."""
    rows = [
        LabelledSentence("It fell.", "none", stances=("denail",), row=1),
        LabelledSentence("It rose.", "none", acts=(LabelledAct("hegde", None),), row=2),
    ]
    found = reasons(check(rows + FILLER))
    assert "unknown stance 'denail'" in found[1]
    assert "meant denial?" in found[1]
    assert "meant hedge?" in found[2]


def test_stances_under_labels_of_ones_own_are_refused() -> None:
    """No row is set aside for them: it is the column that is one too many. A rare label is but a slip."""
    rows = [
        LabelledSentence(row.text, {"none": "for", "denial": "against"}[row.label], ("attacks",), row=row.row)
        for row in FILLER
    ]
    report = check(rows)
    assert report.set_aside == ()
    with pytest.raises(InputError, match=r"go with the labels none, .*; against, for came: leave them out"):
        report.require()
    slip = LabelledSentence("It fell.", "denail", ("attacks",), row=1)
    assert "unknown stance" in reasons(check([slip, *FILLER]))[1]
