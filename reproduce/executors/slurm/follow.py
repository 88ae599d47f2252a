"""``--wait``: shows what the queue's tasks do until nothing is left, and submits what had no room.

Only the files are looked at every few seconds; the queue is asked now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, queue
from reproduce.executors.slurm.submit import DEFERRED, LEFT, SUBMITTED, submit
from reproduce.running.campaign import Campaign
from reproduce.running.interrupts import Interrupts
from reproduce.running.progress import Display
from reproduce.running.standing import DONE, ENDING, RUNNING
from reproduce.store.queues import CANCELLED, GONE, QUEUED, UNKNOWN

if TYPE_CHECKING:
    from reproduce.executors.slurm.arrays import Request
    from reproduce.executors.slurm.submit import Submitted
    from reproduce.running.campaign import Survey
    from reproduce.store.planned_run import PlannedRun

LOOK_SECONDS = 2.0
ASK_SECONDS = 10.0


def follow(request: Request, first: Submitted, *, shown: bool) -> Survey:
    """Until every run that was submitted, here or before, has its record, has failed or is lost.

    Ctrl-C leaves the queue as it is.
    """
    awaited = first.of(RUNNING, QUEUED, UNKNOWN, SUBMITTED, DEFERRED, ENDING)
    job = request.job(awaited, first.wanted)
    with Interrupts() as interrupts, Display(shown) as display:
        campaign = Campaign(job, display.note, first.of(DONE))
        survey = _watch(campaign, request, first, interrupts, display)
        display.update(survey)
    return replace(survey, runs=survey.runs + len(first.of(LEFT)), interrupted=interrupts.requested)


def _watch(
    campaign: Campaign,
    request: Request,
    last: Submitted,
    interrupts: Interrupts,
    display: Display,
) -> Survey:
    next_question = time.monotonic() + ASK_SECONDS
    deferred = last.of(DEFERRED, ENDING)
    while True:
        survey = campaign.survey()
        display.update(survey)
        if survey.over:
            return survey
        if interrupts.requested:
            display.note("no longer following; the jobs go on, and `reproduce cancel` ends them")
            return replace(survey, interrupted=True)
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
        if not isinstance(error, queue.SilentQueueError) and cluster.queue() is not None:
            raise
        return deferred  # whatever a queue that went silent meanwhile holds, the next call finds
    if fresh := len(more.of(SUBMITTED)):
        note(f"submitted {fresh} more; {len(more.of(DEFERRED))} still wait for room")
    return more.of(DEFERRED, ENDING)


def _told(gone: Sequence[str]) -> Iterator[str]:
    """What has become of them, by the states in which they were found."""
    cancelled = sum(found == CANCELLED for found in gone)
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
    found = queue.look(campaign.job.store.slurm)
    survey = campaign.survey()  # after the queue: what had left it by then is published
    if found.jobs is None or survey.over or survey.running:
        return []
    hashes = {item.run.hash for item in campaign.job.planned} - survey.failures.keys()
    places = [found.places.get(name) for name in hashes if not campaign.job.is_over(name)]
    states = [place.state if place else GONE for place in places]
    return [] if {*states} & {QUEUED, UNKNOWN} else states
