"""Model folders: open and verify.

A model folder is a Hugging Face checkpoint, of which it may lack the weights, with two more files:
`model.onnx`, which is what runs, and the contract `stance.json`, which says what the numbers mean and holds
the hash of every file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.calibration import Calibration, require_probability
from stance.errors import ModelError
from stance.first_stage import FIRST_STAGE, FirstStage
from stance.labels import NONE

CONTRACT = "stance.json"
FORMAT = 1
NETWORK = "model.onnx"
WEIGHTS = "model.safetensors"
ENGINE_FILES = ("config.json", "tokenizer.json", NETWORK)
"""The files that labelling reads, and that are therefore verified whenever a folder is opened; so is the
first stage's, where there is one."""

FP32_NETWORK = "model_fp32.onnx"
"""The same network as `model.onnx`, not quantised; a folder may do without."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened and verified model folder.

    Args:
        path: the folder.
        name: the model's name.
        digest: hash of the contract and so, through it, of every file; 12 hexadecimal digits.
        labels: in the order of the label logits.
        stances: in the order of the stance logits.
        max_tokens: how many tokens the model reads, special ones included.
        calibration: temperatures and thresholds.
        finds_acts: whether the network says where the acts of a sentence are.
        reads_context: whether the network has learnt to read the sentence before as well.
        onnx: the content of `model.onnx`.
        tokenizer: the content of `tokenizer.json`.
        hashes: the sha256 of every file of the folder that the contract names.
        first_stage: answers plain sentences before the network is asked. Default: there is none.
        deferral_threshold: the probability, 0 to 1, of its label below which a sentence is better left to a
            larger model. Default: none is known.
        stages: of a cascade the folders of its models; what is said above is then true of both together, but
            for the files, which are the first one's. Default: it is no cascade.
    """

    path: Path
    name: str
    digest: str
    labels: tuple[str, ...]
    stances: tuple[str, ...]
    max_tokens: int
    calibration: Calibration
    finds_acts: bool
    reads_context: bool
    onnx: bytes
    tokenizer: bytes
    hashes: Mapping[str, str]
    first_stage: FirstStage | None = None
    deferral_threshold: float | None = None
    stages: tuple["Bundle", ...] = ()

    @property
    def identity(self) -> str:
        """Name and hash, "base@0123456789ab"; of a cascade those of both models, with a + between them."""
        return "+".join(f"{stage.name}@{stage.digest}" for stage in self.stages or (self,))

    @property
    def reference(self) -> str:
        """What it is opened by again: the path of the folder; of a cascade both, with a + between them."""
        return "+".join(str(stage.path) for stage in self.stages or (self,))

    def read(self, name: str) -> bytes:
        """Return the content of another file of the folder, verified.

        Raises:
            ModelError: the file is missing, cut short or changed, or the contract knows of none.
        """
        if name not in self.hashes:
            raise ModelError(
                f"{self.path / CONTRACT}: names no {name}; a model folder that holds one is needed"
            )
        return _verified(self.path / name, self.hashes[name])

    def require_acts(self) -> None:
        """Raise a ModelError unless the network says where the acts of a sentence are."""
        if not self.finds_acts:
            raise ModelError(
                f"{self.identity} finds no acts; one that does was expected, as base or fast+base"
            )

    def require_context(self) -> None:
        """Raise a ModelError unless the network has learnt to read the sentence before as well."""
        if not self.reads_context:
            raise ModelError(
                f"{self.identity} reads no context; leave the context out, or take a model that was trained "
                "with a context column"
            )


def open_bundle(path: Path, *, every_file: bool = False) -> Bundle:
    """Open a model folder and verify it against its contract.

    Args:
        path: a folder with a `stance.json`.
        every_file: verify the files that labelling does not read as well. Default: False.

    Raises:
        ModelError: a file is missing, cut short or changed, or the contract or the labels are
            not what they must be. The message names the file.
    """
    raw = _read(path / CONTRACT)
    contract = _parse(raw, path / CONTRACT)
    if contract.get("format") != FORMAT:
        raise ModelError(
            f"{path / CONTRACT}: format {contract.get('format')!r}; this version reads format "
            f"{FORMAT}: install the version of stance-classifier that the model was made for"
        )
    try:
        hashes: Mapping[str, str] = dict(contract["files"])
        threshold = _probability(contract, "first_stage_threshold")
        read = ENGINE_FILES if threshold is None else (*ENGINE_FILES, FIRST_STAGE)
        names = {*read, *(hashes if every_file else ())}
        files = {name: _verified(path / name, hashes[name]) for name in sorted(names)}
        bundle = Bundle(
            path=path,
            name=str(contract["name"]),
            digest=_digest(raw),
            labels=tuple(contract["labels"]),
            stances=tuple(contract["stances"]),
            max_tokens=int(contract["max_tokens"]),
            calibration=Calibration(**contract["calibration"]),
            finds_acts=bool(contract.get("acts", False)),
            reads_context=bool(contract.get("reads_context", False)),
            onnx=files[NETWORK],
            tokenizer=files["tokenizer.json"],
            hashes=hashes,
            first_stage=None
            if threshold is None
            else FirstStage.read(
                files[FIRST_STAGE], plain=contract["labels"].index(NONE), threshold=threshold
            ),
            deferral_threshold=_probability(contract, "deferral_threshold"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path / CONTRACT}: not a contract of format {FORMAT}: {error!r}") from error
    _check_labels(bundle, _parse(files["config.json"], path / "config.json"))
    return bundle


def read_identity(path: Path) -> str:
    """Return name and hash of a model folder, as `Bundle.identity`; of its files only the contract is read.

    Raises:
        ModelError: the contract is missing or damaged.
    """
    raw = _read(path / CONTRACT)
    return f"{_parse(raw, path / CONTRACT).get('name')}@{_digest(raw)}"


def write_contract(
    path: Path,
    *,
    name: str,
    labels: tuple[str, ...],
    stances: tuple[str, ...],
    max_tokens: int,
    calibration: Calibration,
    finds_acts: bool,
    reads_context: bool,
    first_stage_threshold: float | None = None,
    deferral_threshold: float | None = None,
) -> None:
    """Write the contract of a folder whose other files are complete, with their hashes."""
    thresholds = {"first_stage_threshold": first_stage_threshold, "deferral_threshold": deferral_threshold}
    contract = {
        "format": FORMAT,
        "name": name,
        "labels": list(labels),
        "stances": list(stances),
        "max_tokens": max_tokens,
        "acts": finds_acts,
        "reads_context": reads_context,
        **{key: threshold for key, threshold in thresholds.items() if threshold is not None},
        "calibration": {
            "temperature": calibration.temperature,
            "sharpness": calibration.sharpness,
            "stance_temperature": calibration.stance_temperature,
            "stance_thresholds": dict(calibration.stance_thresholds),
            "label_thresholds": dict(calibration.label_thresholds),
        },
        "files": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(path.iterdir())
            if file.is_file() and file.name not in {CONTRACT, "README.md"}
        },
    }
    (path / CONTRACT).write_text(json.dumps(contract, indent=2) + "\n", encoding="utf-8")


def _digest(contract: bytes) -> str:
    return hashlib.sha256(contract).hexdigest()[:12]


def _probability(contract: Mapping[str, Any], name: str) -> float | None:
    """Return a threshold of the contract, which may do without."""
    value: float | None = contract.get(name)
    if value is not None:
        require_probability(name, value)
    return value


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}; get the model folder again") from error


def _verified(file: Path, expected: str) -> bytes:
    content = _read(file)
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"{file}: cut short or changed (sha256 {found[:12]}…, {len(content):,} bytes; the contract "
            f"says {expected[:12]}…); get the model folder again"
        )
    return content


def _parse(content: bytes, file: Path) -> dict[str, Any]:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise ModelError(f"{file}: not JSON ({error}); get the model folder again") from error
    if not isinstance(values, dict):
        raise ModelError(f"{file}: a JSON object was expected, {type(values).__name__} came")
    return values


def _check_labels(bundle: Bundle, config: Mapping[str, Any]) -> None:
    names = config.get("id2label")
    found = tuple(names.values()) if isinstance(names, dict) else None
    if found != bundle.labels:
        raise ModelError(f"{bundle.path / 'config.json'}: labels {found}; the contract says {bundle.labels}")
    if bundle.stances and not set(bundle.stances) <= set(bundle.labels):
        raise ModelError(f"{bundle.path / CONTRACT}: stances {bundle.stances} are not all labels")
