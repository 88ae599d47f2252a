"""A small Table III: two of its cells on images of noise, with a narrow VGG-10.

The tests of SLURM put this file into a copy of the checkout, as ``reproduce/locality/tiny.py``, so
that the real command submits it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from benchmarks.data.augmentation import NoAugmentation
from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.images import Images
from benchmarks.procedures import Procedure, Train
from reproduce.catalogue.tables import Cell
from reproduce.locality.table3 import LOCALITY, PLAIN, QUICK

CLASSES = tuple("abcdefghij")
SHORT, LONG = 2, 80


@cache
def dataset() -> Dataset:
    """64 training and 32 test images of noise."""
    random = np.random.default_rng(5)

    def split(size: int) -> Split:
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        return Split(pixels, np.arange(size) % 10)

    return build("tiny", CLASSES, {"train": split(64), "test": split(32)})


def _cell(cell: Cell, epochs: int) -> Cell:
    length = "long" if epochs == LONG else "short"
    run = cell.template
    data = Images(name="tiny", identity=dataset().digest, augmentation=NoAugmentation())
    train = Train(epochs=epochs, batch_size=32)
    run = run.replace(
        data=data,
        model=run.model.replace(width_multiplier="0.125"),
        schedule=run.schedule.replace(learning_rate="0.01", milestones=(1,)),
        procedure=Procedure(phases=(train,)),
    )
    return Cell(f"{length} {cell.name}", cell.kind, run)


TABLE = replace(
    QUICK,
    name="tiny",
    title="Table III, tiny",
    cells=tuple(_cell(cell, epochs) for epochs in (SHORT, LONG) for cell in (PLAIN, LOCALITY[0])),
    comparisons=(),
    seeds=15,
)
# Its quick form is itself.
TABLE = replace(TABLE, forms={"quick": TABLE})
