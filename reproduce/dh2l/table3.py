"""Table 3 of the DH2L paper: E + H by the form of the combined distance and by its mean, CIFAR-100
and resnet-20. The labels of its rows are lost: three forms of three means are trained, and shown
beside the nine printed values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Comparison, Table
from reproduce.dh2l.angles import angle_blocks
from reproduce.dh2l.protocol import (
    MEASURES,
    PAPER,
    PARAMETERS,
    SEEDS,
    Penalties,
    chosen,
    digits,
    quick,
    reduced,
)
from reproduce.dh2l.rows import EH, FORMS, MEANS, WITH_L2, cell

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

GROUP = "cifar100 resnet-20"
METRICS = tuple(form.format(mean) for form in FORMS for mean in MEANS)
CELLS = (
    cell("cifar100", 20, WITH_L2, EH, Penalties()),
    *(cell("cifar100", 20, metric, EH, Penalties.both(metric)) for metric in METRICS),
)
QUICK = tuple(f"{GROUP} {label} {EH}" for label in (WITH_L2, "D_HM", "D_HMcos"))


def _comparisons() -> tuple[Comparison, ...]:
    baseline = f"{GROUP} {WITH_L2} {EH}"
    names = (f"{GROUP} {metric} {EH}" for metric in METRICS)
    return tuple(Comparison(name, name, baseline) for name in names)


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The printed values without a label, each beside the cells that could have made it."""
    from analysis.papers.dh2l.lost_labels import candidates
    from reproduce.catalogue.paper_files import read_rows

    found = angle_blocks(table, result, records)
    if not result.has_levels:
        return found
    rows = read_rows(PAPER, "table3_lost.csv")
    return [
        *found,
        candidates(result, rows, {row["row"]: list(METRICS) for row in rows}, GROUP, EH),
    ]


TABLE = Table(
    paper=PAPER,
    name="table3",
    title="Table 3",
    caption="E + H by form and mean of the combined distance, CIFAR-100, resnet-20, 300 epochs",
    cells=CELLS,
    comparisons=_comparisons(),
    seeds=SEEDS,
    parameters=PARAMETERS,
    layout="grid",
    row_title="distance",
    column_title="penalties",
    measures=MEASURES,
    further=further,
    remark=(
        "The paper's text has lost the labels of nine of its ten rows: their values belong to no "
        "cell and are shown below with the candidates."
    ),
)
TABLE = TABLE.with_forms(
    TABLE.in_form(
        "quick",
        "E + H by mean of the combined distance in resnet-8 at half width on digits",
        map(quick, chosen(CELLS, *QUICK)),
        comparisons=tuple(
            Comparison(digits(c.name), digits(c.first), digits(c.second))
            for c in _comparisons()
            if c.first in QUICK
        ),
        seeds=2,
        remark="",
    ),
    TABLE.in_form(
        "reduced",
        "E + H by form and mean on CIFAR-100, resnet-20 at half width, three epochs",
        map(reduced, CELLS),
    ),
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
