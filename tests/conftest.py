"""What tests share: the tiny model folder, the shipped one, and sentences."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

import stance
from stance.bundle import open_bundle
from stance.first_stage import FIRST_STAGE

TINY = Path(__file__).resolve().parent / "data" / "tiny"

SENTENCES = (
    "Orlenia denied that it had agreed to sell shells.",
    "The agency confirmed the visit.",
    "The drones may have been sold by a dealer.",
    "Parliament will debate the embargo next Thursday.",
    "The opposition accused the government of lying, and it said that officials knew for months.",
    "“Another forgery,” he wrote.",
)

PLAIN = SENTENCES[3]
"""The one that the first stage of `staged` answers."""


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


@pytest.fixture(scope="session")
def pair(staged: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cascade of two: `staged`, less sure and without acts, and the tiny model under another name."""
    folders = [tmp_path_factory.mktemp("c++") / name for name in ("first", "second")]
    changes: tuple[dict[str, object], ...] = ({"acts": False, "deferral_threshold": 0.6}, {})
    for folder, source, changed in zip(folders, (staged, TINY), changes, strict=True):
        shutil.copytree(source, folder)
        contract = json.loads((folder / "stance.json").read_text()) | {"name": folder.name} | changed
        (folder / "stance.json").write_text(json.dumps(contract))
    return "+".join(map(str, folders))


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model folder, with a first stage that answers what has only the words of one sentence."""
    folder = tmp_path_factory.mktemp("models") / "staged"
    shutil.copytree(TINY, folder)
    bundle = open_bundle(folder)
    tokenizer = Tokenizer.from_buffer(bundle.tokenizer)
    weights = np.zeros((tokenizer.get_vocab_size(), len(bundle.labels)), np.float16)
    weights[:, bundle.labels.index("none")] = -10
    weights[tokenizer.encode(PLAIN).ids, bundle.labels.index("none")] = 1
    np.save(folder / FIRST_STAGE, weights)
    contract = json.loads((folder / "stance.json").read_text())
    contract["first_stage_threshold"] = 0.9
    contract["files"][FIRST_STAGE] = hashlib.sha256((folder / FIRST_STAGE).read_bytes()).hexdigest()
    (folder / "stance.json").write_text(json.dumps(contract))
    return folder
