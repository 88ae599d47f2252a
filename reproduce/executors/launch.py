"""From "these runs are wanted" to "their records exist"."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce import executors
from reproduce.running import images
from reproduce.running.campaign import Campaign, Survey
from reproduce.running.interrupts import Interrupts
from reproduce.running.job import Job, sweep_job_files
from reproduce.running.launch_options import LaunchOptions, resources
from reproduce.running.progress import Display
from reproduce.running.standing import Standing, standing
from reproduce.store.planned_run import PlannedRun
from reproduce.store.queues import Liveness
from reproduce.store.store import Store

if TYPE_CHECKING:
    from reproduce.running.speeds import Speed


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
    store.make_folders(with_weights=options.save_weights or bool(found.sources))
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
        from reproduce.running.speeds import speeds

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


def _tidy(store: Store, finished: set[str]) -> None:
    """Remove what processes that were killed have left of runs that are finished."""
    leases = store.leases("tidy")
    leases.sweep()
    sweep_job_files(store)
    left = {n for n, owner in leases.owners().items() if owner.liveness() is Liveness.DEAD}
    left |= {path.stem for path in store.checkpoints.glob("*.ckpt")}
    with contextlib.suppress(OSError, UserError):  # a folder that cannot be written says so later
        for name in left & finished:
            if lease := leases.acquire(name):
                store.heartbeats.remove(name)
                store.checkpoint(name).unlink(missing_ok=True)
                store.weights.sweep(name)
                leases.release(lease)
