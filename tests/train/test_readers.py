"""Files to rows."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.train import readers
from stance.train.data import Columns, LabelledSentence, read
from stance.train.readers import BrokenRow

from .conftest import write

ROWS = [
    {"sentence": "It denied that.", "tag": "no", "outlet": "a"},
    {"sentence": "It fell.", "tag": "x", "outlet": "b"},
]
COLUMNS = Columns(text="sentence", label="tag", group="outlet", label_map={"no": "denial"})
EXPECTED = [
    LabelledSentence("It denied that.", "denial", group="a", row=1),
    LabelledSentence("It fell.", "x", group="b", row=2),
]


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.parquet", "folder"])
def test_every_format_gives_the_same_sentences(tmp_path: Path, name: str) -> None:
    """Columns are named by the user, and labels get new names."""
    assert list(read(write(tmp_path / name, ROWS), COLUMNS)) == EXPECTED


def test_broken_rows_cost_only_themselves(tmp_path: Path) -> None:
    """Each is named with its reason, and the rows around it are read."""
    (tmp_path / "rows.csv").write_bytes(
        b"text,label\nIt fell.,none\nA,b,c\n,none\nIt rose.,\nCaf\xe9.,none\n"
    )
    found = list(read(tmp_path / "rows.csv"))
    assert [type(row) for row in found] == [
        LabelledSentence,
        BrokenRow,
        BrokenRow,
        BrokenRow,
        LabelledSentence,
    ]
    assert [row.row for row in found] == [1, 2, 3, 4, 5]
    assert "3 fields; the header has 2" in found[1].reason  # type: ignore[union-attr]
    assert found[4].text == "Caf\ufffd."  # type: ignore[union-attr]
    good, bad = '{"text": "It fell.", "label": "none"}', '{"text": 3, "label": "none"}'
    lines = "\n".join([good, "{", "[]", bad, good])
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    assert [type(row) is BrokenRow for row in read(tmp_path / "rows.jsonl")] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_file_that_is_not_utf8_at_all_is_refused(tmp_path: Path, name: str) -> None:
    """Not a missing column of strange letters, but what to do."""
    file = write(tmp_path / name, ROWS)
    file.write_text(file.read_text(encoding="utf-8"), encoding="utf-16")
    with pytest.raises(InputError, match=r"UTF-16 .* save it as UTF-8"):
        list(read(file, COLUMNS))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet", "folder"])
def test_a_missing_column_lists_those_there_are(tmp_path: Path, name: str) -> None:
    """Before the first row."""
    file = write(tmp_path / name, ROWS)
    with pytest.raises(InputError, match="no column text, label; there are: sentence, tag, outlet"):
        list(read(file))


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.jsonl", "nowhere.parquet", "rows.xyz"])
def test_a_source_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """Missing files and unknown formats."""
    with pytest.raises(InputError, match=name):
        list(read(tmp_path / name))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1).filter(str.strip))
)
def test_any_text_survives_csv(tmp_path: Path, texts: list[str]) -> None:
    """Quotes, separators and line breaks inside a cell."""
    file = write(tmp_path / "rows.csv", [{"text": text, "label": "none"} for text in ["first", *texts]])
    assert [row.text for row in read(file)] == ["first", *texts]  # type: ignore[union-attr]


def test_semicolons_of_a_spreadsheet_are_told_from_commas(tmp_path: Path) -> None:
    """With the mark that spreadsheets put before the first column; commas in sentences stay."""
    (tmp_path / "rows.csv").write_text("\ufefftext;label\nYes, it fell.;none\n", encoding="utf-8")
    (sentence,) = read(tmp_path / "rows.csv")
    assert isinstance(sentence, LabelledSentence)
    assert (sentence.text, sentence.label) == ("Yes, it fell.", "none")


def test_a_quote_left_open_costs_its_own_row(tmp_path: Path) -> None:
    """The rows after it, which it would have swallowed, are read; so are long cells."""
    rows = ['"It fell.,none', "It rose.,none", '"It rose, twice.",none', f"{'Up. ' * 50_000},none"]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *rows, ""]))
    broken, *found = read(tmp_path / "rows.csv")
    assert broken == BrokenRow(1, "a quotation mark left open")
    assert [(row.row, row.text[:15]) for row in found] == [  # type: ignore[union-attr]
        (2, "It rose."),
        (3, "It rose, twice."),
        (4, "Up. Up. Up. Up."),
    ]


def test_a_header_that_is_none_is_refused(tmp_path: Path) -> None:
    """Before the first row."""
    (tmp_path / "rows.csv").write_text('text,"label\nIt fell.,none\n')
    with pytest.raises(InputError, match="the header: a quotation mark left open"):
        list(read(tmp_path / "rows.csv"))


def test_labels_of_a_dataset_are_names(tmp_path: Path) -> None:
    """Not the numbers that it holds; -1 stands for none."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    rows = {"text": ["It fell.", "It rose.", "It sank."], "label": [1, 0, -1]}
    Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "folder")
    Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "rows.parquet")
    for name in ("folder", "rows.parquet"):
        first, second, third = read(tmp_path / name)
        assert isinstance(first, LabelledSentence)
        assert isinstance(second, LabelledSentence)
        assert (first.label, second.label) == ("yes", "no")
        assert isinstance(third, BrokenRow)


def test_a_dataset_without_training_part_names_what_there_is(tmp_path: Path) -> None:
    """Not a traceback."""
    DatasetDict({"test": Dataset.from_list([{"text": "It fell.", "label": "no"}])}).save_to_disk(
        tmp_path / "folder"
    )
    with pytest.raises(InputError, match="no split train; there are: test"):
        list(read(tmp_path / "folder"))


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant is not for a program to say; nameless ones may be many."""
    (tmp_path / "rows.csv").write_text("text,label,label\nIt fell.,no,yes\n")
    with pytest.raises(InputError, match="column label comes twice"):
        list(read(tmp_path / "rows.csv"))
    (tmp_path / "rows.csv").write_text("text,label,,\nIt fell.,no,,\n")
    assert list(read(tmp_path / "rows.csv")) == [LabelledSentence("It fell.", "no", row=1)]
    twice = pa.Table.from_arrays([pa.array(["no"])] * 3, names=["text", "label", "label"])
    pq.write_table(twice, tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="column label comes twice"):
        list(read(tmp_path / "rows.parquet"))


def test_what_an_object_lacks_is_null(tmp_path: Path) -> None:
    """Optional or not, in the first row or another: it costs at most that row."""
    lines = [
        {"note": "an object without text"},
        {"text": "It fell.", "label": "none"},
        {"text": "It rose.", "label": "none", "outlet": "a", "stances": [], "acts": []},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = Columns(group="outlet", stances="stances", acts="acts")
    assert list(read(tmp_path / "rows.jsonl", columns)) == [
        BrokenRow(1, "no text in column text"),
        LabelledSentence("It fell.", "none", row=2),
        LabelledSentence("It rose.", "none", (), (), group="a", row=3),
    ]


def test_a_column_that_no_object_has_is_missing(tmp_path: Path) -> None:
    """Those that any has are named; where there are no objects, each line says that it is none."""
    (tmp_path / "rows.jsonl").write_text('{"text": "It fell."}\n{"verdict": "none"}\n')
    with pytest.raises(InputError, match="no column label; there are: text, verdict"):
        list(read(tmp_path / "rows.jsonl"))
    (tmp_path / "rows.jsonl").write_text("[\n]\n")
    assert [type(row) for row in read(tmp_path / "rows.jsonl")] == [BrokenRow, BrokenRow]


def test_parquet_without_rows_gives_none(tmp_path: Path) -> None:
    """Its columns are looked at all the same."""
    pq.write_table(
        pa.table({name: pa.array([], pa.string()) for name in ("text", "label")}), tmp_path / "a.parquet"
    )
    assert list(read(tmp_path / "a.parquet")) == []
    with pytest.raises(InputError, match="no column verdict; there are: text, label"):
        list(read(tmp_path / "a.parquet", Columns(label="verdict")))


def test_a_folder_without_rows_gives_none(tmp_path: Path) -> None:
    """`datasets` writes no file of rows then, and cannot open what it wrote."""
    Dataset.from_dict({"text": [], "label": []}).save_to_disk(tmp_path / "folder")
    assert list(read(tmp_path / "folder")) == []


def test_a_parquet_file_that_is_damaged_is_one_line(tmp_path: Path) -> None:
    """However far it can be read."""
    table = pa.table({"text": [f"It fell by {number}." for number in range(5000)], "label": ["none"] * 5000})
    pq.write_table(table, tmp_path / "a.parquet", compression="snappy", row_group_size=1000)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    for damaged in (content, b"no Parquet"):
        (tmp_path / "a.parquet").write_bytes(damaged)
        with pytest.raises(InputError, match=r"a\.parquet: ") as refused:
            list(read(tmp_path / "a.parquet"))
        assert "\n" not in str(refused.value)


def test_a_hub_id_may_have_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends in a dot and more is no file where its folder is none."""
    asked = []

    def hub(name: str, **_: object) -> Dataset:
        asked.append(name)
        return Dataset.from_list([{"text": "It fell.", "label": "none"}])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(readers, "load_dataset", hub)
    for name in ("me/data", "me/data-v1.0"):
        assert list(read(name)) == [LabelledSentence("It fell.", "none", row=1)]
    assert asked == ["me/data", "me/data-v1.0"]
    (tmp_path / "me").mkdir()
    for name in ("rows.xyz", "me/rows.xyz"):
        with pytest.raises(InputError, match="a folder or a Hub id was expected"):
            list(read(name))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_capitals_in_a_files_ending_do_not_matter(tmp_path: Path, suffix: str) -> None:
    """As some systems write them."""
    file = write(tmp_path / f"rows{suffix}", ROWS)
    assert list(read(file.rename(tmp_path / f"ROWS{suffix.upper()}"), COLUMNS)) == EXPECTED


@pytest.mark.parametrize("name", ["rows[1].parquet", "rows*.parquet", "rows?.parquet"])
def test_a_path_is_no_pattern(tmp_path: Path, name: str) -> None:
    """The file of that name is read, and no other."""
    write(tmp_path / "rows1.parquet", ROWS[:1])
    assert list(read(write(tmp_path / name, ROWS), COLUMNS)) == EXPECTED


def test_the_separator_is_the_one_that_finds_the_columns(tmp_path: Path) -> None:
    """However many commas stand in a name, and where a spreadsheet says it in a line of its own."""
    columns = Columns(text="Satz (Zitat, kurz, ganz)", label="Urteil")
    for start in ("", "sep=;\n"):
        path = tmp_path / "rows.csv"
        path.write_text(start + "Satz (Zitat, kurz, ganz);Urteil\nEs fiel, hieß es.;nein\n", encoding="utf-8")
        assert [row.text for row in read(path, columns)] == ["Es fiel, hieß es."]


def test_columns_without_a_name_are_kept_apart(tmp_path: Path) -> None:
    """By their places."""
    path = tmp_path / "rows.csv"
    path.write_text("text,,label,\nIt fell.,one,no,two\n", encoding="utf-8")
    assert next(readers.read_rows(path, ["text"])) == {
        "text": "It fell.",
        "column 2": "one",
        "label": "no",
        "column 4": "two",
    }
