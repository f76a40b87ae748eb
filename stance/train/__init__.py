"""Train, calibrate, measure and export models (extra `train`)."""

from importlib.util import find_spec

from stance.errors import MissingExtraError

_NEEDED = (
    "accelerate",
    "datasets",
    "jinja2",
    "matplotlib",
    "onnx",
    "onnxscript",
    "safetensors",
    "sklearn",
    "torch",
    "transformers",
)

if not all(map(find_spec, _NEEDED)):
    raise MissingExtraError("training", "train")
