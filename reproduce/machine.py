"""What this machine lends to a job: cores, memory and GPUs, as its limits allow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.errors import UserError

DEVICES = ("auto", "cpu", "cuda")
WORKER_BYTES = 1_500_000_000
CUDA_PACK = 4
_GPU_DRIVERS = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/kfd", "/dev/dxg")
_NO_LIMIT = 1 << 60


def resolve_device(device: str) -> str:
    """ "cpu" or "cuda" for "auto", "cpu" or "cuda".

    Raises:
        UserError: where CUDA is asked for and torch finds none, or for another name.
    """
    if device not in DEVICES:
        raise UserError(f"--device {device!r} is none of {', '.join(DEVICES)}")
    if device == "cpu":
        return device
    if gpu_count() > 0:
        return "cuda"
    if device == "cuda":
        raise UserError(
            "--device cuda: torch finds no CUDA device here; use --device cpu, or see what "
            "`reproduce doctor` says"
        )
    return "cpu"


def gpu_count() -> int:
    """GPUs that torch can use."""
    return len(gpu_names())


@cache
def gpu_names() -> tuple[str, ...]:
    """Of the GPUs that torch can use; asked in a process of its own, and only where a driver is
    there, so that the command itself need not load torch."""
    if not any(Path(path).exists() for path in _GPU_DRIVERS):
        return ()
    code = (
        "import json, torch; n = torch.cuda.device_count() if torch.cuda.is_available() else 0; "
        "print(json.dumps([torch.cuda.get_device_name(k) for k in range(n)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        return ()
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def visible_gpu(index: int) -> str:
    """What CUDA_VISIBLE_DEVICES must be for a worker to see one GPU alone, in turn."""
    gpu = index % max(1, gpu_count())
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return visible[gpu].strip() if gpu < len(visible) and visible[gpu] else str(gpu)


def default_workers(device: str, runs: int, pack: int = 1) -> int:
    """One worker a GPU, or one a core as far as memory goes; no more than there are packs."""
    if device == "cuda":
        places = gpu_count()
    else:
        places = min(usable_cores(), available_bytes() // WORKER_BYTES)
    return max(1, min(places, -(-runs // pack)))


def usable_cores() -> int:
    """Cores that this process may use: its affinity and its control group's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, int(_quota())))


def available_bytes() -> int:
    """Memory that new processes may use: what is free, or what the control group leaves."""
    return min(_free_bytes(), _group_bytes())


def _quota() -> float:
    for folder in _groups("cpu"):
        text = _text(folder / "cpu.max").split()
        if len(text) == 2 and text[0].isdecimal():
            return max(1.0, int(text[0]) / int(text[1]))
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota is not None and quota > 0 and period:
            return max(1.0, quota / period)
    return float(_NO_LIMIT)


def _free_bytes() -> int:
    for line in _text(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return _NO_LIMIT


def _group_bytes() -> int:
    left = _NO_LIMIT
    for folder in _groups("memory"):
        for limit, used in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            most, now = _number(folder / limit), _number(folder / used)
            if most is not None and now is not None and most < _NO_LIMIT:
                left = min(left, most - now + _cached_bytes(folder))
    return left


def _cached_bytes(folder: Path) -> int:
    """Pages of files, which count as used although they are given up on demand."""
    for line in _text(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(value)
    return 0


def _groups(controller: str) -> list[Path]:
    """The folders of this process's control group and those above it, version 2 and 1."""
    root = Path("/sys/fs/cgroup")
    found = []
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        base = root / controller if names else root
        inner = base / path.lstrip("/")
        found += [inner, *(p for p in inner.parents if p == base or base in p.parents)]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdecimal() else None
