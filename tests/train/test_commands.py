"""The commands of training."""

import csv
import json
import re
import sys
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest
from typer.testing import CliRunner, Result

from stance.classifier import load
from stance.errors import InputError, OutputError
from stance.train.commands import app

from ..conftest import TINY


def stance(*arguments: str | Path) -> CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-Im", "stance", *map(str, arguments)]
    return run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spreadsheet with columns and labels of its own, one broken row and one repeated."""
    file = tmp_path_factory.mktemp("data") / "sheet.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["sentence", "verdict", "outlet", "before"])
        for number in range(60):
            word = "abcdefghij"[number % 10] * (1 + number // 10)
            writer.writerow(
                [
                    f"It denied {word}." if number % 2 else f"Talks {word} resume.",
                    "ny"[number % 2],
                    number % 15,
                    "It rose." if number % 3 else "",
                ]
            )
        writer.writerow(["", "n", 1, ""])
        writer.writerow(["It denied bbbbb.", "y", 1, ""])
    return file


COLUMNS = [
    "--text-column",
    "sentence",
    "--label-column",
    "verdict",
    "--label-map",
    "y=yes",
    "--label-map",
    "n=no",
]


def test_check_reports_and_writes_what_it_sets_aside(sheet: Path, tmp_path: Path) -> None:
    """Counts by label, rows with reasons, and a file of them."""
    finished = stance("check", sheet, *COLUMNS, "--set-aside", tmp_path / "aside.csv")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split()[:4] == ["no", "30", "yes", "30"]
    with (tmp_path / "aside.csv").open(encoding="utf-8-sig") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["61", "62"]


def test_check_names_the_rows_of_all_that_would_spoil_training(tmp_path: Path) -> None:
    """Damaged bytes, repeats, near repeats, a text under two labels, a rare label, a group on both sides."""
    good = [f"It denied {'abcdefghij'[n]}.,yes,{n}" for n in range(6)]
    good += [f"Talks {'abcdefghij'[n]} resume.,no,{n}" for n in range(6)]
    bad = ["Café.,no,1", "Caf\xe9s.,no,1", "It denied a.,yes,0", "it denied A,yes,0", "It fell.,yes,2"]
    bad += ["It fell.,no,2", "It may rain.,rare,3"]
    lines = "\n".join(["text,label,outlet", *good, *bad]).encode().replace("Caf\xe9s".encode(), b"Caf\xe9s")
    (tmp_path / "rows.csv").write_bytes(lines)
    (tmp_path / "development.csv").write_text("text,label,outlet\nAnother one.,no,5\n")
    given = ["--group-column", "outlet", "--development", str(tmp_path / "development.csv")]
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "rows.csv"), *given])
    for words in (
        "warning: bytes that are not UTF-8 were replaced in rows 14",
        "row 15: repeats row 1",
        "row 16: nearly repeats row 1",
        "row 17: one text with labels no, yes: rows 17, 18",
    ):
        assert words in checked.stdout
    assert isinstance(checked.exception, InputError)
    assert "label rare has 1 rows (19), at least 5 are needed" in str(checked.exception)
    assert "groups of the development part are in the training part too: rows 6, 12" in str(checked.exception)


def test_train_evaluate_and_compare_work_together(sheet: Path, tmp_path: Path) -> None:
    """A spreadsheet becomes a model folder, which is measured, and compared with one that reads contexts."""
    context = ["--context-column", "before"]
    for seed, more in (("0", []), ("1", [*context, "--context-dropout", "0.3", "--bf16"])):
        finished = stance(
            *("train", sheet, *COLUMNS, "--group-column", "outlet", "--base", TINY, "--out", tmp_path / seed),
            *(
                "--epochs",
                "2",
                "--learning-rate",
                "0.005",
                "--batch-size",
                "8",
                "--seed",
                seed,
                "--max-flips",
                "1",
                "--all-weights",
                *more,
            ),
        )
        assert finished.returncode == 0, finished.stderr
    assert "| bf16 | True |" in (tmp_path / "1" / "README.md").read_text()
    finished = stance("evaluate", tmp_path / "1", sheet, *COLUMNS, *context, "--out", tmp_path / "report")
    assert finished.returncode == 0, finished.stderr
    figures = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert set(figures["scores"]["per_label"]) == {"yes", "no"}
    assert f"{figures['scores']['macro_f1']:.4f}" in finished.stdout
    slices = {part["name"]: part for part in figures["slices"] if part["kind"] == "context"}
    assert slices["without context"]["rows"] == slices["with context"]["rows"] == 40
    assert f"without context    {slices['without context']['macro_f1']:.4f}" in finished.stdout
    flips = tmp_path / "flips.csv"
    finished = stance("compare", tmp_path / "0", tmp_path / "1", sheet, *COLUMNS, *context, "--out", flips)
    assert finished.returncode == 0, finished.stderr
    assert "macro-F1" in finished.stdout.splitlines()[-1]
    with flips.open(encoding="utf-8-sig") as file:
        assert next(csv.reader(file))[:2] == ["row", "label"]


def test_few_rows_train_the_head_alone(sheet: Path, tmp_path: Path) -> None:
    """All rows are learnt from, in no epochs, and the card says so."""
    out = tmp_path / "few"
    finished = stance("train", sheet, *COLUMNS, "--base", TINY, "--out", out)
    assert finished.returncode == 0, finished.stderr
    card = (out / "README.md").read_text()
    assert "the label head alone" in card
    assert "judged by a model that had not seen it" in card
    assert "The epoch was chosen" not in card
    assert "| sentences | 60 |" in card
    assert not out.with_name("few.work").exists()
    assert load(out).classify("It denied that.").label in {"yes", "no"}


def test_more_rows_tune_the_encoder_as_well(tmp_path: Path) -> None:
    """By pairs, still from all rows; the card and the command say so."""
    file, out = tmp_path / "mine.csv", tmp_path / "few"
    words = ["abcdefghijk"[number % 11] * (1 + number // 11) for number in range(33)]
    rows = [row for word in words for row in (f"It denied {word}.,y", f"Talks {word} resume.,n")]
    file.write_text("\n".join(["text,label", *rows]))
    finished = stance("train", file, "--base", TINY, "--out", out)
    assert finished.returncode == 0, finished.stderr
    assert "tuning the encoder 4 times" in finished.stderr
    assert len(finished.stderr.splitlines()) == 2, "the libraries are quiet"
    card = (out / "README.md").read_text()
    assert "the encoder by pairs, then the label head" in card
    assert "judged by a model that had not seen it" in card
    assert load(out).classify("It denied that.").label == "y"


def test_an_audited_sheet_is_corrected_and_trained_on(sheet: Path, tmp_path: Path) -> None:
    """All rows but broken ones and repeats, with all their columns; correcting the label column is enough."""
    lines = sheet.read_text().splitlines()
    lines += ["It may rain.,y,7,It rose.", "It may rain.,n,8,It fell."]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    audited = ["audit", str(tmp_path / "mine.csv"), *COLUMNS, "--base", str(TINY), "--out"]
    done = CliRunner().invoke(app, [*audited, str(tmp_path / "audited.csv")])
    assert done.exit_code == 0
    assert "row 61: no text in column sentence" in done.stdout
    with (tmp_path / "audited.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["sentence", "verdict", "outlet", "before", "audit_rank"]
    assert len(rows) == 62
    suspects = [row for row in rows if row["audit_suggested"]]
    assert f"{len(suspects)} of 60 labels are suspect, 2 more rows contradict" in done.stdout.splitlines()[-1]
    assert [row["sentence"] for row in rows[:2]] == ["It may rain."] * 2
    assert "labels no, yes: rows 63, 64" in rows[0]["audit_reason"]
    assert suspects
    assert rows[2 : 2 + len(suspects)] == suspects
    assert {row["audit_suggested"] for row in suspects} <= {"y", "n"}
    for row in rows:
        cells = [row["sentence"], row["verdict"], row["outlet"], row["before"]]
        assert cells == lines[int(row["audit_row"])].split(",")
    rows[0]["verdict"] = "n"
    with (tmp_path / "audited.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "audited.csv"), *COLUMNS])
    assert checked.exit_code == 0
    assert checked.stdout.split()[:7] == ["no", "31", "yes", "30", "set", "aside", "1"]
    for out, words in (("mine.csv", "is what is read"), ("audited.xlsx", "a .csv file was expected")):
        refused = CliRunner().invoke(app, [*audited, str(tmp_path / out)]).exception
        assert isinstance(refused, OutputError)
        assert words in str(refused)


@pytest.mark.parametrize("command", ["train", "audit"])
def test_a_seed_out_of_range_is_refused(command: str, sheet: Path, tmp_path: Path) -> None:
    """Before anything is read."""
    given = [command, str(sheet), "--seed", "-1", "--out", str(tmp_path / "mine.csv")]
    assert CliRunner().invoke(app, given).exit_code == 2


def test_train_replaces_nothing_but_models(sheet: Path, tmp_path: Path) -> None:
    """A folder of something else is refused before anything is learnt, and stays."""
    (tmp_path / "thesis.txt").write_text("mine")
    for out in (str(tmp_path), "."):
        refused = CliRunner().invoke(app, ["train", str(sheet), *COLUMNS, "--base", str(TINY), "--out", out])
        assert isinstance(refused.exception, OutputError)
        assert "not replaced" in str(refused.exception)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "SHEET"], "no column text, label; there are: sentence, verdict, outlet, before"),
        (["check", "/nowhere.csv"], "/nowhere.csv"),
        (["check", "SHEET", *COLUMNS[:4], "--label-map", "y"], "OLD=NEW"),
        (["check", "SHEET", *COLUMNS[:4], "--label-map", "y=n"], "one label only"),
        (["train", "SHEET", *COLUMNS, "--base", "/nowhere", "--out", "/tmp/never"], "/nowhere"),
        (["evaluate", str(TINY), "SHEET", *COLUMNS, "--out", "/tmp/never"], "unknown label 'no'"),
        (
            ["evaluate", str(TINY), "SHEET", *COLUMNS, "--context-column", "before", "--out", "/tmp/never"],
            "reads no context",
        ),
        (["push", str(TINY), "me/tiny"], "README.md: a card was expected"),
        (["evaluate", "/nowhere", "SHEET", *COLUMNS, "--out", "/tmp/never"], "/nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(sheet: Path, arguments: list[str], words: str) -> None:
    """What came and what was expected; never a traceback."""
    finished = stance(*(str(sheet) if word == "SHEET" else word for word in arguments))
    assert finished.returncode == 2
    last = finished.stderr.strip().splitlines()[-1]
    assert last.startswith("stance: ")
    assert words in last
    assert "Traceback" not in finished.stderr


def test_every_command_explains_itself() -> None:
    """Help of a forwarded command is its own."""
    for command in ("check", "train", "evaluate", "compare", "audit"):
        finished = CliRunner().invoke(app, [command, "--help"])
        assert finished.exit_code == 0
        assert "--label-map" in finished.stdout
    assert "--set-aside" in stance("check", "--help").stdout


def test_a_command_loads_no_more_than_it_needs(sheet: Path) -> None:
    """A check, which trains nothing, takes no seconds to begin."""
    code = (
        "import sys\n"
        "from stance.train.commands import app\n"
        f"app(['check', {str(sheet)!r}, *{COLUMNS!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'matplotlib', 'onnx'} & set(sys.modules)))"
    )
    finished = run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["check"], "--set-aside"),
        (["train", "--out", "OUT"], "--set-aside"),
        (["compare", "M", "M"], "--out"),
    ],
)
def test_what_is_read_is_not_written_over(
    command: list[str], option: str, sheet: Path, tmp_path: Path
) -> None:
    """A user's rows are hers."""
    before = sheet.read_bytes()
    given = [{"OUT": str(tmp_path / "out"), "M": str(TINY)}.get(word, word) for word in command]
    refused = CliRunner().invoke(app, [*given, str(sheet), *COLUMNS, option, str(sheet)]).exception
    assert isinstance(refused, OutputError)
    assert "is what is read" in str(refused)
    assert sheet.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--development", "EMPTY"], "no row of the development part"),
        (["--development", "TYPO"], "that no other row has: Yes, rows 1"),
        (
            ["--head-only", "--epochs", "9", "--context-column", "before"],
            "--epochs, --context-column: not for",
        ),
        (["--head-only", "--epochs", "5"], "--epochs: not for"),
        (["--stances-column", "blank"], "go with the labels none, allegation"),
        (["--label-map", "y=no"], "names a label twice"),
    ],
)
def test_what_would_be_passed_over_is_refused(
    options: list[str], words: str, sheet: Path, tmp_path: Path
) -> None:
    """An option that cannot be followed is not silently left out."""
    header, *lines = sheet.read_text().splitlines()
    data = tmp_path / "data.csv"
    data.write_text("\n".join([f"{header},blank", *(f"{line}," for line in lines)]))
    (tmp_path / "EMPTY").with_suffix(".csv").write_text("sentence,verdict\n,y\n")
    (tmp_path / "TYPO").with_suffix(".csv").write_text("sentence,verdict\nIt sank.,Yes\n")
    given = [f"{tmp_path / word}.csv" if word in ("EMPTY", "TYPO") else word for word in options]
    command = ["train", str(data), *COLUMNS, "--base", str(TINY), "--out", str(tmp_path / "out"), *given]
    refused = CliRunner().invoke(app, command).exception
    assert isinstance(refused, InputError)
    assert words in str(refused)


def test_a_head_alone_is_measured_on_the_development_part(sheet: Path, tmp_path: Path) -> None:
    """Where there is one: it is not learnt from."""
    (tmp_path / "held.csv").write_text("sentence,verdict\nIt denied that.,y\nTalks go on.,n\n")
    command = [
        "train",
        str(sheet),
        *COLUMNS,
        "--base",
        str(TINY),
        "--out",
        str(tmp_path / "out"),
        "--head-only",
    ]
    done = CliRunner().invoke(
        app, [*command, "--development", str(tmp_path / "held.csv"), "--max-flips", "1"]
    )
    assert done.exit_code == 0
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| sentences | 60 |" in card
    assert "| development sentences | 2 |" in card


def test_an_option_of_fine_tuning_fine_tunes_whatever_its_value(sheet: Path, tmp_path: Path) -> None:
    """The default, given, is asked for as any other is; to resume fine-tunes where a run is to be resumed."""
    out = tmp_path / "out"

    def train(*options: str) -> Result:
        given = [*COLUMNS, "--base", str(TINY), "--max-flips", "1", "--out", str(out), *options]
        return CliRunner().invoke(app, ["train", str(sheet), *given])

    assert train("--resume").exit_code == 0
    assert "the label head alone" in (out / "README.md").read_text()
    assert train("--batch-size", "32", "--epochs", "1").exit_code == 0
    assert "| epochs | 1 |" in (out / "README.md").read_text()
    refused = train("--resume").exception
    assert isinstance(refused, OutputError)
    assert "epochs (was 1, is 5)" in str(refused)
    assert "--resume: not for a label head alone" in str(train("--resume", "--head-only").exception)


def test_a_label_map_names_labels_that_there_are(sheet: Path) -> None:
    """A name that no row has is warned of, with the nearest; blanks around names do not count."""
    given = ["--text-column", "sentence", "--label-column", "verdict"]
    given += ["--label-map", " y = yes ", "--label-map", "nn=no"]
    checked = CliRunner().invoke(app, ["check", str(sheet), *given])
    assert checked.exit_code == 0
    assert checked.stdout.split()[:4] == ["n", "30", "yes", "30"]
    assert "warning: --label-map: unknown label 'nn'; known: n, y; meant n?" in checked.stdout
    assert "'y'" not in checked.stdout


def test_of_many_broken_rows_a_few_are_named(tmp_path: Path) -> None:
    """What is wrong with each, in words; how many more there are."""
    label = "a label of many words"
    rows = [f"It fell {'x' * n}.,{label}" for n in range(1, 26)]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *rows]))
    given = ["evaluate", str(TINY), "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(app, [*given, str(tmp_path / "rows.csv"), "--acts-column", "label"])
    named = done.stderr.splitlines()
    assert len(named) == 21
    assert "row 1: column label cannot be read: Expecting value" in named[0]
    assert named[-1].endswith("and 5 more rows")


def test_figures_stand_apart_from_labels_however_long(sheet: Path, tmp_path: Path) -> None:
    """So that a program can tell them; and of an exact network it is not said how exact it is."""
    named = [*COLUMNS[:4], "--label-map", "y=a label of many words", "--label-map", "n=another of many words"]
    given = ["train", str(sheet), *named, "--base", str(TINY), "--precision", "fp32"]
    trained = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "out")])
    assert trained.stdout.splitlines()[-1] == f"{tmp_path / 'out'}: written"
    command = ["evaluate", str(tmp_path / "out"), str(sheet), *named, "--out", str(tmp_path / "report")]
    shown = CliRunner().invoke(app, command).stdout
    assert re.search(r"^F1 of a label of many words \d\.\d{4}$", shown, re.MULTILINE)
