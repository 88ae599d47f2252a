"""Figure 9 of the CompactNets paper: error by effective parameters, with the operating
points of three models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.compactnets import grid
from reproduce.compactnets.protocol import BETA, DEPTH, EFFECTIVE, ERROR, PAPER, SEEDS

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """All networks, our operating points and the printed ones."""
    from analysis.papers.compactnets import operating_points
    from reproduce.catalogue.paper_files import read_rows

    printed = read_rows(PAPER, "table3_rows.csv") if result.has_levels else []
    return [operating_points.figure(result, (result, *result.others), printed)]


TABLE = Table(
    paper=PAPER,
    name="figure9",
    title="Figure 9",
    caption="Top-1 error by effective parameters, and operating points, 120 epochs",
    cells=grid.FULL,
    comparisons=(),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="rows",
    row_title="network",
    measures=(ERROR, EFFECTIVE),
    is_printed=False,
    further=further,
    remark=("Its runs are Table 3's."),
)
QUICK = TABLE.in_form(
    "quick",
    "Top-1 error by effective parameters on digits",
    grid.QUICK,
    comparisons=(),
    measures=(ERROR, EFFECTIVE),
    seeds=2,
)
TABLE = TABLE.with_forms(QUICK)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
