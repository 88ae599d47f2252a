"""Table 4 of the β-LASSO paper: the printed formulas of the shallow networks' weights, layer by
layer, beside the modules that are built. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.beta_lasso.formulas import formulas_document
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "beta-lasso/table4"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published formulas are damaged.
    """
    return formulas_document(ID, "S", "Table 4", "Weights of S-CONV and its counterparts")


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
