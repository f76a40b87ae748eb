"""The classifier inside other libraries' pipelines."""

import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import stance
from stance.corpus import RayClassifier, arrow_function, arrow_schema, map_dataset
from stance.corpus.adapters import label_table
from stance.errors import InputError, ModelError

from ..conftest import SENTENCES, TINY

TEXTS = [*SENTENCES, None, ""]


def check(rows: list[dict], tiny: stance.Classifier) -> None:
    """Rows hold what `classify` gives; one without text says so."""
    assert [row["text"] for row in rows] == TEXTS
    for row in rows:
        if row["text"] is None:
            assert (row["label"], row["p_none"], row["reason"]) == (None, None, "no text")
            continue
        expected = tiny.classify(row["text"])
        assert (row["label"], row["p_denial"]) == (expected.label, expected.probabilities["denial"])
        assert list(row["stances"]) == list(expected.stances)
        assert row["reason"] == expected.reason


def test_batches_of_arrow_are_labelled(tiny: stance.Classifier) -> None:
    """As Spark calls it: a function that was sent, batches in, batches of the promised columns out."""
    batches = pa.table({"text": TEXTS, "n": range(len(TEXTS))}).to_batches(max_chunksize=3)
    function = pickle.loads(pickle.dumps(arrow_function(model=str(TINY))))
    labelled = list(function(iter(batches)))
    assert [batch.num_rows for batch in labelled] == [3, 3, 2]
    assert labelled[0].schema == arrow_schema(batches[0].schema, model=str(TINY))
    check(pa.Table.from_batches(labelled).to_pylist(), tiny)


def test_batches_of_ray_are_labelled(tiny: stance.Classifier) -> None:
    """Of NumPy, which is Ray's default, and of PyArrow."""
    classifier = RayClassifier(model=str(TINY))
    check(classifier(pa.table({"text": TEXTS})).to_pylist(), tiny)
    columns = classifier({"text": np.array(TEXTS, object), "n": np.arange(len(TEXTS))})
    assert columns["confidence"].dtype == float
    assert columns["label"].tolist() == classifier(pa.table({"text": TEXTS}))["label"].to_pylist()


def test_datasets_are_labelled(tiny: stance.Classifier) -> None:
    """In memory and streamed."""
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"text": TEXTS})
    check(list(map_dataset(dataset, model=TINY)), tiny)
    check(list(map_dataset(dataset.to_iterable_dataset(), model=TINY)), tiny)
    assert map_dataset(dataset, model=TINY, labels_only=True).column_names == ["text", "label", "confidence"]


def test_wrong_columns_are_refused() -> None:
    """One that is missing, and one that is there already."""
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"text": ["It fell."], "label": ["x"]})
    with pytest.raises(InputError, match="column label has the name"):
        map_dataset(dataset, model=TINY)
    with pytest.raises(InputError, match="no column 'body'; there are: text, label"):
        map_dataset(dataset, text_column="body", model=TINY)
    with pytest.raises(InputError, match="no column 'body'"):
        RayClassifier(text_column="body", model=str(TINY))(pa.table({"text": ["It fell."]}))


def test_contexts_are_read_in_every_pipeline(reading: Path, reader: stance.Classifier) -> None:
    """The same answers as from the classifier; without text there is none, whatever stood before."""
    datasets = pytest.importorskip("datasets")
    before = [None, "It denied the visit.", *[SENTENCES[0]] * (len(TEXTS) - 2)]
    table = pa.table({"text": TEXTS, "previous": before})
    options = {"context_column": "previous", "model": str(reading)}
    batches = arrow_function(**options)(iter(table.to_batches()))
    for labels in (
        RayClassifier(**options)(table)["p_denial"].to_pylist(),
        [value for batch in batches for value in batch.column("p_denial").to_pylist()],
        map_dataset(datasets.Dataset(table), **options)["p_denial"],
    ):
        for text, context, found in zip(TEXTS, before, labels, strict=True):
            if text is None:
                assert found is None
            else:
                assert found == reader.classify(text, context=context).probabilities["denial"]
    with pytest.raises(ModelError, match="reads no context"):
        map_dataset(datasets.Dataset(table), context_column="previous", model=TINY)
    with pytest.raises(InputError, match=r"no column 'before'.* Give another `context_column`"):
        RayClassifier(context_column="before", model=str(reading))(table)


def test_a_model_that_was_put_in_place_of_another_is_opened(tiny_copy: Path) -> None:
    """What is kept in memory is a model, not a path."""
    table = pa.table({"text": list(SENTENCES)})
    first = label_table(table, model=str(tiny_copy))["model"][0].as_py()
    contract = json.loads((tiny_copy / "stance.json").read_text()) | {"name": "other"}
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    assert label_table(table, model=str(tiny_copy))["model"][0].as_py() != first


def test_an_open_model_is_not_read_again(tiny_copy: Path) -> None:
    """From one batch to the next."""
    classifier, table = RayClassifier(model=str(tiny_copy)), pa.table({"text": TEXTS})
    expected = classifier(table)
    (tiny_copy / "model.onnx").unlink()
    assert classifier(table) == expected
