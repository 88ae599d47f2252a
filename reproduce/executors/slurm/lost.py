"""Runs that a queue has lost: what is known of how."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reproduce.executors.slurm import cluster
from reproduce.store.queues import Lost, Place

if TYPE_CHECKING:
    from reproduce.catalogue.tables import PlannedRun

TAIL_BYTES = 4096
LOGS = 20  # that are read


def explain(planned: Sequence[PlannedRun], places: Mapping[str, Place]) -> dict[str, Lost]:
    """What accounting and the logs say of lost runs, by hash; without accounting, the logs."""
    told = cluster.ended(places[item.run.hash].number for item in planned)
    tails: dict[str, str] = {}
    found = {}
    for item in planned:
        place = places[item.run.hash]
        if place.log not in tails and len(tails) < LOGS:
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


def _tail(log: Path) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # That a task has ended, which srun adds to whatever the task said, is known.
    return cluster.last_line("\n".join(ln for ln in text.splitlines() if ln[:6] != "srun: "))
