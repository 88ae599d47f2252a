"""Figure 5 of the β-LASSO paper: ResNet-18 with filters of 3×3 to 15×15 on three data sets, under
β-LASSO and SGD.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analysis.verdicts.measure import NON_ZERO
from benchmarks.models import ResNet18
from reproduce.beta_lasso.protocol import (
    BETA,
    DATASET,
    DATASETS,
    LAM_CONV,
    LAM_FC,
    MOMENTUM,
    OPTIMIZER,
    PAPER,
    PERCENT,
    SEEDS,
    experiment,
    lasso,
    of_cifar10,
    quick,
    reduced,
    renamed,
)
from reproduce.catalogue.tables import Cell, Comparison, Table

KERNEL = ("kernel_size", "model.kernel_size")
SIZES = (3, 5, 7, 9, 11, 13, 15)
QUICK_SIZES = ("3", "7")
QUICK_WIDTH = "0.0625"
SMALL_SIZES, SMALL_WIDTH, SMALL_EPOCHS = ("3", "7"), "0.125", 4


def _cells(dataset: str) -> Iterator[Cell]:
    for kind, label, optimizer in (("sgd", "SGD", MOMENTUM), ("lasso", "β-LASSO", lasso(50))):
        for size in SIZES:
            yield Cell(
                name=f"{dataset} {kind} {size}",
                kind=kind,
                template=experiment(dataset, ResNet18(kernel_size=size), optimizer),
                group=dataset,
                column=str(size),
                label=label,
            )


def _comparisons(dataset: str) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(f"{dataset} {size}", f"{dataset} lasso {size}", f"{dataset} sgd {size}")
        for size in SIZES
    )


def _quick(cell: Cell) -> Cell:
    """A narrow network with few filters."""
    small = cell.template.model.replace(width_multiplier=QUICK_WIDTH)
    found = quick(cell, small, epochs=3)
    return replace(found, label=cell.label)


CELLS = tuple(cell for dataset in DATASETS for cell in _cells(dataset))

TABLE = Table(
    paper=PAPER,
    name="figure5",
    title="Figure 5",
    caption="ResNet-18 by the side of its filters, under β-LASSO and SGD, 400 epochs",
    cells=CELLS,
    comparisons=tuple(c for dataset in DATASETS for c in _comparisons(dataset)),
    seeds=SEEDS,
    parameters=(DATASET, OPTIMIZER, BETA, LAM_CONV, LAM_FC, KERNEL),
    layout="grid",
    row_title="training",
    column_title="side of the filters",
    measures=(PERCENT, NON_ZERO),
)
QUICK = TABLE.in_form(
    "quick",
    "A narrow ResNet-18 by the side of its filters, under β-LASSO and SGD, on digits",
    (_quick(cell) for cell in of_cifar10(CELLS) if cell.column in QUICK_SIZES),
    comparisons=tuple(
        Comparison(renamed(c.name), renamed(c.first), renamed(c.second))
        for c in _comparisons("cifar10")
        if c.name.partition(" ")[2] in QUICK_SIZES
    ),
    seeds=2,
)
REDUCED = TABLE.in_form(
    "reduced",
    "A narrow ResNet-18 with filters of 3×3 and 7×7, under β-LASSO and SGD, 4 epochs on CIFAR-10",
    (
        reduced(cell, cell.template.model.replace(width_multiplier=SMALL_WIDTH), SMALL_EPOCHS)
        for cell in of_cifar10(CELLS)
        if cell.column in SMALL_SIZES
    ),
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
