"""From runs to arrays: one a configuration, packed, and split where the cluster's limit is lower.

Pure functions; nothing here talks to a queue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun


@dataclass(frozen=True)
class Array:
    """What is submitted at once.

    Attributes:
        name: what ``squeue`` shows, such as "table3/plain-1-1".
        tasks: the runs of each task; SLURM's task number is the place in here.
    """

    name: str
    tasks: tuple[tuple[PlannedRun, ...], ...]

    @property
    def runs(self) -> int:
        """In all tasks."""
        return sum(map(len, self.tasks))


def arrays(
    runs: Sequence[PlannedRun],
    title: str,
    seeds_per_job: int,
    max_array_size: int,
    room: int | None = None,
) -> list[Array]:
    """The arrays of ``runs``, cells in the order in which they come, seeds in order.

    Args:
        title: the table's, which begins the names.
        max_array_size: no task number reaches this, SLURM's ``MaxArraySize``.
        room: tasks that may be submitted now; None for any number. The first ones come first.
    """
    cells: dict[str, list[PlannedRun]] = {}
    for item in runs:
        cells.setdefault(item.cell, []).append(item)
    made = []
    for cell, items in cells.items():
        tasks = [tuple(items[k : k + seeds_per_job]) for k in range(0, len(items), seeds_per_job)]
        if room is not None:
            tasks = tasks[:room]
            room -= len(tasks)
        name = array_name(title, cell)
        made += [
            Array(name, tuple(tasks[k : k + max_array_size]))
            for k in range(0, len(tasks), max_array_size)
        ]
    return made


def array_name(title: str, cell: str) -> str:
    """Such as "table3/plain-1-1": no spaces, nothing that a shell or ``squeue`` takes amiss."""
    return f"{_word(title)}/{_word(cell)}"


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._=+-]+", "-", text.strip()).strip("-") or "-"
