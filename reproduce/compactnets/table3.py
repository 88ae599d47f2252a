"""Table 3 of the CompactNets paper: three models by depth and strength ρ on ILSVRC12, their
operating points, and torchvision's VGG11 and ResNet18 with CompactNet's penalties.

Rows of other papers' networks are shown and not trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Comparison, Table
from reproduce.compactnets import grid
from reproduce.compactnets.protocol import (
    BETA,
    DEPTH,
    EFFECTIVE,
    ERROR,
    GAP_PERCENT,
    PAPER,
    SEEDS,
    TOP5,
)

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """Our operating points beside the printed rows."""
    from analysis.papers.compactnets import operating_points
    from reproduce.catalogue.paper_files import read_rows

    printed = read_rows(PAPER, "table3_rows.csv") if result.has_levels else []
    return operating_points.blocks(result, (result, *result.others), printed)


CELLS = (*grid.FULL, *grid.advanced())

TABLE = Table(
    paper=PAPER,
    name="table3",
    title="Table 3",
    caption="Top-1 and top-5 errors and effective parameters on ILSVRC12, 120 epochs",
    cells=CELLS,
    comparisons=(
        *grid.comparisons(grid.FULL),
        Comparison("imagenet VGG11 VGG11", "VGG11_CC", "VGG11"),
        Comparison("imagenet ResNet18 ResNet18", "ResNet18_CC", "ResNet18"),
    ),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="rows",
    row_title="network",
    measures=(ERROR, TOP5, EFFECTIVE, GAP_PERCENT),
    is_printed=True,
    further=further,
    remark=(
        "Operating points are chosen by the rules of their names; SimpleNet-B is printed "
        "with its depth, CompactNet-B with its ρ, too, and judged there."
    ),
)
QUICK = TABLE.in_form(
    "quick",
    "Errors and effective parameters by depth and ρ on digits",
    grid.QUICK,
    comparisons=grid.comparisons(grid.QUICK),
    measures=(ERROR, EFFECTIVE, GAP_PERCENT),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
