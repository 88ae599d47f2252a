"""Table 1 of the β-LASSO paper: convolutional, locally and fully connected networks, deep and
shallow, after 400 and 4,000 epochs on three data sets.

Rows and columns are the paper's. A network is compared with the one that has one kind of structure
less: CONV with LOCAL, LOCAL with FC, S-FC with 3-FC.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from benchmarks.models import Model, ThreeFC
from reproduce.beta_lasso.networks import network
from reproduce.beta_lasso.protocol import (
    ALPHA,
    CONNECTIVITY,
    DATASET,
    DATASETS,
    EPOCHS,
    LONG,
    NETWORK,
    PAPER,
    PERCENT,
    REDUCED_ALPHA,
    SEEDS,
    SHORT,
    TRAINING_PERCENT,
    experiment,
    of_cifar10,
    quick,
    reduced,
    renamed,
)
from reproduce.catalogue.tables import Cell, Comparison, Table

CHAIN = ("D-CONV", "D-LOCAL", "D-FC"), ("S-CONV", "S-LOCAL", "S-FC", "3-FC")
NETWORKS = (*CHAIN[0], *CHAIN[1])
QUICK_ALPHA = {"D": 1, "S": 2}
QUICK_HIDDEN = 64
# 3-FC has as many weights as S-FC, as at full size; D-FC more, so that D-CONV has 100,000.
SMALL_ALPHA = {"D": 4, "S": REDUCED_ALPHA}
SMALL_HIDDEN = 1470
# A tenth apart, as 400 and 4,000 are.
SMALL_EPOCHS = {str(SHORT): 1, str(LONG): 10}


def model(name: str) -> Model:
    """A network of the table at its size (B-04, B-05, B-16)."""
    return ThreeFC() if name == "3-FC" else network(name)


def _cell(dataset: str, name: str, epochs: int) -> Cell:
    untouched = set()
    if epochs == SHORT:
        untouched.add(EPOCHS[1])  # B-17 is about the long training
    if not name.startswith("D"):
        untouched.add(ALPHA[1])  # B-04 is about the deep networks
    return Cell(
        name=f"{dataset} {name} {epochs}",
        kind=name.partition("-")[2],
        template=experiment(dataset, model(name), epochs=epochs),
        untouched=frozenset(untouched),
        group=dataset,
        column=str(epochs),
        label=name,
    )


def _small(name: str, hidden: int, alpha: Mapping[str, int]) -> Model:
    return ThreeFC(hidden=hidden) if name == "3-FC" else network(name, alpha[name[0]])


def _quick(cell: Cell) -> Cell:
    small = _small(cell.label, QUICK_HIDDEN, QUICK_ALPHA)
    return quick(cell, small, epochs=4 if cell.column == str(SHORT) else 12)


def _reduced(cell: Cell) -> Cell:
    small = _small(cell.label, SMALL_HIDDEN, SMALL_ALPHA)
    return reduced(cell, small, SMALL_EPOCHS[cell.column])


def _comparisons(dataset: str, epochs: int) -> tuple[Comparison, ...]:
    """Each network against the next of its chain."""
    return tuple(
        Comparison(
            f"{dataset} {first} {epochs}",
            f"{dataset} {first} {epochs}",
            f"{dataset} {second} {epochs}",
        )
        for chain in CHAIN
        for first, second in pairwise(chain)
    )


CELLS = tuple(_cell(d, n, e) for d in DATASETS for n in NETWORKS for e in (SHORT, LONG))

TABLE = Table(
    paper=PAPER,
    name="table1",
    title="Table 1",
    caption="Depth, local connectivity and shared weights after 400 and 4,000 epochs",
    cells=CELLS,
    comparisons=tuple(c for d in DATASETS for e in (SHORT, LONG) for c in _comparisons(d, e)),
    seeds=SEEDS,
    parameters=(DATASET, NETWORK, CONNECTIVITY, ALPHA, EPOCHS),
    layout="grid",
    row_title="network",
    column_title="epochs",
    measures=(PERCENT, TRAINING_PERCENT),
    references=("*",),
    remark=(
        "The paper prints 3.42 million weights for D-LOCAL, by a wrong formula, and 256 million "
        "for D-FC; as built they have 11.7 and 282.2 million (`reproduce beta-lasso/table3`)."
    ),
)
QUICK = TABLE.in_form(
    "quick",
    "Depth, local connectivity and shared weights in narrow networks on digits",
    map(_quick, of_cifar10(CELLS)),
    comparisons=tuple(
        Comparison(renamed(c.name), renamed(c.first), renamed(c.second))
        for e in (SHORT, LONG)
        for c in _comparisons("cifar10", e)
    ),
    seeds=2,
    remark="Columns stand for 4 and 12 epochs.",
)
REDUCED = TABLE.in_form(
    "reduced",
    "Depth, local connectivity and shared weights in networks of α = 4 and 8 on CIFAR-10",
    map(_reduced, of_cifar10(CELLS)),
    remark="Columns stand for 1 and 10 epochs.",
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
