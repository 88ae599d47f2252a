"""What trains the runs that are wanted: worker processes here, or this very process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from reproduce.running.campaign import Campaign
    from reproduce.running.interrupts import Interrupts
    from reproduce.running.progress import Display

NAMES = ("local", "debug")


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
    if name == "local":
        from reproduce.executors.local import LocalExecutor

        return LocalExecutor()
    if name == "debug":
        from reproduce.executors.debug import DebugExecutor

        return DebugExecutor()
    raise UserError(f"--executor {name!r} is none of {', '.join(NAMES)}")
