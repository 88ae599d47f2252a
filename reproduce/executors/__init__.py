"""What trains the runs that are wanted: worker processes here, or this very process; or a queue's
jobs. This is the one place where executors are registered, and what trains nowhere else is loaded
by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from benchmarks.errors import UserError
from reproduce.store import queues

if TYPE_CHECKING:
    from reproduce.running.campaign import Campaign
    from reproduce.running.interrupts import Interrupts
    from reproduce.running.progress import Display


class Executor(Protocol):
    """Trains a campaign's job until no run of it is left to train, or an interrupt is requested."""

    def execute(self, campaign: Campaign, interrupts: Interrupts, display: Display) -> None:
        """Returns when every run has a record or has failed, or upon an interrupt; by then none of
        its processes is left.

        Raises:
            UserError: for what would stop every run.
            RuntimeError: where workers end again and again for no reason that it knows.
        """


def get(name: str) -> Executor:
    """The executor of that name.

    Raises:
        UserError: where there is none.
    """
    from reproduce.executors import local

    kinds = {"local": local.LocalExecutor, "debug": local.DebugExecutor}
    if name not in kinds:
        raise UserError(f"--executor {name!r} is none of {', '.join(kinds)}")
    return kinds[name]()


def _slurm() -> queues.Queue:
    from reproduce.executors.slurm import queue

    return queue


# Here, so that whatever loads an executor, every worker too, can tell whose a lease is.
queues.register(_slurm)
