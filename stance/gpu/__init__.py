"""The network in PyTorch, for GPUs and for training (extra `gpu`)."""

from stance.devices import require_gpu_extra

require_gpu_extra()
