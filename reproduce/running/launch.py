"""From "these runs are wanted" to "their records exist"."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce import executors
from reproduce.catalogue.tables import PlannedRun
from reproduce.running import images
from reproduce.running.budget import Budget
from reproduce.running.campaign import Campaign, Survey
from reproduce.running.interrupts import Interrupts
from reproduce.running.job import Job, sweep_job_files
from reproduce.running.progress import Display
from reproduce.running.standing import Standing, standing
from reproduce.store import atomic, hardware
from reproduce.store.heartbeat import PATIENCE_SECONDS
from reproduce.store.paths import default_data
from reproduce.store.queues import Liveness
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.running.estimate import Speed


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
        patience: seconds of silence after which a run claimed on another machine is taken over.
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


def launch(planned: Sequence[PlannedRun], store: Store, options: LaunchOptions) -> Survey:
    """Train those of ``planned`` that are missing, and wait for those that others train.

    A run is missing without a record and, where weights are to be kept, without its weights. What
    a missing run starts from is trained before it, and counts like what was planned.

    Raises:
        UserError: for missing or wrong data, no such device, a folder that cannot be written; also,
            before anything is trained, for a damaged record of ``planned``.
        RuntimeError: where workers end again and again for no reason that is known.
    """
    found = standing(planned, store, save_weights=options.save_weights)
    _tidy(store, {item.run.hash for item in found.finished})
    if not found.missing:
        return Survey(len(found.finished), len(found.finished))
    job = make_job(found, store, options)
    make_folders(store, with_weights=options.save_weights or bool(found.sources))
    with Interrupts() as interrupts, Display(options.progress) as display:
        campaign = Campaign(job, display.note, found.finished, options.patience)
        executors.get(options.executor).execute(campaign, interrupts, display)
        survey = campaign.survey()
        spent = options.budget is not None and not survey.over and not interrupts.requested
        survey = replace(survey, interrupted=interrupts.requested, spent=spent)
        display.update(survey)
    return survey


def make_job(found: Standing, store: Store, options: LaunchOptions) -> Job:
    """What the workers that train what is missing are told, with every default decided and the data
    checked.

    Raises:
        UserError: see :func:`launch`.
    """
    images.check((item.run for item in found.missing), options.data)
    means = resources(len(found.missing), options)
    rates: dict[str, Speed] = {}
    if options.budget:
        from reproduce.running.estimate import speeds

        rates = speeds([item.run for item in found.missing], store, means, measured=False)
    return Job(
        planned=found.missing,
        store=store,
        data=options.data,
        device=means.device,
        executor=options.executor,
        workers=means.workers,
        pack=means.pack,
        save_weights=options.save_weights,
        sources=found.sources,
        nice=options.nice,
        recorded=found.recorded,
        failed_before={name: failure.token for name, failure in found.failed.items()},
        deadline=options.budget.deadline if options.budget else None,
        rates={kind: speed.images_per_second for kind, speed in rates.items()},
    )


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


def still_missing(job: Job) -> tuple[Job, dict[str, UserError]]:
    """The job without the runs of which nothing is left to do by now, and without those whose
    record is damaged; what is wrong with each of these, by hash."""
    damaged = {}
    for item in job.planned:
        try:
            job.store.records.collect([item.run.hash])
        except UserError as error:
            damaged[item.run.hash] = error
    left = [p for p in job.planned if p.run.hash not in damaged and not job.is_over(p.run.hash)]
    return replace(job, planned=tuple(left)), damaged


def make_folders(store: Store, *, with_weights: bool = False) -> None:
    """The folders that training writes to.

    Raises:
        UserError: where they cannot be written.
    """
    folders = [
        store.records.folder,
        store.claims().folder,
        store.checkpoints,
        store.failures.folder,
        store.logs,
    ]
    for folder in [*folders, store.weights.folder] if with_weights else folders:
        with atomic.telling(f"write {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UserError(f"cannot write {folder}: give another folder with --results")


def _tidy(store: Store, finished: set[str]) -> None:
    """Remove what processes that were killed have left of runs that are finished."""
    claims = store.claims("tidy")
    claims.sweep()
    sweep_job_files(store)
    left = {n for n, owner in claims.owners().items() if owner.liveness() is Liveness.DEAD}
    left |= {path.stem for path in store.checkpoints.glob("*.ckpt")}
    with contextlib.suppress(OSError, UserError):  # a folder that cannot be written says so later
        for name in left & finished:
            if claim := claims.acquire(name):
                store.heartbeats.remove(name)
                store.checkpoint(name).unlink(missing_ok=True)
                store.weights.sweep(name)
                claims.release(claim)
