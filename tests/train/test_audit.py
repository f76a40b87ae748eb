"""Finding label errors."""

import numpy as np
import pytest

from stance.train.audit import audit, embed
from stance.train.data import LabelledSentence

from ..conftest import SENTENCES, TINY


def test_flipped_labels_come_first() -> None:
    """Of 2 % flipped labels, at least 60 % are in the first 4 % of the list."""
    generator = np.random.default_rng(0)
    true = generator.integers(0, 3, 1000)
    features = generator.normal(size=(1000, 8)) + 3 * np.eye(3, 8)[true]
    flipped = set(generator.choice(1000, 20, replace=False).tolist())
    labels = [(label + 1) % 3 if row in flipped else label for row, label in enumerate(true)]
    rows = [LabelledSentence(f"row {row}", "abc"[label], row=row) for row, label in enumerate(labels)]
    findings = audit(rows, features)
    assert sorted(finding.row for finding in findings) == list(range(1000))
    suspects = [finding for finding in findings if finding.is_suspect]
    assert findings[: len(suspects)] == suspects
    assert len({suspect.row for suspect in suspects[:40]} & flipped) >= 12
    assert [suspect.probability for suspect in suspects] == sorted(
        suspect.probability for suspect in suspects
    )
    for suspect in suspects[:5]:
        assert suspect.suggestion != suspect.label == rows[suspect.row].label


def test_embedding_does_not_depend_on_company() -> None:
    """A row a text, in order, the same alone."""
    together = embed(SENTENCES, TINY)
    assert together.shape == (len(SENTENCES), 32)
    for text, row in zip(SENTENCES, together, strict=True):
        assert embed([text], TINY)[0] == pytest.approx(row, abs=1e-4)


def test_embedding_reads_contexts() -> None:
    """Where there are any; None leaves a text as it is."""
    alone = embed(SENTENCES[:2], TINY)
    told = embed(SENTENCES[:2], TINY, contexts=["It denied the visit.", None])
    assert told[0] != pytest.approx(alone[0], abs=1e-3)
    assert told[1] == pytest.approx(alone[1], abs=1e-4)
