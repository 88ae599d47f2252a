"""What follows from the CompactNets paper's printed numbers alone. Trains nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "compactnets/ratios"
TABLES = {"table1": "table1.csv", "table3": "table3_rows.csv", "table4": "table4.csv"}


def document() -> Document:
    """The report.

    Raises:
        UserError: where a published file is damaged.
    """
    from analysis.papers.compactnets import ratios_document
    from reproduce.catalogue.paper_files import made_of, read_rows
    from reproduce.catalogue.readings import context

    paper, _, _ = ID.partition("/")
    tables = {name: read_rows(paper, file) for name, file in TABLES.items()}
    return made_of(
        paper, "ratios.csv", lambda rows: ratios_document.document(ID, rows, tables, context(ID))
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
