"""``--wait``: shows what the queue's tasks do until nothing is left, and submits what had no room.

Only the files are looked at every few seconds; the queue is asked now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, state
from reproduce.executors.slurm.submit import submit
from reproduce.running import images
from reproduce.running.campaign import Campaign
from reproduce.running.interrupts import Interrupts
from reproduce.running.job import Job
from reproduce.running.launch import LaunchSummary
from reproduce.running.progress import Display
from reproduce.running.standing import standing
from reproduce.store.claims import PATIENCE_SECONDS

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.executors.slurm.submit import Request, Submitted
    from reproduce.running.campaign import Survey
    from reproduce.store.failures import Failure

LOOK_SECONDS = 2.0
ASK_SECONDS = 10.0


def follow(
    planned: Sequence[PlannedRun],
    request: Request,
    first: Submitted,
    failed_before: dict[str, Failure],
    *,
    shown: bool,
) -> LaunchSummary:
    """Until every run that was submitted, here or before, has its record, has failed or is lost.

    Ctrl-C leaves the queue as it is.

    Args:
        failed_before: of all runs, as they were before ``first``.
    """
    store = request.store
    awaited = [*first.running, *first.queued, *first.unknown, *first.fresh]
    awaited += [*first.deferred, *first.ending]
    before = {name: failure.token for name, failure in failed_before.items()}
    wanted = standing(awaited, store, save_weights=request.save_weights)
    # A task trains what its runs start from even where that was not submitted by itself.
    job = Job(
        tuple({item.run.hash: item for item in (*awaited, *wanted.missing)}.values()),
        store,
        request.data,
        device=request.options.device,
        executor="slurm",
        save_weights=request.save_weights,
        sources=wanted.sources,
        recorded=wanted.recorded,
        failed_before=before,
    )
    with Interrupts() as interrupts, Display(shown) as display:
        known = [item.run for item in (*planned, *job.planned)]
        counts = {run.data.name: images.train_images(run, request.data) for run in known}
        campaign = Campaign(job, first.done, counts, PATIENCE_SECONDS, display.note)
        survey = _watch(campaign, request, first, interrupts, display)
        display.update(survey)
        failed = campaign.failed()
    missing = survey.runs - survey.done - survey.failed + len(first.left)
    return LaunchSummary(survey.done, survey.failed, missing, interrupts.requested, failed)


def _watch(
    campaign: Campaign,
    request: Request,
    last: Submitted,
    interrupts: Interrupts,
    display: Display,
) -> Survey:
    next_question = time.monotonic() + ASK_SECONDS
    deferred = [*last.deferred, *last.ending]
    while True:
        survey = campaign.survey()
        display.update(survey)
        if survey.over:
            return survey
        if interrupts.requested:
            display.note("no longer following; the jobs go on, and `reproduce cancel` ends them")
            return replace(survey, stopped=True)
        if time.monotonic() >= next_question:
            if deferred:
                deferred = _top_up(deferred, request, display.note)
            if not deferred and (gone := _gone(campaign)):
                for line in _told(gone):
                    display.note(line)
                return campaign.survey()
            next_question = time.monotonic() + ASK_SECONDS
        interrupts.wait(LOOK_SECONDS)


def _top_up(
    deferred: list[PlannedRun], request: Request, note: Callable[[str], None]
) -> list[PlannedRun]:
    """Submit what there is room for by now, unless the queue is silent for a while; gives what is
    still to come."""
    try:
        more = submit(deferred, request)
    except UserError as error:
        if not isinstance(error, state.SilentQueueError) and cluster.queue() is not None:
            raise
        return deferred  # whatever a queue that went silent meanwhile holds, the next call finds
    if more.fresh:
        note(f"submitted {len(more.fresh)} more; {len(more.deferred)} still wait for room")
    return [*more.deferred, *more.ending]


def _told(gone: Sequence[str]) -> Iterator[str]:
    """What has become of them, by the states in which they were found."""
    cancelled = sum(found == state.CANCELLED for found in gone)
    if lost := len(gone) - cancelled:
        runs, them = ("1 run has", "it") if lost == 1 else (f"{lost} runs have", "them")
        yield (
            f"{runs} left the queue without a result: `reproduce status` tells why, the same "
            f"command submits {them} again"
        )
    if cancelled:
        runs, them = ("1 run was", "it") if cancelled == 1 else (f"{cancelled} runs were", "them")
        yield f"{runs} cancelled by `reproduce cancel`; the same command submits {them} again"


def _gone(campaign: Campaign) -> list[str]:
    """The states of runs that nothing will be heard of any more, once nothing else is awaited."""
    found = state.look(campaign.job.store)
    survey = campaign.survey()  # after the queue: what had left it by then is published
    if found.jobs is None or survey.over or survey.running:
        return []
    failed = campaign.failed()
    hashes = [item.run.hash for item in campaign.job.planned]
    left = [name for name in hashes if name not in failed and not campaign.job.is_over(name)]
    places = [found.places.get(name) for name in left]
    states = [place.state if place else state.GONE for place in places]
    return [] if {*states} & {state.QUEUED, state.UNKNOWN} else states
