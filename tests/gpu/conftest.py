"""The GPU engine is tested where its libraries are installed."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
