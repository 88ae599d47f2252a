"""Where each submitted run stands with SLURM, as :class:`reproduce.store.queues.Queue` asks it: the
submissions on disk first, the queue's own word second; and how those were lost that have left it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest
from reproduce.executors.slurm.manifest import INTENDED, Manifest, SubmittedArray
from reproduce.executors.slurm.owners import liveness, this_job
from reproduce.store.queues import CANCELLED, GONE, QUEUED, UNKNOWN, Lost, Place

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.store.store import Store

__all__ = ["explain", "liveness", "look", "this_job"]

# Reasons of jobs that start once it is their turn; a requeued one waits for its BeginTime, and one
# whose runs start from others' weights for these.
ORDINARY = {"Priority", "Resources", "JobArrayTaskLimit", "BeginTime", "Cleaning", "None"}
ORDINARY |= {"Dependency"}
TAIL_BYTES = 4096
LOGS = 20  # that are read


class SilentQueueError(UserError):
    """No queue answers, which may pass."""

    def __init__(self) -> None:
        super().__init__("the queue does not answer: is SLURM up? `squeue` would tell")


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes:
        manifests: all submissions.
        jobs: the user's jobs by number, None where no queue answers.
        cluster_name: of that whose jobs these are.
        places: of each run that was ever submitted, by hash.
    """

    manifests: tuple[Manifest, ...]
    jobs: Mapping[str, cluster.Queued] | None
    cluster_name: str
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def on_hold(self) -> int:
        """Tasks of submissions that are being made, or were killed half way."""
        comments = {s.comment for s in self.manifests if s.state == INTENDED}
        return sum(entry.comment in comments for entry in (self.jobs or {}).values())

    def live(self, submission: Manifest, array: SubmittedArray) -> list[int]:
        """The tasks of an array that the queue still knows."""
        return [k for k in range(len(array.tasks)) if self.job_of(submission, array, k)]

    def job_of(
        self, submission: Manifest, array: SubmittedArray, task: int
    ) -> cluster.Queued | None:
        """The queue's entry of a task, unless its number belongs to another job by now."""
        entry = (self.jobs or {}).get(array.number(task))
        if not entry or submission.cluster != self.cluster_name:
            return None
        if entry.comment.startswith(cluster.COMMENT):
            return entry if entry.comment == submission.comment else None
        # Some sites write comments of their own; then the name must do.
        return entry if entry.name == array.name else None


def look(store: Store) -> Answer:
    """Read the submissions, then ask the queue.

    In this order, and before records are looked at: what has left the queue by then has published
    what it ever will, and what was submitted later is none of ours. Without submissions no queue is
    asked.

    Raises:
        UserError: for a submission that cannot be read.
    """
    manifests = tuple(manifest.read_all(store))
    found = Answer(manifests, *(_ask() if manifests else ({}, "")))
    for submission in manifests:
        for array in submission.arrays if submission.state != INTENDED else ():
            for task, runs in enumerate(array.tasks):
                place = _place(store, found, submission, array, task)
                for run in runs:
                    # The later submission counts, unless an earlier one is still in the queue.
                    before = found.places.get(run.hash)
                    if before is None or before.state != QUEUED or place.state == QUEUED:
                        found.places[run.hash] = replace(place, failure=run.failure)
    return found


def _ask() -> tuple[Mapping[str, cluster.Queued] | None, str]:
    if not cluster.present() or not (facts := cluster.facts()):
        return None, ""
    return cluster.queue(), facts.name


def _place(
    store: Store, found: Answer, submission: Manifest, array: SubmittedArray, task: int
) -> Place:
    number, reason = array.number(task), ""
    if task in array.cancelled:
        state = CANCELLED  # though it may take a while to end; its claims keep others off
    elif found.jobs is None or submission.cluster != found.cluster_name:
        state = UNKNOWN
    elif entry := found.job_of(submission, array, task):
        state = QUEUED
        reason = entry.reason if entry.pending and entry.reason not in ORDINARY else ""
    else:
        state = GONE
    log = str(manifest.jobs_folder(store, submission.id) / f"{number}_0_log.out")
    return Place(state, number, array.name, log, "", submission.keeps_weights, reason)


def explain(planned: Sequence[PlannedRun], places: Mapping[str, Place]) -> dict[str, Lost]:
    """What accounting and the logs say of lost runs, by hash; without accounting, the logs."""
    told = cluster.ended(places[item.run.hash].number for item in planned)
    tails: dict[str, str] = {}
    found = {}
    for item in planned:
        place = places[item.run.hash]
        if place.log not in tails and len(tails) < LOGS:
            tails[place.log] = _tail(Path(place.log))
        ended, said = told.get((place.number, place.name), ""), tails.get(place.log, "")
        seed = item.run.seed
        found[item.run.hash] = Lost(item.cell, seed, place.number, ended, said, place.log)
    return found


def _tail(log: Path) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # That a task has ended, which srun adds to whatever the task said, is known.
    return cluster.last_line("\n".join(ln for ln in text.splitlines() if ln[:6] != "srun: "))
