"""SLURM as :class:`reproduce.store.queues.Queue`: which job holds a run and whether that is alive;
where each submitted run stands, by the submissions on disk first and the queue's own word second;
and how those were lost that have left it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest
from reproduce.executors.slurm.manifest import INTENDED, Manifest, SubmittedArray
from reproduce.store.queues import CANCELLED, GONE, QUEUED, UNKNOWN, Liveness, Lost, Place

if TYPE_CHECKING:
    from reproduce.store.planned_run import PlannedRun

# Reasons of jobs that start once it is their turn; a requeued one waits for its BeginTime, and one
# whose runs start from others' weights for these.
ORDINARY = {"Priority", "Resources", "JobArrayTaskLimit", "BeginTime", "Cleaning", "None"}
ORDINARY |= {"Dependency"}
# Hundreds of tasks may look at the same leases.
REFRESH_SECONDS = 30.0
TAIL_BYTES = 4096
LOGS = 20  # that are read


@dataclass(frozen=True)
class JobName:
    """One start of one job.

    Attributes:
        job: "1234", or "1234_5" for a task of an array.
        restart: how often it had been started before; grows with every requeue.
        uid: whose job it is.
        cluster: job numbers of other clusters mean nothing here.
    """

    job: str
    restart: int
    uid: int
    cluster: str

    def __str__(self) -> str:
        return f"{self.job}.{self.restart}.{self.uid}.{self.cluster}"

    @classmethod
    def parse(cls, text: str) -> JobName | None:
        """The job that ``str`` wrote, None where it is no such text."""
        found = re.fullmatch(r"(\d+(?:_\d+)?)\.(\d+)\.(\d+)\.(.*)", text)
        return cls(found[1], int(found[2]), int(found[3]), found[4]) if found else None

    def supersedes(self, other: JobName) -> bool:
        """Whether this is a later start of the same job: SLURM starts none again before the earlier
        start has ended."""
        same = (self.job, self.cluster) == (other.job, other.cluster)
        return same and self.restart > other.restart


def job_number(environment: Mapping[str, str]) -> str:
    """The job that a process's environment names, as ``squeue`` does; empty outside of any."""
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    number = f"{array}_{task}" if array and task else environment.get("SLURM_JOB_ID", "")
    return number if cluster.JOB.fullmatch(number) else ""


def this_job(environment: Mapping[str, str]) -> str:
    """The job that this process runs in, as text for a lease; empty outside of any."""
    number = job_number(environment)
    if not number:
        return ""
    restart = environment.get("SLURM_RESTART_COUNT", "")
    count = int(restart) if restart.isdecimal() else 0
    return str(JobName(number, count, os.getuid(), environment.get("SLURM_CLUSTER_NAME", "")))


class Judge:
    """Asks the queue now and then, for all leases at once.

    Its answer counts only where it was given after the lease was seen, since a job may start just
    after an answer. Whatever is not certain stays undecided: a queue that does not answer, another
    cluster's job, another user's (whom the queue may hide).
    """

    def __init__(
        self,
        ask: Callable[[], dict[str, cluster.Queued] | None] = cluster.queue,
        facts: Callable[[], cluster.Facts | None] = cluster.facts,
        refresh: float = REFRESH_SECONDS,
    ) -> None:
        self._ask, self._facts, self._refresh = ask, facts, refresh
        self._asked = -1e9
        self._answer: dict[str, cluster.Queued] | None = None
        self._seen: dict[str, float] = {}

    def liveness(self, job: str, token: str) -> Liveness:
        """DEAD where its job has ended or was started again, ALIVE where it is running, ELSEWHERE
        where neither is certain."""
        name = JobName.parse(job)
        if name is None:
            return Liveness.ELSEWHERE
        here = JobName.parse(this_job(os.environ))
        if here and here.supersedes(name):
            return Liveness.DEAD
        if name.uid != os.getuid() or not cluster.present():
            return Liveness.ELSEWHERE
        seen = self._seen.setdefault(token, time.monotonic())
        facts = self._facts()
        if facts is None or facts.name != name.cluster:
            return Liveness.ELSEWHERE
        running = self._running(name.job, seen)
        if running is None:
            return Liveness.ELSEWHERE
        return Liveness.ALIVE if running else Liveness.DEAD

    def _running(self, job: str, seen: float) -> bool | None:
        """None where no answer is new enough or there is none."""
        if self._asked < seen and time.monotonic() - self._asked >= self._refresh:
            self._answer, self._asked = None, time.monotonic()
            self._answer = self._ask()
        if self._answer is None or self._asked < seen:
            return None
        entry = self._answer.get(job)
        if entry is None or entry.pending:
            return False
        # A number that was given anew belongs to a job that is none of ours.
        return not entry.comment or entry.comment.startswith(cluster.COMMENT)


liveness = Judge().liveness


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


def look(folder: Path) -> Answer:
    """Read the submissions in a results folder's own folder of them, then ask the queue.

    In this order, and before records are looked at: what has left the queue by then has published
    what it ever will, and what was submitted later is none of ours. Without submissions no queue is
    asked.

    Raises:
        UserError: for a submission that cannot be read.
    """
    manifests = tuple(manifest.read_all(folder))
    found = Answer(manifests, *(_ask() if manifests else ({}, "")))
    for submission in manifests:
        for array in submission.arrays if submission.state != INTENDED else ():
            for task, runs in enumerate(array.tasks):
                place = _place(folder, found, submission, array, task)
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
    folder: Path, found: Answer, submission: Manifest, array: SubmittedArray, task: int
) -> Place:
    number, reason = array.number(task), ""
    if task in array.cancelled:
        state = CANCELLED  # though it may take a while to end; its leases keep others off
    elif found.jobs is None or submission.cluster != found.cluster_name:
        state = UNKNOWN
    elif entry := found.job_of(submission, array, task):
        state = QUEUED
        reason = entry.reason if entry.pending and entry.reason not in ORDINARY else ""
    else:
        state = GONE
    log = str(manifest.jobs_folder(folder, submission.id) / f"{number}_0_log.out")
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
