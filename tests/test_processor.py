"""What the processor offers, and the same answers on one that offers less."""

import json
import shutil
import subprocess
import sys

import pytest

import stance
from stance.processor import cores, describe, instructions

from .conftest import SENTENCES, TINY

CODE = f"""
import json, sys
sys.path.insert(0, {str(TINY.parents[2])!r})
import stance
classifier = stance.load({str(TINY)!r}, threads=1)
print(json.dumps([dict(one.probabilities) for one in classifier.classify_many({SENTENCES!r})]))
"""


def test_instructions_are_read_from_the_flags() -> None:
    """AVX-512 needs all that int8 takes of it; VNNI comes in two forms."""
    old = "processor : 0\nflags\t\t: fpu sse4_2 avx2 avx512f\n"
    assert instructions(old) == {"AVX2": True, "AVX-512": False, "VNNI": False}
    new = "flags : avx2 avx512f avx512bw avx512vl avx_vnni\n"
    assert instructions(new) == {"AVX2": True, "AVX-512": True, "VNNI": True}


def test_a_processor_without_flags_is_unknown() -> None:
    """Nothing is claimed of other machines."""
    assert instructions("processor : 0\nFeatures : fp asimd\n") is None


def test_cores_and_what_is_lacking_are_said() -> None:
    """A line for `stance info`, on any machine."""
    assert cores() >= 1
    assert describe().startswith(f"{cores()} core")


@pytest.mark.skipif(not shutil.which("qemu-x86_64-static"), reason="needs Debian's qemu-user-static")
@pytest.mark.parametrize("processor", ["Haswell", "Nehalem"])
def test_a_processor_with_less_gives_the_same_labels(processor: str) -> None:
    """Without AVX-512 and VNNI, and without AVX: the labels are the same, the probabilities close."""
    run = subprocess.run(
        ["qemu-x86_64-static", "-cpu", processor, sys.executable, "-Ic", CODE],
        capture_output=True,
        check=True,
    )
    found = json.loads(run.stdout)
    here = [one.probabilities for one in stance.load(TINY).classify_many(SENTENCES)]
    for old, new in zip(found, here, strict=True):
        assert max(old, key=old.__getitem__) == max(new, key=new.__getitem__)
        assert old == pytest.approx(new, abs=0.02)
