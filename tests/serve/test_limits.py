"""Limits."""

import pytest

import stance
from stance.serve import Limits


@pytest.mark.parametrize("name", Limits.__slots__)
def test_a_limit_is_above_zero(name: str) -> None:
    """Whoever sets one to nothing is told which."""
    with pytest.raises(stance.InputError, match=name):
        Limits(**{name: 0})
