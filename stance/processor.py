"""What the processor offers: cores, and the instructions that int8 networks are fast with."""

import os
from pathlib import Path

FAST_INSTRUCTIONS = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f", "avx512bw", "avx512vl"),
    "VNNI": ("avx512_vnni", "avx_vnni"),
}
"""Each with its flags in Linux's /proc/cpuinfo: AVX-512 takes all of them, the others any."""

CPUINFO = Path("/proc/cpuinfo")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def instructions(cpuinfo: str | None = None) -> dict[str, bool] | None:
    """Say which of the instructions that make int8 fast the processor has; answers are right without them.

    Args:
        cpuinfo: the content of Linux's /proc/cpuinfo. Default: this machine's.

    Returns:
        Whether there are AVX2, AVX-512 and VNNI; None where it is not known (not Linux, or not x86).
    """
    if cpuinfo is None:
        try:
            cpuinfo = CPUINFO.read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    flags = next((set(value.split()) for name, _, value in lines if name.strip() == "flags"), None)
    if flags is None:
        return None
    return {
        name: (all if name == "AVX-512" else any)(flag in flags for flag in needed)
        for name, needed in FAST_INSTRUCTIONS.items()
    }


def describe() -> str:
    """Say in a line how many cores there are, and which instructions the processor has and lacks."""
    found = instructions()
    if found is None:
        return f"{cores()} cores; its instructions are unknown (they are read from Linux on x86)"
    has = ", ".join(name for name, there in found.items() if there) or "none of what makes int8 fast"
    lacks = ", ".join(name for name, there in found.items() if not there)
    return f"{cores()} cores; has {has}" + (f"; lacks {lacks}: slower, not less right" if lacks else "")
