"""Figure 1 of the structured-sparsity draft: the widths that the kernel-number penalty leaves of
every layer, for several α, in a residual base network and in its plain equivalent.

The draft shows its seven-layer ImageNet network; here it is CIFAR-10's (D-05).
"""

from __future__ import annotations

from reproduce.catalogue.tables import Cell, Table
from reproduce.structured_sparsity.drawing import widths
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
    SHORTCUTS,
    Form,
)


def _cells(form: Form) -> tuple[Cell, ...]:
    """The plain network under every α, in shorter forms under the largest one."""
    plain = tuple(form.learned("omega1", plain=True))
    return (*form.learned("omega1"), *(plain if form is FULL else plain[-1:]))


TABLE = Table(
    paper=PAPER,
    name="figure1",
    title="Figure 1",
    caption="Kernels that the kernel-number penalty leaves, by α, 200 epochs",
    cells=_cells(FULL),
    comparisons=(),
    seeds=SEEDS,
    parameters=(ALPHA, SHORTCUTS),
    layout="rows",
    row_title="α",
    measures=(PERCENT, *LEFT, *LEFT_RELATIVE),
    is_printed=False,
    further=widths,
)
REDUCED_TABLE = TABLE.in_form(
    "reduced",
    "Kernels that the kernel-number penalty leaves, by α, eleven layers, 4 epochs on CIFAR-10",
    _cells(REDUCED),
)
QUICK_TABLE = TABLE.in_form(
    "quick",
    "Kernels that the kernel-number penalty leaves, by α, six layers on digits",
    _cells(QUICK),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK_TABLE, REDUCED_TABLE)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
