"""The DH2L paper's sentences about its tables, by the printed numbers alone: a check that trains
nothing. Each table's report judges the same sentences over our runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.data import info
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "dh2l/claims"
TABLES = ("table1", "table2", "table3", "table4", "table5", "table6")
LOST = ("table3", "table4", "table5")
BESIDE = {"table6": "table5"}  # Table 6's sentence of birds
HIERARCHIES = ("cifar100", "cub200", "cars")


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published numbers are damaged.
    """
    from analysis.papers.dh2l import printed_claims
    from reproduce.catalogue.paper_files import made_of, read_rows
    from reproduce.catalogue.readings import context

    paper, _, _ = ID.partition("/")
    printed = [
        {**line, "table": table} for table in TABLES for line in read_rows(paper, f"{table}.csv")
    ]
    lost = {table: read_rows(paper, f"{table}_lost.csv") for table in LOST}
    ratios = {name: len(info(name).superclasses) / len(info(name).classes) for name in HIERARCHIES}
    contrasts = read_rows(paper, "contrasts.csv")
    return made_of(
        paper,
        "claims.csv",
        lambda stated: printed_claims.document(
            ID, stated, contrasts, printed, lost, BESIDE, ratios, context(ID)
        ),
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
