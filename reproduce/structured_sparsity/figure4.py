"""Figure 4 of the structured-sparsity draft: accuracy against multiply-adds for every α and τ under
both penalties, beside hand-made narrower and shallower versions of the base network.

The draft's figure has neither axes nor a text (S-28). Figures 1, 3 and 5 show parts of these runs.
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
    return (*form.hand_made(), *form.learned("omega1"), *form.learned("omega2"))


TABLE = Table(
    paper=PAPER,
    name="figure4",
    title="Figure 4",
    caption="Accuracy against multiply-adds under both penalties, by α and τ, 200 epochs",
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
    "Accuracy against multiply-adds under both penalties, eleven layers, 4 epochs on CIFAR-10",
    _cells(REDUCED),
    comparisons=against_base(_cells(REDUCED)),
)
QUICK_TABLE = TABLE.in_form(
    "quick",
    "Accuracy against multiply-adds under both penalties, six layers on digits",
    _cells(QUICK),
    comparisons=against_base(_cells(QUICK)),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK_TABLE, REDUCED_TABLE)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
