"""Figure 6 of the CompactNets paper: CompactNet's top-1 error over depth and strength ρ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.compactnets import grid
from reproduce.compactnets.protocol import BETA, DEPTH, ERROR, PAPER, SEEDS

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The heat-map."""
    from analysis.papers.compactnets.strengths import heat_map

    return heat_map(result, "CompactNet")


FULL, QUICK_CELLS = (
    tuple(c for c in cells if c.kind != "CompressedNet") for cells in (grid.FULL, grid.QUICK)
)

TABLE = Table(
    paper=PAPER,
    name="figure6",
    title="Figure 6",
    caption="CompactNet's top-1 error by depth and ρ, 120 epochs",
    cells=FULL,
    comparisons=grid.comparisons(FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="rows",
    row_title="network",
    measures=(ERROR,),
    is_printed=False,
    further=further,
    remark=("Its runs are Table 3's; ρ = 0 is SimpleNet."),
)
QUICK = TABLE.in_form(
    "quick",
    "CompactNet's top-1 error by depth and ρ on digits",
    QUICK_CELLS,
    comparisons=grid.comparisons(QUICK_CELLS),
    measures=(ERROR,),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
