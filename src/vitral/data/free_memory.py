"""How much memory programs may still take."""

import os
from pathlib import Path

_UNKNOWN_FREE_BYTES = 2 * 2**30


def free_memory_bytes() -> int:
    """Memory that programs may still take, by what this system and its container say."""
    return min(_machine_free_bytes(), _container_free_bytes())


def _machine_free_bytes() -> int:
    try:
        known = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(known["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return _half_of_built_in_bytes()  # no Linux


def _half_of_built_in_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError, AttributeError):  # Windows tells neither
        return _UNKNOWN_FREE_BYTES


def _container_free_bytes() -> int:
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # no such limit, or "max"
        return 2**63 - 1
    return max(0, limit - used)
