"""Table VII of the locality paper (E5): STRIP-Reg in place of ACNet's asymmetric convolutions.

RCNet-10 on CIFAR-10 with the recipe of ACNet's code, 15 seeds a cell; every cell is compared with
ACNet's own block. After training the three branches of a block merge into one 3×3 convolution, see
:func:`benchmarks.models.merge.merge`.
"""

from __future__ import annotations

from typing import Any

from reproduce.catalogue.tables import Cell, Comparison, Table

NETWORK = "RCNet-10"

# ACNet's code (L-24): its one schedule of 80 epochs, and what its CIFAR scripts share. The decay is
# torch's weight_decay, whose gradient is λ·w (L-48); batch-norm and biases have none (L-51).
RECIPE: dict[str, Any] = {
    "model": "rcnet10",
    "normalization": "half",
    "augmentation": "crop_flip",
    "weight_decay": "0.0001",
    "dense_weight_decay": "0.0001",
    "l2_convention": "half_sum_sq",
    "epochs": 80,
    "batch_size": 64,
    "learning_rate": "0.1",
    "lr_decay": "0.1",
    "lr_milestones": (20, 40, 60),
    "bias_lr_factor": "2",
}

# Quick: the same blocks and recipe, half as wide, on a small embedded data set. Another experiment:
# its numbers show that everything works, and nothing about the paper.
QUICK_SETTINGS: dict[str, Any] = {
    **RECIPE,
    "dataset": "digits",
    "width_multiplier": "0.5",
    "epochs": 5,
    "batch_size": 32,
    "learning_rate": "0.05",
    "lr_milestones": (4,),
    "evaluate_every": 1,
}


def _cell(name: str, label: str, block: str, eta: str, init: str, recipe: dict[str, Any]) -> Cell:
    settings = {**recipe, "block": block, "strip_eta": eta, "branch_init": init}
    return Cell(name, name.split()[0], settings, group=NETWORK, label=label)


def _cells(recipe: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        _cell("baseline acb", "ACNet", "acb", "0", "default", recipe),
        _cell("square 0", "η = 0", "square", "0", "default", recipe),
        _cell("strip 2", "η = 2", "square", "2", "default", recipe),
        _cell("strip 8", "η = 8", "square", "8", "default", recipe),
        _cell("strip 8 scaled", "η = 8, scaled", "square", "8", "scaled", recipe),
    )


CELLS = _cells(RECIPE)
COMPARISONS = tuple(
    Comparison(f"{NETWORK} {column}", cell.name, CELLS[0].name)
    for column, cell in enumerate(CELLS[1:], start=2)
)
PARAMETERS = ("block", "strip_eta", "branch_init")

QUICK = Table(
    paper="locality",
    name="table7",
    title="Table VII, quick",
    caption="ACNet's block and three 3×3 branches with STRIP-Reg, a narrow RCNet-10 on digits",
    cells=_cells(QUICK_SETTINGS),
    comparisons=COMPARISONS,
    seeds=5,
    is_quick=True,
    parameters=PARAMETERS,
    layout="rows",
    row_title="block",
    percent=True,
)

TABLE = Table(
    paper="locality",
    name="table7",
    title="Table VII",
    caption="ACNet's block and three 3×3 branches with STRIP-Reg, RCNet-10 on CIFAR-10",
    cells=CELLS,
    comparisons=COMPARISONS,
    seeds=15,
    quick=QUICK,
    parameters=PARAMETERS,
    layout="rows",
    row_title="block",
    percent=True,
)

if __name__ == "__main__":
    from reproduce.scripts import run_table

    run_table(TABLE)
