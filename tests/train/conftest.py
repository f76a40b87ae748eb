"""Training is tested where its libraries are; its tests share a tiny network, taught two sentences."""

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from datasets import Dataset

import stance
from stance.predictions import Span
from stance.train.data import LabelledAct, LabelledSentence
from stance.train.fit import fit
from stance.train.model import StanceModel
from stance.train.recipe import Recipe

from ..conftest import SENTENCES, TINY

DENIAL = LabelledAct("denial", Span("denied", 3, 9), Span("It", 0, 2), Span("the deal", 10, 18), whole=True)
DENIED = LabelledSentence("It denied the deal.", "denial", ("denial",), (DENIAL,))
FELL = LabelledSentence("Parliament will debate.", "none", (), ())
TRAIN = [DENIED, FELL] * 32
RECIPE = Recipe(learning_rate=5e-3, epochs=8, batch_size=8, averaging=0.5)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[StanceModel, object]:
    """The tiny encoder, taught to tell two sentences apart."""
    work = tmp_path_factory.mktemp("work")
    return fit(TRAIN, [DENIED, FELL], base=TINY, work=work, recipe=RECIPE)


def few(count: int = 6) -> list[LabelledSentence]:
    """The same two sentences, each under a label of its own."""
    return [LabelledSentence(text, label) for text, label in zip(SENTENCES, "ab", strict=False)] * count


def labelled_by(folder: Path) -> list[LabelledSentence]:
    """Sentences with the labels that the model gives, which are the easiest for its first stage."""
    plain = ("Parliament will debate the embargo.", "The visit is next Thursday.", FELL.text)
    said = stance.load(folder, first_stage=False).classify_many((*SENTENCES, *plain))
    return [LabelledSentence(one.text, one.label) for one in said] * 5


def write(path: Path, rows: list[dict]) -> Path:
    """Write rows in the format that the file's name asks for."""
    match path.suffix:
        case ".csv" | ".tsv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), delimiter="," if path.suffix == ".csv" else "\t")
                writer.writeheader()
                writer.writerows(rows)
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        case ".parquet":
            Dataset.from_list(rows).to_parquet(path)
        case _:
            Dataset.from_list(rows).save_to_disk(path)
    return path
