"""Where the runs of a table stand, from the files alone. Loads neither NumPy nor torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproduce import failures, heartbeat, records
from reproduce.claims import Claims, Liveness, Owner
from reproduce.failures import Failure
from reproduce.heartbeat import Beat

if TYPE_CHECKING:
    from reproduce.paths import ResultsLayout
    from reproduce.tables import PlannedRun


@dataclass(frozen=True)
class Running:
    """A run that a process trains now, as far as can be told from here.

    Attributes:
        silent_seconds: age of its last heartbeat by the file's time, which is only as right as the
            machines' clocks; None where there was none yet.
    """

    run_hash: str
    cell: str
    seed: int
    epochs: int
    owner: Owner
    beat: Beat | None
    silent_seconds: float | None


@dataclass(frozen=True)
class CellStatus:
    """Counts over the seeds of a cell, which add up to ``total``."""

    cell: str
    done: int
    running: int
    failed: int
    waiting: int

    @property
    def total(self) -> int:
        """Seeds wanted."""
        return self.done + self.running + self.failed + self.waiting


@dataclass(frozen=True)
class Status:
    """Of all cells, in the table's order; ``failed`` by hash."""

    cells: tuple[CellStatus, ...]
    running: tuple[Running, ...]
    failed: dict[str, Failure]

    @property
    def complete(self) -> bool:
        """Whether every run has its record."""
        return all(cell.done == cell.total for cell in self.cells)


def status_of(planned: Sequence[PlannedRun], layout: ResultsLayout) -> Status:
    """Counts per cell, what runs where, and the last error of what failed.

    A run whose owner on this host is dead is waiting, as is one that was interrupted.
    """
    hashes = [item.run.hash for item in planned]
    done = records.finished(layout, hashes)
    claims = Claims(layout.claims, "status")
    running = tuple(running_now([p for p in planned if p.run.hash not in done], layout, claims))
    claimed = {item.run_hash for item in running}
    failed = {
        name: failure
        for name, failure in failures.read(layout, hashes).items()
        if name not in done | claimed
    }
    cells: dict[str, dict[str, int]] = {}
    for item, name in zip(planned, hashes, strict=True):
        counts = cells.setdefault(item.cell, {"done": 0, "running": 0, "failed": 0, "waiting": 0})
        places = {"done": name in done, "running": name in claimed, "failed": name in failed}
        counts[next((place for place, holds in places.items() if holds), "waiting")] += 1
    return Status(tuple(CellStatus(cell, **n) for cell, n in cells.items()), running, failed)


def running_now(
    planned: Iterable[PlannedRun], layout: ResultsLayout, claims: Claims
) -> list[Running]:
    """Those of ``planned`` that a process holds which is not dead for certain."""
    wanted = {item.run.hash: item for item in planned}
    found = []
    for name, owner in claims.owners().items():
        if name in wanted and owner.liveness() is not Liveness.DEAD:
            beat = heartbeat.read(layout.claims, name)
            if beat is not None and beat.token != owner.token:
                beat = None
            item = wanted[name]
            silent = None if beat is None else heartbeat.age(layout.claims, name)
            found.append(
                Running(name, item.cell, item.run.seed, item.run.epochs, owner, beat, silent)
            )
    order = {name: place for place, name in enumerate(wanted)}
    return sorted(found, key=lambda running: order[running.run_hash])
