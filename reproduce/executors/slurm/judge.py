"""Is a claim's owner on another machine alive? Its job's queue may know.

The queue's answer counts only where it was given after the claim was seen, since a job may start
just after an answer. Whatever is not certain stays undecided: a queue that does not answer, another
cluster's job, another user's (whom the queue may hide).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from reproduce.executors.slurm import cluster
from reproduce.executors.slurm.identity import JobName, this_job
from reproduce.running.queues import Holder, Liveness

# Hundreds of tasks may look at the same claims.
REFRESH_SECONDS = 30.0
COMMENT = "reproduce:"


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
        entry = self._entry(job.job, seen)
        if entry is None:
            return Liveness.ELSEWHERE
        return Liveness.ALIVE if entry else Liveness.DEAD

    def _entry(self, job: str, seen: float) -> bool | None:
        """Whether the job is running; None where no answer is new enough or there is none."""
        if self._asked < seen and time.monotonic() - self._asked >= self._refresh:
            self._answer, self._asked = None, time.monotonic()
            self._answer = self._ask()
        if self._answer is None or self._asked < seen:
            return None
        entry = self._answer.get(job)
        if entry is None or entry.pending:
            return False
        # A number that was given anew belongs to a job that is none of ours.
        return not entry.comment or entry.comment.startswith(COMMENT)


judge = Judge()
