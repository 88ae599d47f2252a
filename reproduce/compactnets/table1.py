"""Table 1 of the CompactNets paper: three models' top-1 errors by depth, 256 filters a layer."""

from __future__ import annotations

from reproduce.catalogue.tables import Table
from reproduce.compactnets import depths
from reproduce.compactnets.protocol import (
    BETA,
    DEPTH,
    EFFECTIVE,
    ERROR,
    GAP_PERCENT,
    PAPER,
    SEEDS,
    SPARSITY,
)

TABLE = Table(
    paper=PAPER,
    name="table1",
    title="Table 1",
    caption="Top-1 errors by depth, 256 filters a layer, 90 epochs",
    cells=depths.FULL,
    comparisons=depths.comparisons(depths.FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="grid",
    row_title="network",
    column_title="depth",
    measures=(ERROR, SPARSITY, EFFECTIVE, GAP_PERCENT),
    remark="Depth counts the classifier; without groups the three models are one network.",
)
REDUCED = TABLE.in_form(
    "reduced",
    "Top-1 errors by depth, 32 filters, 6 epochs on a fifth of CIFAR-100",
    depths.REDUCED,
    comparisons=depths.comparisons(depths.REDUCED),
)
QUICK = TABLE.in_form(
    "quick",
    "Top-1 errors by depth, 16 filters a layer, on digits",
    depths.QUICK,
    comparisons=depths.comparisons(depths.QUICK),
    seeds=3,
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
