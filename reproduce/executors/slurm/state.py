"""Where each run stands with the queue: submissions on disk first, the queue's own word second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest
from reproduce.executors.slurm.manifest import INTENDED, Manifest, SubmittedArray, SubmittedRun
from reproduce.store.queues import CANCELLED, GONE, QUEUED, UNKNOWN, Place

if TYPE_CHECKING:
    from reproduce.store.store import Store


class SilentQueueError(UserError):
    """No queue answers, which may pass."""

    def __init__(self) -> None:
        super().__init__("the queue does not answer: is SLURM up? `squeue` would tell")


# Reasons of jobs that start once it is their turn; a requeued one waits for its BeginTime, and one
# whose runs start from others' weights for these.
ORDINARY = (
    "",
    "None",
    "Priority",
    "Resources",
    "JobArrayTaskLimit",
    "BeginTime",
    "Cleaning",
    "Dependency",
)


@dataclass(frozen=True)
class Queue:
    """What was found.

    Attributes:
        manifests: all submissions.
        jobs: the user's jobs by number, None where no queue answers.
        name: of the cluster whose jobs these are.
        places: of each run that was ever submitted, by hash.
    """

    manifests: tuple[Manifest, ...]
    jobs: Mapping[str, cluster.Queued] | None
    name: str
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def on_hold(self) -> int:
        """Tasks of submissions that are being made, or were killed half way."""
        comments = {s.comment for s in self.manifests if s.state == INTENDED}
        return sum(entry.comment in comments for entry in (self.jobs or {}).values())

    def live(self, submission: Manifest, array: SubmittedArray) -> list[int]:
        """The tasks of an array that the queue still knows."""
        return [
            task
            for task in range(len(array.tasks))
            if self.job_of(submission, array, array.number(task))
        ]

    def job_of(
        self, submission: Manifest, array: SubmittedArray, number: str
    ) -> cluster.Queued | None:
        """The queue's entry of a task, unless its number belongs to another job by now."""
        if submission.cluster != self.name:
            return None
        entry = (self.jobs or {}).get(number)
        return entry if entry and _ours(entry, submission, array) else None


def look(store: Store) -> Queue:
    """Read the submissions, then ask the queue.

    In this order, and before records are looked at: what has left the queue by then has published
    what it ever will, and what was submitted later is none of ours. Without submissions no queue is
    asked.

    Raises:
        UserError: for a submission that cannot be read.
    """
    manifests = tuple(manifest.read_all(store))
    jobs, name = _ask() if manifests else ({}, "")
    found = Queue(manifests, jobs, name)
    places: dict[str, Place] = {}
    for submission in manifests:
        if submission.state != INTENDED:
            for array in submission.arrays:
                for task, runs in enumerate(array.tasks):
                    _put(places, runs, _place(store, found, submission, array, task))
    return replace(found, places=places)


def _ask() -> tuple[Mapping[str, cluster.Queued] | None, str]:
    if not cluster.present() or not (facts := cluster.facts()):
        return None, ""
    return cluster.queue(), facts.name


def _place(
    store: Store, found: Queue, submission: Manifest, array: SubmittedArray, task: int
) -> Place:
    number, reason = array.number(task), ""
    if task in array.cancelled:
        state = CANCELLED  # though it may take a while to end; its claims keep others off
    elif found.jobs is None or submission.cluster != found.name:
        state = UNKNOWN
    elif entry := found.job_of(submission, array, number):
        state = QUEUED
        reason = entry.reason if entry.pending and entry.reason not in ORDINARY else ""
    else:
        state = GONE
    log = str(submission.log(store, number))
    return Place(state, number, array.name, log, "", submission.keeps_weights, reason)


def _put(places: dict[str, Place], runs: Iterable[SubmittedRun], place: Place) -> None:
    """The later submission counts, unless an earlier one is still in the queue."""
    for run in runs:
        before = places.get(run.hash)
        if before is None or before.state != QUEUED or place.state == QUEUED:
            places[run.hash] = replace(place, failure=run.failure)


def _ours(entry: cluster.Queued, submission: Manifest, array: SubmittedArray) -> bool:
    # Some sites write comments of their own; then the name must do.
    if entry.comment.startswith(cluster.COMMENT):
        return entry.comment == submission.comment
    return entry.name == array.name
