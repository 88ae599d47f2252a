"""What this machine lends to a job: devices, workers and runs side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.store import hardware

DEVICES = ("auto", "cpu", "cuda")
WORKER_BYTES = 1_500_000_000
CUDA_PACK = 4
_GPU_DRIVERS = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/kfd", "/dev/dxg")


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


def default_workers(device: str) -> int:
    """One worker a GPU, or one a core as far as memory goes."""
    if device == "cuda":
        return gpu_count()
    memory, cores = hardware.available_memory(), int(hardware.usable_cores())
    return max(1, cores if memory is None else min(cores, memory // WORKER_BYTES))
