"""The service against its own description: whatever fits it, or nearly does, is no error of the service."""

import pytest
from hypothesis import HealthCheck, settings

import stance
from stance.serve import create_app

from ..conftest import TINY

schemathesis = pytest.importorskip("schemathesis")

schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(stance.load(TINY)))


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_fits_the_description_is_an_error(case) -> None:  # type: ignore[no-untyped-def]
    """No 5xx, and only statuses and shapes that the description has."""
    case.call_and_validate()
