"""Figures 1 to 4 of the DH2L paper, drawn from computed vectors: glued spheres, series of radii,
angles beside signs, pairs of a hierarchy. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "dh2l/figures"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published statements are damaged.
    """
    from analysis.papers.dh2l import figures_document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    return made_of(
        "dh2l", "figures.csv", lambda rows: figures_document.document(ID, rows, context(ID))
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
