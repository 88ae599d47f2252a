"""The machine as this process may use it: cores, memory, instructions. Standard library only."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
BF16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # the last is ARM's


def bf16_flags() -> list[str]:
    """The CPU's instruction sets for bfloat16; empty where there are none or nothing is known."""
    flags = _cpuinfo("flags", "Features").split()
    return [flag for flag in BF16_FLAGS if flag in flags]


def cpu_name() -> str:
    """The CPU's model, as far as the system tells."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def present_cores() -> int:
    """Logical cores of the machine."""
    return os.cpu_count() or 1


def usable_cores() -> float:
    """Cores for this process: its affinity, and its control group's quota where that is less."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else present_cores()
    quota, _, period = _read(CGROUP / "cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return min(affinity, int(quota) / int(period))
    return affinity


def available_memory() -> int | None:
    """Bytes that can be had without swapping, within the control group's limit; None if unknown."""
    fields = dict(line.split(":", 1) for line in _read(MEMINFO).splitlines() if ":" in line)
    if "MemAvailable" not in fields:
        return None
    available = int(fields["MemAvailable"].split()[0]) * 1024
    limit, used = _read(CGROUP / "memory.max"), _read(CGROUP / "memory.current")
    if limit.isdecimal() and used.isdecimal():
        available = min(available, max(int(limit) - int(used), 0))
    return available


def existing(path: Path) -> Path:
    """The path itself, or its nearest parent that exists."""
    path = path.absolute()
    return next(p for p in (path, *path.parents) if p.exists())


def _cpuinfo(*keys: str) -> str:
    for line in _read(CPUINFO).splitlines():
        key, _, value = line.partition(":")
        if key.strip() in keys:
            return value.strip()
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
