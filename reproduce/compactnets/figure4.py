"""Figure 4 of the CompactNets paper: how many weights of Table 1's networks are zero, by depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.compactnets import depths
from reproduce.compactnets.protocol import (
    BETA,
    DEPTH,
    EFFECTIVE,
    ERROR,
    PAPER,
    SEEDS,
    SPARSITY,
)

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """Sparsity by depth."""
    from analysis.papers.compactnets.by_depth import figure

    return [figure(result, "sparsity", "zero weights, of all (%)")]


TABLE = Table(
    paper=PAPER,
    name="figure4",
    title="Figure 4",
    caption="Zero weights by depth, 256 filters a layer, 90 epochs",
    cells=depths.FULL,
    comparisons=depths.comparisons(depths.FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="grid",
    row_title="network",
    column_title="depth",
    measures=(SPARSITY, EFFECTIVE, ERROR),
    is_printed=False,
    further=further,
    remark="Its runs are Table 1's. The figure's points are not printed.",
)
REDUCED = TABLE.in_form(
    "reduced",
    "Zero weights by depth, 32 filters, 6 epochs on a fifth of CIFAR-100",
    depths.REDUCED,
    comparisons=depths.comparisons(depths.REDUCED),
)
QUICK = TABLE.in_form(
    "quick",
    "Zero weights by depth, 16 filters a layer, on digits",
    depths.QUICK,
    comparisons=depths.comparisons(depths.QUICK),
    seeds=3,
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
