"""Figure 5 of the CompactNets paper: dictionary sparsity, average compactness and layer sparsity of
Table 1's deepest CompactNet, layer by layer.

Beside it stands SimpleNet of the same depth, in which no group is penalised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.papers.compactnets.slopes import Slope
from analysis.papers.compactnets.upper_layers import Excess
from analysis.verdicts.measure import Measure
from benchmarks.penalties.measured_group_sparsity import first_upper
from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.compactnets import depths
from reproduce.compactnets.protocol import BETA, DEPTH, PAPER, SEEDS, SPARSITY

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

CURVES = ("dictionary sparsity", "average compactness", "layer sparsity")
FALL = Slope(
    "dictionary sparsity per layer",
    "change of dictionary sparsity a layer",
    "number",
    decimals=4,
    of=("dictionary sparsity",),
    has_classifier=False,
)
RISE = Slope(
    "average compactness per layer",
    "change of average compactness a layer",
    "number",
    decimals=4,
    of=("average compactness",),
)
UPPER = Measure(
    "zeroed in upper layers", "zero weights in the upper layers and the classifier", percent=True
)


@dataclass(frozen=True)
class _Excess(Excess):
    """Of the layers that :class:`benchmarks.penalties.GroupSparsity` counts as upper ones."""

    def first_upper(self, layers: int) -> int:
        return first_upper(layers)


# At full size these layers and the classifier have most weights, so that most zeros would be theirs
# if any weight were as likely as another to be one.
EXCESS = _Excess(
    "zeroed beyond their size",
    "upper layers' share of zero weights minus that of all weights",
    percent=True,
    of=("weights by layer", "effective weights by layer"),
)


def _cells(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """CompactNet and SimpleNet of the largest depth."""
    deepest = max(int(cell.column) for cell in cells)
    kept = [c for c in cells if c.column == str(deepest) and c.label != "CompressedNet"]
    named = (replace(c, name=f"deepest {c.label}", column="") for c in kept)
    return tuple(sorted(named, key=lambda cell: cell.name))


def _comparisons(cells: Sequence[Cell]) -> tuple[Comparison, ...]:
    first, second = cells
    return (Comparison(f"{first.group} 1", first.name, second.name),)


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The three measures by layer, as a figure and as medians."""
    from analysis.papers.compactnets import layer_sparsity

    found = {
        cell: {
            name: [record["result"]["measurements"][name] for record in runs]
            for name in (*CURVES, "weights by layer")
        }
        for cell, runs in records.items()
    }
    return layer_sparsity.blocks(result, found, CURVES)


FULL, REDUCED_CELLS, QUICK_CELLS = map(_cells, (depths.FULL, depths.REDUCED, depths.QUICK))

TABLE = Table(
    paper=PAPER,
    name="figure5",
    title="Figure 5",
    caption="Sparsity of CompactNet-7 by layer, 256 filters a layer, 90 epochs",
    cells=FULL,
    comparisons=_comparisons(FULL),
    seeds=SEEDS,
    parameters=(DEPTH, BETA),
    layout="rows",
    row_title="network",
    measures=(SPARSITY, FALL, RISE, UPPER, EXCESS),
    is_printed=False,
    further=further,
    remark="Its runs are Table 1's. The figure's bars are not printed.",
)
REDUCED = TABLE.in_form(
    "reduced",
    "Sparsity of CompactNet-7 by layer, 32 filters, 6 epochs on a fifth of CIFAR-100",
    REDUCED_CELLS,
    comparisons=_comparisons(REDUCED_CELLS),
)
QUICK = TABLE.in_form(
    "quick",
    "Sparsity of CompactNet-4 by layer, 16 filters a layer, on digits",
    QUICK_CELLS,
    comparisons=_comparisons(QUICK_CELLS),
    seeds=3,
)
TABLE = TABLE.with_forms(QUICK, REDUCED)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
