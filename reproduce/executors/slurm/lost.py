"""Runs that a queue has lost: what is known of how, for people to read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reproduce.executors.slurm import cluster

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.executors.slurm.state import Place

TAIL_BYTES = 4096
LINES = 20


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


def explain(planned: Sequence[PlannedRun], places: Mapping[str, Place]) -> dict[str, Lost]:
    """What accounting and the logs say of lost runs, by hash; without accounting, the logs."""
    told = cluster.ended(places[item.run.hash].number for item in planned)
    tails: dict[str, str] = {}
    found = {}
    for item in planned:
        place = places[item.run.hash]
        if place.log not in tails and len(tails) < LINES:
            tails[place.log] = _tail(Path(place.log))
        found[item.run.hash] = Lost(
            item.cell,
            item.run.seed,
            place.number,
            told.get((place.number, place.name), ""),
            tails.get(place.log, ""),
            place.log,
        )
    return found


def lines(lost: Mapping[str, Lost]) -> Iterator[str]:
    """One a run, as far as anyone reads them."""
    for item in list(lost.values())[:LINES]:
        how = f" ({item.ended.lower().replace('_', ' ')})" if item.ended else ""
        said = f": {item.last_line}" if item.last_line else ""
        yield (
            f"lost: {item.cell}, seed {item.seed}: job {item.job} has left the queue{how}{said} "
            f"(log: {item.log})"
        )
    if (more := len(lost) - LINES) > 0:
        yield f"and {more} more are lost"


def _tail(log: Path) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # That a task has ended, which srun adds to whatever the task said, is known.
    return cluster.last_line("\n".join(ln for ln in text.splitlines() if ln[:6] != "srun: "))
