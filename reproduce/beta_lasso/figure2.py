"""Figures 2 and 6 of the β-LASSO paper: test and training accuracy of four networks by their number
of weights, sixteen sizes on three data sets.

A size is the nearest whole number of channels or units. The generalization gap is the difference of
the two accuracies; training accuracy is that of the augmented images (B-22).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.models import Deep, Model, ResNet18, Shallow, ThreeFC
from reproduce.beta_lasso.protocol import (
    DATASET,
    DATASETS,
    GAP_PERCENT,
    NETWORK,
    PAPER,
    PERCENT,
    SEEDS,
    TRAINING_PERCENT,
    experiment,
    of_cifar10,
    quick,
    reduced,
)
from reproduce.catalogue.tables import Cell, Comparison, Table

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

SIZES = ("0.032", "0.064", "0.128", "0.256", "0.512", *(str(2**n) for n in range(11)))  # millions
NETWORKS = ("ResNet-18", "D-CONV", "S-CONV", "3-FC")
SIDE, CLASSES, STEM = 32, 10, 64
# Quadratic and linear coefficient of a network's weights in its base channels (of ResNet-18's stem)
# or hidden units, for 32×32 images and 10 classes.
QUADRATICS = {
    "ResNet-18": (11_159_232 / STEM**2, (27 * STEM + 512 * CLASSES) / STEM),
    "D-CONV": (254 * 9 + 4 * SIDE**2, 27 + 64 * CLASSES),
    "S-CONV": (6 * SIDE**2, 243 + 24 * CLASSES),
    "3-FC": (1, 3 * SIDE**2 + CLASSES),
}
QUICK_SIZES = ("0.032", "0.128")
SMALL_SIZES, SMALL_EPOCHS = ("0.032", "0.128", "0.512"), 5


def channels(network: str, millions: str) -> int:
    """Base channels, or hidden units, for which the network has about so many weights."""
    square, linear = QUADRATICS[network]
    weights = float(millions) * 10**6
    return max(1, round((-linear + math.sqrt(linear**2 + 4 * square * weights)) / (2 * square)))


def model(network: str, millions: str) -> Model:
    """A network of the figure at a size."""
    width = channels(network, millions)
    if network == "ResNet-18":
        return ResNet18(width_multiplier=Decimal(width) / STEM)
    if network == "3-FC":
        return ThreeFC(hidden=width)
    return (Deep if network == "D-CONV" else Shallow)(alpha=width)


def _cells(dataset: str) -> Iterator[Cell]:
    for network in NETWORKS:
        for size in SIZES:
            yield Cell(
                name=f"{dataset} {network} {size}",
                kind=network,
                template=experiment(dataset, model(network, size)),
                group=dataset,
                column=size,
                label=network,
            )


def _comparisons(dataset: str, sizes: Sequence[str]) -> tuple[Comparison, ...]:
    """Each network against the next one, of which the paper says that no curves cross."""
    return tuple(
        Comparison(f"{dataset} {a} {size}", f"{dataset} {a} {size}", f"{dataset} {b} {size}")
        for size in sizes
        for a, b in pairwise(NETWORKS)
    )


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The curves by number of weights, and what the right panel makes of them."""
    from analysis.papers.beta_lasso import scaling
    from reproduce.catalogue.paper_files import read_rows

    fit = read_rows(PAPER, "figure2_fit.csv") if result.has_levels else []
    counted = {
        cell: found[0]["result"]["measurements"]["parameters"] for cell, found in records.items()
    }
    return scaling.blocks((result, *result.others), counted, fit)


CELLS = tuple(cell for dataset in DATASETS for cell in _cells(dataset))

TABLE = Table(
    paper=PAPER,
    name="figure2",
    title="Figures 2 and 6",
    caption="Test and training accuracy by number of weights, 400 epochs",
    cells=CELLS,
    comparisons=tuple(c for dataset in DATASETS for c in _comparisons(dataset, SIZES)),
    seeds=SEEDS,
    parameters=(DATASET, NETWORK),
    layout="grid",
    row_title="network",
    column_title="million weights",
    measures=(PERCENT, TRAINING_PERCENT, GAP_PERCENT),
    references=("*",),
    further=further,
    remark=(
        "The published curves repeat their last values, of ResNet-18 from 256 million weights on "
        "and of D-CONV from 512 million on: these sizes look as if they had not been trained."
    ),
)


def _quick(cell: Cell) -> Cell:
    found = quick(cell, cell.template.model, epochs=3)
    return replace(found, label=cell.label)


QUICK = TABLE.in_form(
    "quick",
    "Test and training accuracy by number of weights, two sizes on digits",
    (_quick(cell) for cell in of_cifar10(CELLS) if cell.column in QUICK_SIZES),
    comparisons=_comparisons("digits", QUICK_SIZES),
    seeds=2,
    remark="",
)
REDUCED = TABLE.in_form(
    "reduced",
    "Test and training accuracy by number of weights, three sizes, 5 epochs on CIFAR-10",
    (
        reduced(cell, cell.template.model, SMALL_EPOCHS)
        for cell in of_cifar10(CELLS)
        if cell.column in SMALL_SIZES
    ),
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
