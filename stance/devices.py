"""Where a network runs: the processor, or NVIDIA GPUs (extra `gpu`)."""

import re
from importlib import import_module
from typing import Any

from stance.errors import InputError, MissingExtraError, require_extra

CPU, CUDA = "cpu", "cuda"


def kind_of(device: str) -> str:
    """Return "cpu" or "cuda", for "cpu", "cuda" or "cuda:1".

    Raises:
        InputError: it is none of these.
    """
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", str(device)):
        raise InputError(f'device {device!r} came; "cpu", "cuda" or "cuda:1" (the second GPU) was expected')
    return device.partition(":")[0]


def find_gpus(device: str = CUDA) -> tuple[str, ...]:
    """Return the GPUs that a device names: "cuda" all that are there, "cuda:1" the second.

    Raises:
        InputError: there is no such GPU, or none that PyTorch can use.
        MissingExtraError: the extra `gpu` is not installed.
    """
    found = tuple(f"{CUDA}:{number}" for number in range(_cuda().device_count()))
    if not found:
        version = import_module("torch").__version__
        raise InputError(
            f"device {device}: PyTorch {version} finds no NVIDIA GPU here; install the GPU's driver and a "
            "PyTorch for CUDA (https://pytorch.org/get-started), or take device cpu"
        )
    if device == CUDA:
        return found
    if device not in found:
        raise InputError(f"device {device}: is not here; there are: {', '.join(found)}")
    return (device,)


def require_gpu_extra() -> None:
    """Raise a MissingExtraError unless the extra `gpu` is installed."""
    require_extra("a GPU", "gpu", "safetensors", "torch", "transformers")


def describe_devices() -> str:
    """Say in a line which devices there are."""
    try:
        cuda = _cuda()
    except MissingExtraError as error:
        return f"{CPU}; {error}"
    names = [f"{CUDA}:{number} ({cuda.get_device_name(number)})" for number in range(cuda.device_count())]
    return ", ".join([CPU, *names]) if names else f"{CPU}; PyTorch finds no NVIDIA GPU"


def _cuda() -> Any:
    require_gpu_extra()
    return import_module("torch").cuda
