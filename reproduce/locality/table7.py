"""Table VII of the locality paper (E5): STRIP-Reg in place of ACNet's asymmetric convolutions.

RCNet-10 on CIFAR-10 with the recipe of ACNet's code, 15 seeds a cell; every cell is compared with
ACNet's own block. After training the three branches of a block merge into one 3×3 convolution, see
:func:`benchmarks.models.branches.merge`.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.verdicts.measure import ACCURACY
from benchmarks.models import AsymmetricBlock, SquareBlock
from benchmarks.models.rcnet import Block
from reproduce.catalogue.tables import Cell, Table
from reproduce.locality.protocol import ACNET, BLOCK, BRANCH_INIT, STRIP_ETA, against_first, smaller

PERCENT = replace(ACCURACY, percent=True)
NETWORK = "RCNet-10"
SQUARE, SCALED = SquareBlock(), SquareBlock(initialization="scaled")


def _cell(name: str, label: str, block: Block, eta: str) -> Cell:
    run = ACNET.replace(model=ACNET.model.replace(block=block)).with_setting(STRIP_ETA[1], eta)
    return Cell(name, name.split()[0], run, group=NETWORK, label=label)


def _quick(cell: Cell) -> Cell:
    """The same blocks and recipe, half as wide, on a small embedded data set."""
    return smaller(
        cell, epochs=5, milestones=(4,), batch_size=32, learning_rate="0.05", width="0.5"
    )


CELLS = (
    _cell("baseline acb", "ACNet", AsymmetricBlock(), "0"),
    _cell("square 0", "η = 0", SQUARE, "0"),
    _cell("strip 2", "η = 2", SQUARE, "2"),
    _cell("strip 8", "η = 8", SQUARE, "8"),
    _cell("strip 8 scaled", "η = 8, scaled", SCALED, "8"),
)

TABLE = Table(
    paper="locality",
    name="table7",
    title="Table VII",
    caption="ACNet's block and three 3×3 branches with STRIP-Reg, RCNet-10 on CIFAR-10",
    cells=CELLS,
    comparisons=against_first(CELLS),
    parameters=(BLOCK, STRIP_ETA, BRANCH_INIT),
    layout="rows",
    row_title="block",
    measures=(PERCENT,),
)
QUICK = TABLE.in_form(
    "quick",
    "ACNet's block and three 3×3 branches with STRIP-Reg, a narrow RCNet-10 on digits",
    map(_quick, CELLS),
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
