"""Which hyper-parameters the β-LASSO paper's tables should have: its grids on held-out images.

Nothing is printed of it. 5,000 training images are held out by seed (B-13), and the best median
validation accuracy of a network's grid is chosen; the tables then train on all images. What they
train with is declared in ``protocol.py`` and changes only in a commit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from analysis.verdicts.choosing import Choice
from benchmarks.models import Model
from reproduce.beta_lasso.networks import network
from reproduce.beta_lasso.protocol import (
    DATASET,
    DATASETS,
    DECAY_PATH,
    DROPOUT,
    LAM_CONV,
    LAM_FC,
    MOMENTUM,
    MOMENTUM_PATH,
    NETWORK,
    PAPER,
    PERCENT,
    REDUCED_ALPHA,
    REDUCED_EPOCHS,
    VALIDATION_PERCENT,
    experiment,
    lasso,
    quick,
    trained,
)
from reproduce.beta_lasso.table1 import NETWORKS, model
from reproduce.catalogue.tables import Cell, Table

HELD_OUT = 5000
MOMENTA = ("0", "0.9")
DECAYS = ("0", "0.0001", "0.0002", "0.0005", "0.001")
LAMBDAS = ("0.000001", "0.000002", "0.000005", "0.00001", "0.00002")
DROPOUTS = ("0", "0.5")
# The ℓ1 penalty moves a weight by λ times the sum of the rates at most: 0.0196 in the paper's 400
# epochs at λ = 0.00001, which the reduced form's 1,568 steps reach at 0.00025. β stays, so that the
# threshold rises with λ, and smaller ones stand in the grid as well. As the paper observes, layers
# like convolutions get the larger λ.
REDUCED_LAMBDAS = (
    ("0.00002", "0.00001"),
    ("0.00005", "0.00001"),
    ("0.0001", "0.00002"),
    ("0.0002", "0.00005"),
)
QUICK_LAMBDAS = (("0.00002", "0.00002"), ("0.0001", "0.0001"))


def _held_out(cell: Cell, images: int = HELD_OUT) -> Cell:
    return cell.changed(data__held_out=images)


def _sgd(dataset: str, name: str, made: Model) -> Iterator[Cell]:
    """Momentum, weight decay and dropout of SGD."""
    for momentum, decay, dropout in product(MOMENTA, DECAYS, DROPOUTS):
        run = experiment(dataset, made, MOMENTUM.replace(momentum=momentum))
        cell = Cell(
            f"{dataset} {name} SGD {momentum} {decay} {dropout}",
            "sgd",
            run,
            group=f"{dataset} {name} SGD",
            label=f"momentum {momentum}, decay {decay}, dropout {dropout}",
        )
        yield _held_out(cell.changed(model__dropout=dropout)).changed(
            objective__penalties__l2__weight_decay=decay
        )


def _lasso(
    dataset: str, made: Model, pairs: tuple[tuple[str, str], ...], dropouts: tuple[str, ...]
) -> Iterator[Cell]:
    """Both λ and dropout of S-FC under β-LASSO with β = 50."""
    for (lam_conv, lam_fc), dropout in product(pairs, dropouts):
        run = experiment(dataset, made, lasso(50, lam_conv, lam_fc))
        cell = Cell(
            f"{dataset} S-FC lasso {lam_conv} {lam_fc} {dropout}",
            "lasso",
            run,
            group=f"{dataset} S-FC β-LASSO",
            label=f"λ {lam_conv} and {lam_fc}, dropout {dropout}",
        )
        yield _held_out(cell.changed(model__dropout=dropout))


def _cells() -> Iterator[Cell]:
    for dataset in DATASETS:
        for name in NETWORKS:
            yield from _sgd(dataset, name, model(name))
        yield from _lasso(dataset, model("S-FC"), tuple(product(LAMBDAS, LAMBDAS)), DROPOUTS)


def _reduced() -> Iterator[Cell]:
    small = network("S-FC", REDUCED_ALPHA)
    for cell in _lasso("cifar10", small, REDUCED_LAMBDAS, ("0",)):
        run = cell.template.replace(procedure=trained(REDUCED_EPOCHS, every=REDUCED_EPOCHS))
        yield replace(cell, template=run)


def _quick() -> Iterator[Cell]:
    for cell in _lasso("cifar10", network("S-FC"), QUICK_LAMBDAS, ("0",)):
        lam = cell.template.setting("optimizer.lam_conv")
        made = quick(cell, network("S-FC", 2), lam=str(lam), group="digits S-FC β-LASSO")
        yield _held_out(made, 200)


def _choices(cells: tuple[Cell, ...]) -> tuple[Choice, ...]:
    groups: dict[str, list[str]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(cell.name)
    return tuple(
        Choice(f"settings of {group}", tuple(names), VALIDATION_PERCENT)
        for group, names in groups.items()
    )


CELLS, REDUCED_CELLS, QUICK_CELLS = tuple(_cells()), tuple(_reduced()), tuple(_quick())

TABLE = Table(
    paper=PAPER,
    name="selection",
    title="Selection",
    caption="Hyper-parameters by validation accuracy on 5,000 held-out training images",
    cells=CELLS,
    comparisons=(),
    seeds=1,
    parameters=(DATASET, NETWORK, MOMENTUM_PATH, DECAY_PATH, LAM_CONV, LAM_FC, DROPOUT),
    layout="rows",
    row_title="settings",
    measures=(PERCENT, VALIDATION_PERCENT),
    choices=_choices(CELLS),
    is_printed=False,
)
REDUCED = TABLE.in_form(
    "reduced",
    "λ of S-FC with β = 50, α = 8, 16 epochs on CIFAR-10, on held-out images",
    REDUCED_CELLS,
    choices=_choices(REDUCED_CELLS),
    seeds=1,
)
QUICK = TABLE.in_form(
    "quick",
    "λ of a narrow S-FC with β = 50 on digits, on held-out images",
    QUICK_CELLS,
    choices=_choices(QUICK_CELLS),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
