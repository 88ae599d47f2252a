"""A small Table III: two of its cells on images of noise, with a narrow VGG-10.

The tests of SLURM put this file into a copy of the checkout, as ``reproduce/locality/tiny.py``, so
that the real command submits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from run_makers import make_run

from benchmarks.data import store
from benchmarks.run import Run
from reproduce.catalogue.tables import Cell
from reproduce.locality.table3 import LOCALITY, PLAIN, QUICK

CLASSES = tuple("abcdefghij")
SETTINGS: dict[str, Any] = {
    "dataset": "tiny",
    "augmentation": "none",
    "width_multiplier": "0.125",
    "batch_size": 32,
    "learning_rate": "0.01",
    "evaluate_every": 10,
}
SHORT, LONG = 2, 80


@cache
def dataset() -> store.Dataset:
    """64 training and 32 test images of noise."""
    random = np.random.default_rng(5)

    def split(size: int) -> store.Split:
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        return store.Split(pixels, np.arange(size) % 10)

    return store.build("tiny", CLASSES, {"train": split(64), "test": split(32)})


class _TinyCell(Cell):
    def run(self, seed: int, overrides: Mapping[str, Any] | None = None) -> Run:
        """Its images are in no register."""
        return make_run(
            seed=seed, data_digest=dataset().digest, **self.settings, **(overrides or {})
        )


def _cell(cell: Cell, epochs: int) -> Cell:
    length = "long" if epochs == LONG else "short"
    settings = {**cell.settings, **SETTINGS, "epochs": epochs, "lr_milestones": (1,)}
    return _TinyCell(f"{length} {cell.name}", cell.kind, settings)


TABLE = replace(
    QUICK,
    name="tiny",
    title="Table III, tiny",
    cells=tuple(_cell(cell, epochs) for epochs in (SHORT, LONG) for cell in (PLAIN, LOCALITY[0])),
    comparisons=(),
    seeds=15,
)
TABLE = replace(TABLE, quick=TABLE)
