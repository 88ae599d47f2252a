"""Which SLURM job holds a run, and whether that job is alive: its claim names it.

The queue's answer counts only where it was given after the claim was seen, since a job may start
just after an answer. Whatever is not certain stays undecided: a queue that does not answer, another
cluster's job, another user's (whom the queue may hide).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reproduce.executors.slurm import cluster
from reproduce.store.queues import Holder, Liveness

# Hundreds of tasks may look at the same claims.
REFRESH_SECONDS = 30.0


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
    """The job that this process runs in, as text for a claim; empty outside of any."""
    number = job_number(environment)
    if not number:
        return ""
    restart = environment.get("SLURM_RESTART_COUNT", "")
    count = int(restart) if restart.isdecimal() else 0
    return str(JobName(number, count, os.getuid(), environment.get("SLURM_CLUSTER_NAME", "")))


class Judge:
    """Asks the queue now and then, for all claims at once."""

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

    def liveness(self, owner: Holder) -> Liveness:
        """DEAD where its job has ended or was started again, ALIVE where it is running, ELSEWHERE
        where neither is certain."""
        job = JobName.parse(owner.job)
        if job is None:
            return Liveness.ELSEWHERE
        here = JobName.parse(this_job(os.environ))
        if here and here.supersedes(job):
            return Liveness.DEAD
        if job.uid != os.getuid() or not cluster.present():
            return Liveness.ELSEWHERE
        seen = self._seen.setdefault(owner.token, time.monotonic())
        facts = self._facts()
        if facts is None or facts.name != job.cluster:
            return Liveness.ELSEWHERE
        running = self._running(job.job, seen)
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
