"""What is missing of a table: runs, operations, memory, and the time of these on devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HERE = "here"  # among the devices: whose times come from speeds, not from operations


@dataclass(frozen=True)
class Time:
    """Of the missing runs on a device, in hours; None where it cannot be told.

    Attributes:
        hours: of one worker or device, were it alone.
        wall: until all are done.
        how: where this comes from.
    """

    hours: float | None
    wall: float | None
    how: str


@dataclass(frozen=True)
class Work:
    """What is missing of a table.

    Attributes:
        group: the paper's title.
        images, pflop: that the missing runs train on, and take.
        cell_pflop: the missing runs' share of these by cell, where any is missing.
        parameters, bytes: of the largest network, and of so many runs at once (``pack``).
        arrays, tasks: as a queue is given them, and tasks of the largest array.
        times: on each device, the one at hand first.
        missing: cell and seed of each missing run, in the order in which they are trained.
        decoded: images that are decoded while the missing runs train on them.
        decoding: images a second that a CPU of this machine decodes, and how many CPUs do.
        fits: how many of these a budget has time for, from the first on; None without a budget.
        uncounted: what else the missing runs take, in no number here.
    """

    id: str
    title: str
    group: str
    form: str
    precision: str
    cells: int
    seeds: int
    done: int
    images: int
    pflop: float
    cell_pflop: Mapping[str, float] = field(repr=False)
    parameters: int
    pack: int
    bytes: int
    arrays: int
    tasks: int
    times: Mapping[str, Time]
    missing: tuple[tuple[str, int], ...] = field(repr=False)
    decoded: int = 0
    decoding: tuple[float, int] = (0.0, 0)
    fits: int | None = None
    uncounted: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """Done and missing."""
        return self.done + len(self.missing)
