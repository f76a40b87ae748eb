"""What tests share: the tiny model folder, the shipped one, and sentences."""

from pathlib import Path

import pytest

import stance

TINY = Path(__file__).resolve().parent / "data" / "tiny"

SENTENCES = (
    "Orlenia denied that it had agreed to sell shells.",
    "The agency confirmed the visit.",
    "The drones may have been sold by a dealer.",
    "Parliament will debate the embargo next Thursday.",
    "The opposition accused the government of lying, and it said that officials knew for months.",
    "“Another forgery,” he wrote.",
)


@pytest.fixture(scope="session")
def tiny() -> stance.Classifier:
    return stance.load(TINY)


@pytest.fixture
def tiny_copy(tmp_path: Path) -> Path:
    """A model folder that a test may break."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in TINY.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
