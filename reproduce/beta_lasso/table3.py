"""Table 3 of the β-LASSO paper: the printed formulas of the deep networks' weights, layer by
layer, beside the modules that are built. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.beta_lasso.formulas import formulas_document
from reproduce.commands.publishing import computed

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "beta-lasso/table3"


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published formulas are damaged.
    """
    return formulas_document(ID, "D", "Table 3", "Weights of D-CONV and its counterparts")


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
