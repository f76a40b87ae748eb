"""Train, calibrate, measure and export models (extra `train`)."""

from stance.errors import MissingExtraError

try:
    import onnx  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401
except ImportError as error:
    raise MissingExtraError("training", "train") from error
