"""Figure 7 of the CompactNets paper: three models' lowest top-1 errors at every depth, over ρ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.compactnets import grid
from reproduce.compactnets.protocol import BETA, DEPTH, ERROR, GAP_PERCENT, PAPER, SEEDS

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The lowest errors, with the gaps there."""
    from analysis.papers.compactnets.strengths import best

    return best(result, result.others[0])


TABLE = Table(
    paper=PAPER,
    name="figure7",
    title="Figure 7",
    caption="Lowest top-1 errors by depth, over ρ, 120 epochs",
    cells=grid.FULL,
    comparisons=grid.comparisons(grid.FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="rows",
    row_title="network",
    measures=(ERROR, GAP_PERCENT),
    is_printed=False,
    further=further,
    remark=("Its runs are Table 3's. The best ρ is chosen on the test images, as in the paper."),
)
QUICK = TABLE.in_form(
    "quick",
    "Lowest top-1 errors by depth, over ρ, on digits",
    grid.QUICK,
    comparisons=grid.comparisons(grid.QUICK),
    measures=(ERROR, GAP_PERCENT),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
