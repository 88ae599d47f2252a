"""Printed formulas of weights beside built networks, for the tables that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.beta_lasso.networks import ALPHA, KINDS, built

if TYPE_CHECKING:
    from analysis.documents.blocks import Document


def formulas_document(id: str, family: str, title: str, caption: str) -> Document:
    """The report on a family of networks, "D" or "S".

    Raises:
        UserError: where the published formulas or sizes are damaged.
    """
    from analysis.papers.beta_lasso import counts, counts_document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    paper, _, table = id.partition("/")
    formulas = made_of(paper, f"{table}.csv", counts.read)
    size = counts.Size(ALPHA[family])
    others = (counts.Size(1), counts.Size(4, 64), counts.Size(6, 16, 100), counts.Size(2, 32, 100))
    found = built([f"{family}-{kind}" for kind in KINDS], (size, *others))
    compared = counts_document.beside(formulas, found, size)
    return made_of(
        paper,
        "table1_sizes.csv",
        lambda rows: counts_document.document(id, title, caption, compared, rows, context(id)),
    )
