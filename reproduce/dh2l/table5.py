"""Table 5 of the DH2L paper: CUB-200-2011 with ResNet-18 and ResNet-50 from published weights.

Its column of metrics is lost. Rows 1 to 7 are read by analogy with Table 6; the values of rows 8 to
13, of combined metrics, belong to no cell and are shown beside the combined metrics of Tables 2 and
6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reproduce.catalogue.tables import Table
from reproduce.dh2l.angles import angle_blocks
from reproduce.dh2l.fine_grained import ALONE, fine_table, quick_form
from reproduce.dh2l.protocol import PAPER
from reproduce.dh2l.rows import EH, E

if TYPE_CHECKING:
    from analysis.documents.blocks import Block
    from analysis.tables.results import TableResult
    from reproduce.store.schema import Record

DATASET = "cub200"
COMBINED = ("D_AM", "D_cos(AM)", "D_AMcos", "D'_AMcos", "D'_cos(AM)", "D'_cos(HM)")


def further(
    table: Table, result: TableResult, records: Mapping[str, Sequence[Record]]
) -> list[Block]:
    """The printed values without a label, and the angles."""
    from analysis.papers.dh2l.lost_labels import candidates
    from reproduce.catalogue.paper_files import read_rows

    found = angle_blocks(table, result, records)
    if not result.has_levels:
        return found
    rows = read_rows(PAPER, "table5_lost.csv")
    labels = {row["row"]: COMBINED for row in rows}
    for part, column in dict.fromkeys((row["part"], row["column"]) for row in rows):
        own = [row for row in rows if (row["part"], row["column"]) == (part, column)]
        grid = candidates(result, own, labels, part, column)
        name = f"lost.{part.rpartition(' ')[2]}.{'EH' if column == EH else E}"
        found.append(replace(grid, name=name, title=f"{part}, {column}: {grid.title}"))
    return found


TABLE = fine_table(
    "table5",
    "Table 5",
    "Energies (E) and a hierarchy (H) on CUB-200-2011, ResNet-18 and -50, 100 epochs",
    DATASET,
    (*ALONE, *COMBINED),
    "The column of metrics is lost: rows 1 to 7 are read in the order of Table 6, and the values "
    "of rows 8 to 13 belong to no cell. The text says that E improves; by the paper's own numbers "
    "it does not on ResNet-50 (H-32, `reproduce dh2l/claims`).",
)
TABLE = replace(TABLE, further=further)
TABLE = TABLE.with_forms(quick_form(TABLE, DATASET))

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(TABLE.id)
