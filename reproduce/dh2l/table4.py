"""Table 4 of the DH2L paper: other metrics in the convolutions than in the classifier, CIFAR-100
and resnet-20. Its last three rows repeat labels of earlier ones, whose decorations are lost: the
primed and cosine forms of these are trained, and shown beside the printed values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Cell, Comparison, Table
from reproduce.dh2l.angles import angle_blocks
from reproduce.dh2l.protocol import (
    L2,
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
from reproduce.dh2l.rows import EH, MEANS, cell

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

GROUP = "cifar100 resnet-20"
# What may have stood around the labels of rows 6 to 8.
DECORATED = ("D'_{}", "D_cos({})", "D'_cos({})", "D_{}cos", "D'_{}cos")
LOST = {"6": "AM", "7": "GM", "8": "HM"}


def label(conv: str, dense: str) -> str:
    """Such as "(D_GM, D_HM)"."""
    return f"({conv}, {dense})"


PRINTED = ((L2, L2), ("D_GM", L2), *(("D_GM", f"D_{mean}") for mean in MEANS))
CANDIDATES = {
    row: [(form.format("GM"), form.format(mean)) for form in DECORATED]
    for row, mean in LOST.items()
}
PAIRS = (*PRINTED, *(pair for pairs in CANDIDATES.values() for pair in pairs))
PLAIN, ENERGY_ALONE, BEST = label(L2, L2), label("D_GM", L2), label("D_GM", "D_HM")


def penalties(conv: str, dense: str) -> Penalties:
    """Of a row: E on convolutions by one metric, H on the classifier by the other."""
    if conv == L2:
        return Penalties()
    return Penalties(conv=conv) if dense == L2 else Penalties.both(conv, dense)


def _cells() -> Iterator[Cell]:
    for pair in PAIRS:
        yield cell("cifar100", 20, label(*pair), EH, penalties(*pair))


def _comparisons(names: Sequence[str]) -> tuple[Comparison, ...]:
    """Each row with the row before that it adds to, and the best mixture with every other."""
    pairs = [(ENERGY_ALONE, PLAIN)]
    pairs += [(label(*pair), ENERGY_ALONE) for pair in PRINTED[2:]]
    pairs += [(BEST, label(*pair)) for pair in PRINTED[2:4]]
    found = [
        Comparison(f"{GROUP} {n} {EH}", f"{GROUP} {a} {EH}", f"{GROUP} {b} {EH}")
        for n, (a, b) in enumerate(pairs, start=1)
    ]
    return tuple(c for c in found if {c.first, c.second} <= set(names))


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The printed values of rows 6 to 8, each beside the cells that could have made it."""
    from analysis.papers.dh2l.lost_labels import candidates
    from reproduce.catalogue.paper_files import read_rows

    found = angle_blocks(table, result, records)
    if not result.has_levels:
        return found
    named = {row: [label(*pair) for pair in pairs] for row, pairs in CANDIDATES.items()}
    return [*found, candidates(result, read_rows(PAPER, "table4_lost.csv"), named, GROUP, EH)]


CELLS = tuple(_cells())
NAMES = tuple(made.name for made in CELLS)
REDUCED = tuple(f"{GROUP} {label(*pair)} {EH}" for pair in PRINTED)
QUICK = (REDUCED[0], REDUCED[1], REDUCED[4])
TABLE = Table(
    paper=PAPER,
    name="table4",
    title="Table 4",
    caption="A metric for the convolutions and one for the classifier, CIFAR-100, resnet-20",
    cells=CELLS,
    comparisons=_comparisons(NAMES),
    seeds=SEEDS,
    parameters=PARAMETERS,
    layout="grid",
    row_title="(convolutions, classifier)",
    column_title="penalties",
    measures=MEASURES,
    further=further,
    remark=(
        "Rows 6 to 8 of the paper repeat labels of rows 3 to 5 with other values, and have lost "
        "what told them apart; these values belong to no cell and are shown below."
    ),
)
TABLE = TABLE.with_forms(
    TABLE.in_form(
        "quick",
        "A metric for the convolutions and one for the classifier in resnet-8 on digits",
        map(quick, chosen(CELLS, *QUICK)),
        comparisons=tuple(
            Comparison(digits(c.name), digits(c.first), digits(c.second))
            for c in _comparisons(QUICK)
        ),
        seeds=2,
        remark="",
    ),
    TABLE.in_form(
        "reduced",
        "A metric for the convolutions and one for the classifier, half width, three epochs",
        map(reduced, chosen(CELLS, *REDUCED)),
    ),
)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
