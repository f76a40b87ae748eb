"""Soft labels of teachers."""

import numpy as np
import pytest

import stance
from stance.errors import InputError, ModelError
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


def test_teachers_read_what_they_can_and_contexts_are_kept(
    tiny: stance.Classifier, reader: stance.Classifier
) -> None:
    """Of two, the one that reads contexts is given them; where none does, they are refused."""
    before = [None, *SENTENCES[:-1]]
    for text, context, taught in zip(
        SENTENCES, before, teach(SENTENCES, [tiny, reader], contexts=iter(before)), strict=True
    ):
        said = [tiny.classify(text), reader.classify(text, context=context)]
        mean = np.mean([list(answer.probabilities.values()) for answer in said], axis=0)
        assert taught.soft == pytest.approx(mean.tolist(), abs=1e-5)
        assert (taught.text, taught.context) == (text, context)
    with pytest.raises(ModelError, match="reads no context"):
        next(teach(SENTENCES, [tiny, tiny], contexts=before))
