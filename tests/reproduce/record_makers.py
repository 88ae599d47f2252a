"""Finished runs for the record tests. Loads no torch unless asked for outcomes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from run_makers import make_run

from benchmarks.run import Run
from reproduce.store import schema

PROVENANCE: dict[str, Any] = {
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "dirty": False,
    "packages": {"python": "3.11.7", "torch": "2.15.0+cpu", "torchvision": "0.30", "numpy": "2.1"},
    "device": {"kind": "cpu", "name": 'Some, CPU "X" @ 2 GHz', "threads": 1},
    "host": "secret-node-17",
    "executor": "local",
    "finished": "2026-01-31T12:00:00Z",
}
SITTING = {"commit": "0123", "host": "secret-node-17", "machine": "Some CPU", "from_epoch": 0}


def truncate(path: Path) -> None:
    """Cut the file in the middle."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def turn_into_folder(path: Path) -> None:
    """Put a folder in the file's place."""
    path.unlink()
    path.mkdir()


def edit(path: Path) -> None:
    """One digit more of correct images."""
    path.write_text(path.read_text().replace('"count":', '"count":1', 1))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "truncated": truncate,
    "empty": lambda path: path.write_text(""),
    "null": lambda path: path.write_text("null\n"),
    "folder": turn_into_folder,
    "edited": edit,
}


def make(
    seed: int,
    *,
    epochs: int = 20,
    correct: int | None = None,
    form: str = "full",
    run: Run | None = None,
    total: int = 10_000,
    diverged: bool = False,
    **settings: Any,
) -> Any:
    """A record as :func:`reproduce.store.records.make_record` makes it, its numbers drawn from
    the seed.

    ``correct`` replaces the last epoch's count, which makes another content of the same run.
    """
    draw = random.Random(seed)
    losses: list[list[Any]] = []
    counts: list[list[int]] = []
    for epoch in range(1, epochs + 1):
        losses.append([epoch, 2.3 * draw.random()])
        if epoch % 10 == 0:
            counts.append([epoch, draw.randrange(total)])
    last = draw.randrange(total) if correct is None else correct
    counts = [*(point for point in counts if point[0] < epochs), [epochs, last]]
    if diverged:
        losses[-1][1] = None
    best, best_epoch = schema.best_of(counts)
    run = run or make_run(seed=seed, epochs=epochs, **settings)
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": run.hash,
            "form": form,
            "run": run.canonical(),
            "result": {
                "diverged": diverged,
                "measurements": {
                    "test accuracy": {"count": last, "of": total},
                    "best evaluated accuracy": {"count": best, "of": total, "epoch": best_epoch},
                    "training loss": losses[-1][1],
                    "parameters": 4_710_058,
                    "layer widths": [32, 64],
                },
                "curves": {"training loss": losses, "correct test images": counts},
            },
            "provenance": {
                **PROVENANCE,
                "wall_seconds": 12.5,
                "images_per_second": 856.25,
                "sittings": [SITTING],
            },
        }
    )
