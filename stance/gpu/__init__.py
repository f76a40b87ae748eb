"""The network in PyTorch, for GPUs and for training (extra `gpu`)."""

from importlib.util import find_spec

from stance.errors import MissingExtraError

_NEEDED = ("safetensors", "torch", "transformers")

if not all(map(find_spec, _NEEDED)):
    raise MissingExtraError("a GPU", "gpu")
