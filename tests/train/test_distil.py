"""Soft labels of teachers."""

import numpy as np
import pytest

import stance
from stance.errors import InputError
from stance.train.distil import teach

from ..conftest import SENTENCES


def test_soft_labels_are_the_mean_of_the_teachers(tiny: stance.Classifier) -> None:
    """Of equal teachers, what each of them says."""
    for text, taught in zip(SENTENCES, teach(iter(SENTENCES), [tiny, tiny]), strict=True):
        expected = tiny.classify(text)
        assert taught.text == text
        assert taught.label == expected.label
        assert taught.soft == pytest.approx(list(expected.probabilities.values()))
        assert np.sum(taught.soft) == pytest.approx(1, abs=1e-5)


def test_no_teacher_is_refused() -> None:
    """There is nobody to ask."""
    with pytest.raises(InputError, match="0 sets came"):
        next(teach(SENTENCES, []))
