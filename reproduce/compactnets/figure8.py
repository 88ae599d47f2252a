"""Figure 8 of the CompactNets paper: the gap between validation and training error of three models
by depth, at one strength ρ (D-03).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.compactnets import depths, grid
from reproduce.compactnets.protocol import BETA, DEPTH, ERROR, GAP_PERCENT, PAPER, SEEDS

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """Gaps by depth."""
    from analysis.papers.compactnets.by_depth import figure

    return [figure(result, "gaps", "validation minus training error (points)")]


FULL = grid.at_best(grid.FULL, grid.BEST_RHO)

TABLE = Table(
    paper=PAPER,
    name="figure8",
    title="Figure 8",
    caption="Validation minus training error by depth at ρ = 0.025, 120 epochs",
    cells=FULL,
    comparisons=depths.comparisons(FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="grid",
    row_title="network",
    column_title="depth",
    measures=(GAP_PERCENT, ERROR),
    is_printed=False,
    further=further,
    remark=("Its runs are Table 3's; Figure 7's report has the gaps at each depth's best ρ."),
)
QUICK = TABLE.in_form(
    "quick",
    "Validation minus training error by depth on digits",
    depths.QUICK,
    comparisons=depths.comparisons(depths.QUICK),
    measures=(GAP_PERCENT, ERROR),
    seeds=3,
)
REDUCED = TABLE.in_form(
    "reduced",
    "Validation minus training error by depth, 32 filters, 6 epochs on a fifth of CIFAR-100",
    depths.REDUCED,
    comparisons=depths.comparisons(depths.REDUCED),
    remark="Its runs are Table 1's.",
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
