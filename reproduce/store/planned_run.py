"""A run that is wanted: what a table plans, and what failures and queues tell runs by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.run import Run


@dataclass(frozen=True)
class PlannedRun:
    """A run with its place in the table.

    Attributes:
        cell: the name of the table's cell.
    """

    cell: str
    run: Run
