"""A model leaves to a larger one what it is not sure of, and no more than keeps its figures."""

from pathlib import Path

import numpy as np
import pytest

import stance
from stance.bundle import open_bundle
from stance.errors import InputError, ModelError
from stance.train.data import LabelledSentence
from stance.train.deferral import fit_deferral
from stance.train.metrics import macro_f1

from .conftest import labelled_by


def test_what_is_left_to_a_larger_model_keeps_its_figures(tiny_copy: Path, staged: Path) -> None:
    """No more than that is left; a first stage that is there stays, and answers as before."""
    development = labelled_by(staged)
    wrong = [
        LabelledSentence(row.text, row.label if i % 5 else "denial") for i, row in enumerate(development)
    ]
    for file in staged.iterdir():
        (tiny_copy / file.name).write_bytes(file.read_bytes())
    share = fit_deferral(tiny_copy, staged, wrong)
    cascade = stance.load(f"{tiny_copy}+{staged}")
    second = stance.load(staged)
    labels = cascade.bundle.labels

    def figure(classifier: stance.Classifier) -> float:
        found = classifier.classify_many(row.text for row in wrong)
        indices = [
            np.array([labels.index(name) for name in names])
            for names in ([row.label for row in wrong], [one.label for one in found])
        ]
        return macro_f1(*indices)

    found = list(cascade.classify_many(row.text for row in wrong))
    assert figure(cascade) >= figure(second) - 0.005
    assert np.mean([one.model == second.bundle.identity for one in found]) == share < 1
    assert open_bundle(tiny_copy, every_file=True).first_stage is not None


def test_a_threshold_for_leaving_needs_sentences(tiny_copy: Path) -> None:
    """That neither model has seen."""
    with pytest.raises(InputError, match="none came"):
        fit_deferral(tiny_copy, tiny_copy, [])


def test_a_model_of_other_labels_is_never_asked(tiny_copy: Path, tmp_path: Path) -> None:
    """It is refused before anything is labelled, and the folder stays as it was."""
    other = tmp_path / "other"
    other.mkdir()
    for file in tiny_copy.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    contract = other / "stance.json"
    contract.write_text(contract.read_text().replace('"stances": [', '"stances": ["none",'))
    with pytest.raises(ModelError, match="same stances"):
        fit_deferral(tiny_copy, other, labelled_by(tiny_copy))
    assert open_bundle(tiny_copy).deferral_threshold is None
