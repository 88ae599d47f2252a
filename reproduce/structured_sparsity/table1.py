"""Table 1 of the structured-sparsity draft: depth, widths, kernel sizes, parameters and
multiply-adds of four known architectures, counted where they are built. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.commands.publishing import computed
from reproduce.structured_sparsity.counting import count
from reproduce.structured_sparsity.references import REFERENCES

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "structured-sparsity/table1"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published numbers are damaged.
    """
    from analysis.papers.structured_sparsity import architectures
    from reproduce.catalogue.paper_files import made_of, read_rows
    from reproduce.catalogue.readings import context

    paper, _, _ = ID.partition("/")
    counted = {
        network: {name: count(make, side) for name, (make, side) in versions.items()}
        for network, versions in REFERENCES.items()
    }
    statements = read_rows(paper, "table1.csv")
    return made_of(
        paper,
        "table1_printed.csv",
        lambda rows: architectures.document(ID, rows, statements, counted, context(ID)),
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
