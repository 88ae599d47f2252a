"""SLURM's queue as :class:`reproduce.store.queues.Queue`: what it is asked by those who do not
know it. Each question loads its own answer, since every process asks for its job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.executors.slurm.owners import this_job

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.executors.slurm import state
    from reproduce.store.queues import Holder, Liveness, Lost, Place
    from reproduce.store.store import Store

__all__ = ["explain", "liveness", "look", "this_job"]


def liveness(owner: Holder) -> Liveness:
    """See :meth:`reproduce.executors.slurm.owners.Judge.liveness`."""
    from reproduce.executors.slurm import owners

    return owners.liveness(owner)


def look(store: Store) -> state.Queue:
    """See :func:`reproduce.executors.slurm.state.look`."""
    from reproduce.executors.slurm import state

    return state.look(store)


def explain(planned: Sequence[PlannedRun], places: Mapping[str, Place]) -> dict[str, Lost]:
    """See :func:`reproduce.executors.slurm.lost.explain`."""
    from reproduce.executors.slurm import lost

    return lost.explain(planned, places)
