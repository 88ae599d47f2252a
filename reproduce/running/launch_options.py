"""How to train, and on what device, by how many workers; none of it changes a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import UserError
from reproduce.running.budget import Budget
from reproduce.store import hardware
from reproduce.store.heartbeat import PATIENCE_SECONDS
from reproduce.store.paths import default_data


@dataclass(frozen=True)
class LaunchOptions:
    """How to train, none of which changes a number.

    Attributes:
        executor: "local" (worker processes here) or "debug" (this process).
        workers: processes; by default one a core as memory allows, or one a GPU.
        device: "auto", "cpu" or "cuda".
        data: the folder of the data sets.
        pack: runs that a worker trains at once; by default 1 on a CPU and 4 on a GPU.
        progress: whether to show how far things are, on stderr.
        save_weights: whether each run's final weights are kept; a run without them is missing.
        nice: the niceness of worker processes.
        budget: how long the command may take; what does not fit is left, with its checkpoints.
        patience: seconds of silence after which a run held on another machine is taken over.
    """

    executor: str = "local"
    workers: int | None = None
    device: str = "auto"
    data: Path = field(default_factory=default_data)
    pack: int | None = None
    progress: bool = True
    save_weights: bool = False
    nice: int = 0
    budget: Budget | None = None
    patience: float = PATIENCE_SECONDS


@dataclass(frozen=True)
class Resources:
    """The device, the number of workers, and how many runs each trains at once."""

    device: str
    workers: int
    pack: int


def resources(runs: int, options: LaunchOptions) -> Resources:
    """What ``runs`` missing runs would be trained on.

    Raises:
        UserError: for counts below 1, or a device that is not there.
    """
    for name, value in (("--workers", options.workers), ("--pack", options.pack)):
        if value is not None and value < 1:
            raise UserError(f"{name} must be at least 1, not {value}")
    device = hardware.resolve_device(options.device)
    pack = options.pack or (hardware.CUDA_PACK if device == "cuda" else 1)
    if options.executor == "debug":
        return Resources(device, 1, pack)
    workers = options.workers or hardware.default_workers(device)
    return Resources(device, max(1, min(workers, -(-runs // pack))), pack)
