"""Train, calibrate, measure and export models (extra `train`)."""

from stance.errors import require_extra

require_extra(
    "training",
    "train",
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
