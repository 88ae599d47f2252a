"""Figure 1 of the β-LASSO paper: how the networks' weights grow with their base channels and with
the image. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.beta_lasso.networks import network, weights
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.papers.beta_lasso.counts import Size

ID = "beta-lasso/figure1"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published curves or formulas are damaged.
    """
    from analysis.papers.beta_lasso import counts, growth
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    formulas = [
        formula
        for table in ("table3", "table4")
        for formula in made_of("beta-lasso", f"{table}.csv", counts.read)
    ]
    found = made_of("beta-lasso", "figure1.csv", lambda rows: growth.points(rows, formulas, _built))
    return growth.document(found, context(ID))


def _built(name: str, size: Size) -> int | None:
    """The weights of the network that is built, None where it cannot be."""
    try:
        return sum(weights(network(name, size.alpha), size.classes, size.side).values())
    except UserError:
        return None


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
