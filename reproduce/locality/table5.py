"""Table V of the locality paper: LOCO-Reg on VGG-10 with 5×5 and 7×7 filters, by eq. 5.

With more than two distances from the centre, γ and η do not suffice: the factor of distance d is
a0 + a1·d, and a1 = 0 is plain L2. The text names CIFAR-100, the printed accuracies are CIFAR-10's
(L-05). The 7×7 network has 5×5 filters in its fourth and fifth layer (L-06).
"""

from __future__ import annotations

from dataclasses import replace

from reproduce.catalogue.tables import Cell, Table
from reproduce.locality.protocol import (
    A0,
    A1,
    DATASET,
    EXPERIMENT,
    KERNELS,
    against_first,
    line,
    smaller,
    with_penalty,
)

KERNEL_SIZES = {
    "5x5": (5, 5, 5, 5, 5, 3, 3, 3, 3),
    "7x7": (7, 7, 7, 5, 5, 3, 3, 3, 3),
}
LINES = (("1", "0"), ("1", "0.25"), ("1", "0.35"))


def _cell(size: str, a0: str, a1: str) -> Cell:
    return Cell(
        name=f"{size} {a0} {a1}",
        kind="plain" if a1 == "0" else "locality",
        template=with_penalty(EXPERIMENT, line(a0, a1)).replace(
            model=EXPERIMENT.model.replace(kernel_sizes=KERNEL_SIZES[size])
        ),
        # L-06 is a question about the 7×7 network alone.
        untouched=frozenset() if size == "7x7" else frozenset({KERNELS[1]}),
        group=size,
        label=f"({a0}, {a1})",
    )


def _quick(cell: Cell) -> Cell:
    """The same filters, a quarter of them, on a data set that no reading names."""
    cell = smaller(cell, width="0.25", augmentation="none")
    return replace(cell, untouched=cell.untouched | {DATASET[1]})


CELLS = tuple(_cell(size, a0, a1) for size in KERNEL_SIZES for a0, a1 in LINES)

TABLE = Table(
    paper="locality",
    name="table5",
    title="Table V",
    caption="Accuracy of VGG-10 with 5×5 and 7×7 filters, by eq. 5",
    cells=CELLS,
    comparisons=against_first(CELLS),
    parameters=(DATASET, KERNELS, A0, A1),
    layout="rows",
    row_title="(a0, a1)",
)
QUICK = TABLE.in_form(
    "quick",
    "LOCO-Reg with 5×5 and 7×7 filters, VGG-10 at a quarter of its width on digits",
    map(_quick, CELLS),
    parameters=(KERNELS, A0, A1),
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
