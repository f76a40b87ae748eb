"""Where a network can run."""

import pytest

import stance
from stance.devices import describe_devices, find_gpus, kind_of
from stance.errors import InputError, MissingExtraError

from .conftest import TINY


@pytest.mark.parametrize(("device", "kind"), [("cpu", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda")])
def test_a_device_has_a_kind(device: str, kind: str) -> None:
    """A GPU may have a number."""
    assert kind_of(device) == kind


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU", "", None])
def test_what_is_no_device_is_refused(device: str) -> None:
    """It is shown, and what was expected."""
    with pytest.raises(InputError, match='"cpu", "cuda" or "cuda:1"'):
        stance.load(TINY, device=device)


def test_a_gpu_that_is_not_here_is_refused() -> None:
    """Whether there are others or none, it is said what to do."""
    pytest.importorskip("torch")
    with pytest.raises(
        InputError, match=r"cuda:99: (is not here; there are: cuda:0|PyTorch .* take device cpu)"
    ):
        stance.load(TINY, device="cuda:99")


def test_devices_are_described() -> None:
    """The CPU always; and the GPUs, if there are any."""
    pytest.importorskip("torch")
    try:
        found = find_gpus()
    except InputError:
        assert describe_devices() == "cpu; PyTorch finds no NVIDIA GPU"
    else:
        assert all(f"{name} (" in describe_devices() for name in found)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU is refused, and a description says so."""
    monkeypatch.setattr("stance.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"stance-classifier\[gpu\]"):
        find_gpus()
    assert describe_devices().startswith("cpu; a GPU")
