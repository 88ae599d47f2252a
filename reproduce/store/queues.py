"""What a queue of jobs, where an executor has one, tells about runs and about who trains them.

An executor registers its queue (:mod:`reproduce.executors`); whoever asks here knows none by name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from reproduce.store.planned_run import PlannedRun

QUEUED, GONE, UNKNOWN, CANCELLED = "queued", "gone", "unknown", "cancelled"


class Liveness(Enum):
    """What this process can tell of an owner."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Place:
    """The last task that a run was submitted in.

    Attributes:
        state: QUEUED (it waits or runs), GONE (it has left the queue), UNKNOWN (no queue answers)
            or CANCELLED (by ``reproduce cancel``).
        number: of the job, such as "1234_5".
        failure: token of the run's failure before it was submitted.
        keeps_weights: whether the task was told to keep its runs' final weights.
        reason: why it does not start, by the queue, where it does not just wait its turn.
    """

    state: str
    number: str
    name: str
    log: str
    failure: str
    keeps_weights: bool = True
    reason: str = ""


@dataclass(frozen=True)
class Lost:
    """A run whose job has left the queue without a record or a failure.

    Attributes:
        job: such as "1234_5".
        ended: how, by accounting, such as "CANCELLED"; empty where that cannot be told.
        last_line: of the job's log; empty where there is none.
    """

    cell: str
    seed: int
    job: str
    ended: str
    last_line: str
    log: str


class Word(Protocol):
    """What a queue said at one moment."""

    @property
    def places(self) -> Mapping[str, Place]:
        """Of each run that was ever submitted, by hash."""

    @property
    def on_hold(self) -> int:
        """Tasks of submissions that are being made, or were killed half way."""


class Queue(Protocol):
    """An executor's queue; a module with these functions will do."""

    def this_job(self, environment: Mapping[str, str]) -> str:
        """The job that a process with that environment runs in: its number, a dot, and whatever
        else tells it apart; empty outside of any."""

    def liveness(self, job: str, token: str) -> Liveness:
        """Whether who holds a lease in a job, on a machine that cannot be looked at, is alive.

        Args:
            job: as :meth:`this_job` told the holder.
            token: of that one lease.
        """

    def look(self, folder: Path) -> Word:
        """What the queue has of the submissions that a results folder keeps in ``folder``
        (:attr:`reproduce.store.store.Store.slurm`); without any, it is not asked."""

    def explain(
        self, planned: Sequence[PlannedRun], places: Mapping[str, Place]
    ) -> dict[str, Lost]:
        """What is known of how runs were lost, by hash."""


_registered: list[Callable[[], Queue]] = []


def register(load: Callable[[], Queue]) -> None:
    """Make a queue known; ``load`` is called only where there is something to ask it."""
    _registered[:] = [load]


def registered() -> Queue | None:
    """The queue of this installation, if an executor has one."""
    return _registered[0]() if _registered else None


def this_job() -> str:
    """The job that this process runs in, empty outside of any."""
    queue = registered()
    return queue.this_job(os.environ) if queue else ""
