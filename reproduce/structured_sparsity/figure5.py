"""Figure 5 of the structured-sparsity draft: accuracy against multiply-adds for every α and τ under
the kernel-number penalty, beside hand-made versions of the base network (S-28).

Its runs are Figure 5's.
"""

from __future__ import annotations

from reproduce.catalogue.tables import Cell, Table
from reproduce.structured_sparsity.drawing import frontier
from reproduce.structured_sparsity.protocol import (
    ALPHA,
    FULL,
    LEFT,
    LEFT_RELATIVE,
    MULTIPLIER,
    PAPER,
    PERCENT,
    QUICK,
    REDUCED,
    SEEDS,
    Form,
    against_base,
)


def _cells(form: Form) -> tuple[Cell, ...]:
    return (*form.hand_made(), *form.learned("omega1"))


TABLE = Table(
    paper=PAPER,
    name="figure5",
    title="Figure 5",
    caption="Accuracy against multiply-adds, kernel-number penalty, by α and τ, 200 epochs",
    cells=_cells(FULL),
    comparisons=against_base(_cells(FULL)),
    seeds=SEEDS,
    parameters=(ALPHA, MULTIPLIER),
    layout="rows",
    row_title="network",
    measures=(PERCENT, *LEFT[:3], *LEFT_RELATIVE[:3]),
    is_printed=False,
    further=frontier,
)
REDUCED_TABLE = TABLE.in_form(
    "reduced",
    "Accuracy against multiply-adds, kernel-number penalty, eleven layers, 4 epochs on CIFAR-10",
    _cells(REDUCED),
    comparisons=against_base(_cells(REDUCED)),
)
QUICK_TABLE = TABLE.in_form(
    "quick",
    "Accuracy against multiply-adds, kernel-number penalty, six layers on digits",
    _cells(QUICK),
    comparisons=against_base(_cells(QUICK)),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK_TABLE, REDUCED_TABLE)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
