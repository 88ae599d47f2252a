"""The machine as this process may use it, and what it lends to a job: cores, memory, devices."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.errors import UserError

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
DEVICES = ("auto", "cpu", "cuda")
WORKER_BYTES = 1_500_000_000
CUDA_PACK = 4
_GPU_DRIVERS = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/kfd", "/dev/dxg")
BF16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # the last is ARM's


def bf16_flags() -> list[str]:
    """The CPU's instruction sets for bfloat16; empty where there are none or nothing is known."""
    flags = _cpuinfo("flags", "Features").split()
    return [flag for flag in BF16_FLAGS if flag in flags]


def cpu_name() -> str:
    """The CPU's model, as far as the system tells."""
    named = " ".join(_cpuinfo("model name").split())
    return named or platform.processor() or platform.machine() or "unknown"


def usable_cores() -> float:
    """Cores for this process: its affinity, and its control groups' quota where that is less."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min([cores, *(q for folder in _groups("cpu") if (q := _quota(folder)) is not None)])


def available_memory() -> int | None:
    """Bytes that can be had without swapping, within the control groups' limits; None if
    unknown."""
    fields = dict(line.split(":", 1) for line in _read(MEMINFO).splitlines() if ":" in line)
    if "MemAvailable" not in fields:
        return None
    available = int(fields["MemAvailable"].split()[0]) * 1024
    left = (_memory_left(folder) for folder in _groups("memory"))
    return min([available, *(bytes_left for bytes_left in left if bytes_left is not None)])


def _quota(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if quota.isdecimal() and period.strip().isdecimal() and int(quota) and int(period):
        return int(quota) / int(period)
    return None


def _memory_left(folder: Path) -> int | None:
    limit, used = _read(folder / "memory.max"), _read(folder / "memory.current")
    if not limit:
        limit = _read(folder / "memory.limit_in_bytes")
        used = _read(folder / "memory.usage_in_bytes")
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    return max(int(limit) - int(used) + _given_up_on_demand(folder), 0)


def _given_up_on_demand(folder: Path) -> int:
    """Pages of files, which count as used."""
    for line in _read(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file") and value.strip().isdecimal():
            return int(value)
    return 0


def _groups(controller: str) -> list[Path]:
    """The folders of this process's control group and of those around it, version 2 and 1."""
    found = []
    for line in _read(MEMBERSHIP).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        base = CGROUP / controller if names else CGROUP
        inner = base / path.lstrip("/")
        found += [folder for folder in (inner, *inner.parents) if folder.is_relative_to(base)]
    return found


def existing(path: Path) -> Path:
    """The path itself, or its nearest parent that exists."""
    path = path.absolute()
    return next(p for p in (path, *path.parents) if os.path.exists(p))  # False where unreadable


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


def resolve_device(device: str) -> str:
    """ "cpu" or "cuda" for "auto", "cpu" or "cuda".

    Raises:
        UserError: where CUDA is asked for and torch finds none, or for another name.
    """
    if device not in DEVICES:
        raise UserError(f"--device {device!r} is none of {', '.join(DEVICES)}")
    if device == "cpu":
        return device
    if gpu_names():
        return "cuda"
    if device == "cuda":
        raise UserError(
            "--device cuda: torch finds no CUDA device here; use --device cpu, or see what "
            "`reproduce doctor` says"
        )
    return "cpu"


def gpu_names() -> tuple[str, ...]:
    """Of the GPUs that torch can use."""
    return tuple(name for name, _ in _gpus())


def device_memory(device: str) -> int | None:
    """Bytes for training on "cpu", those that are free, or on "cuda", all of the smallest GPU; None
    if unknown."""
    if device == "cpu":
        return available_memory()
    return min((size for _, size in _gpus()), default=None)


@cache
def _gpus() -> tuple[tuple[str, int], ...]:
    """Names and bytes, asked in a process of its own, and only where a driver is there, so that the
    command itself need not load torch."""
    if not any(Path(path).exists() for path in _GPU_DRIVERS):
        return ()
    code = (
        "import json, torch; n = torch.cuda.device_count() if torch.cuda.is_available() else 0; "
        "found = [torch.cuda.get_device_properties(k) for k in range(n)]; "
        "print(json.dumps([(each.name, each.total_memory) for each in found]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        return ()
    return tuple((name, size) for name, size in json.loads(done.stdout.splitlines()[-1]))


def visible_gpu(index: int) -> str:
    """What CUDA_VISIBLE_DEVICES must be for a worker to see one GPU alone, in turn."""
    gpu = index % max(1, len(gpu_names()))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return visible[gpu].strip() if gpu < len(visible) and visible[gpu] else str(gpu)


def default_workers(device: str) -> int:
    """One worker a GPU, or one a core as far as memory goes."""
    if device == "cuda":
        return len(gpu_names())
    memory, cores = available_memory(), int(usable_cores())
    return max(1, cores if memory is None else min(cores, memory // WORKER_BYTES))
