"""Where the runs of a table stand, from the files alone. Loads neither NumPy nor torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reproduce import failures, heartbeat, records, saved_weights
from reproduce.claims import Claims, Liveness, Owner
from reproduce.failures import Failure
from reproduce.heartbeat import Beat
from reproduce.paths import default_results

if TYPE_CHECKING:
    from reproduce.paths import ResultsLayout
    from reproduce.selection import Selection
    from reproduce.tables import PlannedRun

# A heartbeat comes every second; one this old is worth telling.
SILENT_SECONDS = 30.0


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
    """Of all cells, in the table's order; ``failed`` by hash; ``weights`` counts the finished runs
    whose final weights are kept."""

    cells: tuple[CellStatus, ...]
    running: tuple[Running, ...]
    failed: dict[str, Failure]
    weights: int = 0

    @property
    def complete(self) -> bool:
        """Whether every run has its record."""
        return all(cell.done == cell.total for cell in self.cells)


def status_of(planned: Sequence[PlannedRun], layout: ResultsLayout) -> Status:
    """Counts per cell, what runs where, and the last error of what failed.

    A run whose owner on this host is dead is waiting, as is one that was interrupted.

    Raises:
        UserError: where a record is damaged; names it and what to do.
    """
    hashes = [item.run.hash for item in planned]
    done = records.verified(layout, hashes)
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
    return Status(
        tuple(CellStatus(cell, **n) for cell, n in cells.items()),
        running,
        failed,
        weights=len(done & saved_weights.present(layout)),
    )


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


def render(found: Status, selection: Selection, *, as_json: bool) -> str:
    """What ``reproduce status`` prints: text, or one JSON object."""
    if as_json:
        return json.dumps(_plain(found, selection), indent=1)
    return "\n".join(_lines(found, selection))


def _plain(found: Status, selection: Selection) -> dict[str, Any]:
    return {
        "table": selection.table.id,
        "quick": selection.table.is_quick,
        "complete": found.complete,
        "weights": found.weights,
        "cells": [{**asdict(cell), "total": cell.total} for cell in found.cells],
        "running": [
            {
                "run": item.run_hash,
                "cell": item.cell,
                "seed": item.seed,
                "epoch": item.beat.epoch if item.beat else 0,
                "epochs": item.epochs,
                "images_per_second": item.beat.images_per_second if item.beat else 0.0,
                "host": item.owner.host,
                "pid": item.owner.pid,
                "executor": item.owner.executor,
                "silent_seconds": item.silent_seconds,
            }
            for item in found.running
        ],
        "failed": [{"run": name, **asdict(failure)} for name, failure in found.failed.items()],
    }


def _lines(found: Status, selection: Selection) -> Iterator[str]:
    names = ("done", "running", "failed", "waiting")
    sums = {name: sum(getattr(cell, name) for cell in found.cells) for name in names}
    total = sum(sums.values())
    rest = "".join(f", {count} {name}" for name, count in sums.items() if name != "done" and count)
    yield f"{selection.table.title}: {sums['done']} of {total} runs done{rest}"
    width = max((len(cell.cell) for cell in found.cells), default=4)
    yield f"  {'cell':<{width}}  {'done':>7}" + "".join(f"  {name:>7}" for name in names[1:])
    for cell in found.cells:
        counts = "".join(f"  {getattr(cell, name) or '':>7}" for name in names[1:])
        yield f"  {cell.cell:<{width}}  {f'{cell.done}/{cell.total}':>7}{counts}".rstrip()
    if found.weights:
        yield f"weights are kept of {found.weights} of {sums['done']} finished runs"
    for item in found.running:
        yield f"running: {item.cell}, seed {item.seed}: {_where(item)}"
    for failure in found.failed.values():
        yield f"failed: {failure.cell}, seed {failure.seed}: {failure.error} (log: {failure.log})"
    if selection.variant or selection.layout.base != default_results():
        return  # a hint without the same options would name another experiment
    name = selection.table.name + (" --quick" if selection.table.is_quick else "")
    if found.complete:
        yield f"`reproduce report {name}` redraws the table"
    elif not found.running:
        yield f"`reproduce {name}` trains what is missing"


def _where(item: Running) -> str:
    owner, beat = item.owner, item.beat
    parts = [f"epoch {min((beat.epoch if beat else 0) + 1, item.epochs)}/{item.epochs}"]
    if beat and beat.images_per_second:
        parts.append(f"{beat.images_per_second:,.0f} images/s")
    parts.append(f"process {owner.pid} on {owner.host} ({owner.executor})")
    if item.silent_seconds is not None and item.silent_seconds > SILENT_SECONDS:
        parts.append(f"silent for {item.silent_seconds:.0f} s")
    return ", ".join(parts)
