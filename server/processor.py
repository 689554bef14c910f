"""Which of OpenBLAS's kernels NumPy multiplies with; to be chosen before NumPy is imported."""

import os
from collections.abc import MutableMapping
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")

# OpenBLAS 0.3.31 takes its AVX2 kernel on AMD's processors with AVX-512 (seen on an EPYC of family
# 26). With the other a search of a million vectors costs 5.1 ms of CPU instead of 6.1 when 16
# clients ask at once, and 2.7 instead of 4.2 when 64 do (`benchmarks/index_search.py`).
VARIABLE = "OPENBLAS_CORETYPE"
WIDE_KERNEL = "SkylakeX"
NEEDED = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})


def choose_kernel(
    cpuinfo: Path = CPUINFO, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Leaves alone what is already chosen, and every processor that would not bear the kernel."""
    if cpuinfo.is_file() and _is_wide_amd(cpuinfo.read_text()):
        environment.setdefault(VARIABLE, WIDE_KERNEL)


def _is_wide_amd(cpuinfo: str) -> bool:
    fields = dict(_field(line) for line in cpuinfo.splitlines() if ":" in line)
    vendor, flags = fields.get("vendor_id", ""), fields.get("flags", "").split()
    return vendor == "AuthenticAMD" and NEEDED.issubset(flags)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
