"""Figure 3 of the structured-sparsity draft: how many kernels of each size the kernel-size penalty
leaves in every layer, for several α.

The draft shows its seven-layer ImageNet network; here it is CIFAR-10's (D-05).
"""

from __future__ import annotations

from reproduce.catalogue.tables import Table
from reproduce.structured_sparsity.drawing import sizes
from reproduce.structured_sparsity.protocol import (
    ALPHA,
    FULL,
    LEFT,
    LEFT_RELATIVE,
    PAPER,
    PERCENT,
    QUICK,
    REDUCED,
    SEEDS,
)

TABLE = Table(
    paper=PAPER,
    name="figure3",
    title="Figure 3",
    caption="Sizes of kernels that the kernel-size penalty leaves, by α, 200 epochs",
    cells=tuple(FULL.learned("omega2")),
    comparisons=(),
    seeds=SEEDS,
    parameters=(ALPHA,),
    layout="rows",
    row_title="α",
    measures=(PERCENT, *LEFT, *LEFT_RELATIVE),
    is_printed=False,
    further=sizes,
)
REDUCED_TABLE = TABLE.in_form(
    "reduced",
    "Sizes of kernels that the kernel-size penalty leaves, eleven layers, 4 epochs on CIFAR-10",
    tuple(REDUCED.learned("omega2")),
)
QUICK_TABLE = TABLE.in_form(
    "quick",
    "Sizes of kernels that the kernel-size penalty leaves, by α, six layers on digits",
    tuple(QUICK.learned("omega2")),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK_TABLE, REDUCED_TABLE)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
