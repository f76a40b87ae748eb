"""A sheet to correct and train on again."""

import json
from pathlib import Path

from stance.predictions import Span
from stance.train.audit import Finding
from stance.train.commands.rows import write_csv
from stance.train.data import Columns, LabelledAct, LabelledSentence, read
from stance.train.readers import BrokenRow
from stance.train.sheet import ADDED, CONFIDENT, LIKELIER, make_sheet

COLUMNS = Columns(label="verdict", label_map={"n": "no", "y": "yes"})


def finding(row: int, *, confident: bool = False, is_suspect: bool = False) -> Finding:
    """What is found of a row, and whether it is suspect."""
    return Finding(row, "no", "yes", 0.25, confident, is_suspect, "")


def test_what_was_found_stands_beside_the_rows() -> None:
    """In order, under the users' names of labels; what is not suspect has no suggestion."""
    rows = [{"text": text, "verdict": verdict} for text, verdict in ("an", "by", "cn", "dn", "en")]
    sheet = make_sheet(
        [*rows[:3], BrokenRow(4, "?"), *rows[3:]],
        [finding(6, confident=True, is_suspect=True), finding(1, is_suspect=True), finding(2)],
        {3: "one text with two labels"},
        COLUMNS,
    )
    said = [tuple(row[name] for name in ("text", *ADDED)) for row in sheet]
    assert said == [
        ("c", 1, 3, "one text with two labels", "n", "", ""),
        ("e", 2, 6, CONFIDENT, "n", "y", 0.25),
        ("a", 3, 1, LIKELIER, "n", "y", 0.25),
        ("b", 4, 2, "", "y", "", 0.25),
    ]


def test_a_sheet_that_is_audited_again_has_no_column_twice() -> None:
    """What the earlier audit said is replaced."""
    rows = [{"text": text, "verdict": "ny"[number]} for number, text in enumerate("ab")]
    found = [finding(2), finding(1)]
    first = make_sheet(rows, found, {}, COLUMNS)
    again = make_sheet(first, found[::-1], {}, COLUMNS)
    assert list(first[0]) == list(again[0])
    assert [row["audit_row"] for row in again] == [1, 2]


def test_what_is_no_string_comes_through_cells(tmp_path: Path) -> None:
    """Stances, acts, and columns that only some rows have."""
    act = {"stance": "denial", "source": [0, 2], "cue": [3, 9], "claim": None}
    rows = [
        {"text": "It denied that.", "label": "denial", "stances": ["denial", "hedge"], "acts": [act]},
        {"text": "It fell.", "label": "none", "stances": [], "acts": None, "note": 3},
        {"text": "It rose.", "label": "none", "stances": None},
    ]
    sheet = make_sheet(rows, [finding(2), finding(1), finding(3)], {}, Columns())
    write_csv(tmp_path / "sheet.csv", list(sheet[0]), sheet)
    fell, denied, rose = read(tmp_path / "sheet.csv", Columns(stances="stances", acts="acts"))
    acts = (LabelledAct("denial", Span("denied", 3, 9), Span("It", 0, 2), None, whole=True),)
    assert denied == LabelledSentence("It denied that.", "denial", ("denial", "hedge"), acts, row=2)
    assert fell == LabelledSentence("It fell.", "none", (), None, row=1)
    assert rose == LabelledSentence("It rose.", "none", None, None, row=3)
    assert [row["note"] for row in sheet] == [3, "", ""]
    assert json.loads(sheet[1]["acts"]) == [act]


def test_labels_stand_in_a_sheet_as_they_are_read() -> None:
    """Half a character, blanks around it, a whole number that a table holds as a float."""
    rows = [{"text": text, "label": label} for text, label in (("a", "no\ud83d"), ("b", 1.0), ("c", " x "))]
    findings = [
        Finding(1, "no\ufffd", "1", 0.25, False, True, "a"),
        Finding(2, "1", "x", 0.25, False, True, "b"),
        Finding(3, "x", "no\ufffd", 0.25, False, True, "c"),
    ]
    sheet = make_sheet(rows, findings, {}, Columns())
    assert [(row["label"], row["audit_suggested"]) for row in sheet] == [
        ("no\ufffd", "1"),
        ("1", "x"),
        ("x", "no\ufffd"),
    ]
