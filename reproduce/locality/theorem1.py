"""Theorem 1 of the locality paper: how unequal a filter's masses may be for the centre to matter
most. Trains nothing; exact fractions beside the printed numbers, of which L-29 knows two slips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "locality/theorem1"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published statements are damaged.
    """
    from analysis.papers.locality import theorem_document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    return made_of(
        "locality", "theorem1.csv", lambda rows: theorem_document.document(rows, context(ID))
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
