"""What tests share: the tiny model folder, the shipped one, and sentences."""

import json
import shutil
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


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model folder, as one that reads the sentence before."""
    folder = tmp_path_factory.mktemp("models") / "reading"
    shutil.copytree(TINY, folder)
    contract = json.loads((folder / "stance.json").read_text()) | {"name": "reading", "reads_context": True}
    (folder / "stance.json").write_text(json.dumps(contract))
    return folder


@pytest.fixture(scope="session")
def reader(reading: Path) -> stance.Classifier:
    return stance.load(reading)


@pytest.fixture
def tiny_copy(tmp_path: Path) -> Path:
    """A model folder that a test may break."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in TINY.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
