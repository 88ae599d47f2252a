"""Table 2 of the structured-sparsity draft: the base architectures, residual and plain, as they are
built. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models import BASES, PairedNet
from reproduce.commands.publishing import computed
from reproduce.structured_sparsity.counting import count

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "structured-sparsity/table2"
IMAGES = {"ImageNet": (1000, 224), "CIFAR-10": (10, 32)}  # classes and side


def networks() -> dict[str, dict[str, PairedNet]]:
    """Every form of each line of the table, the suite's own reading first."""
    found = {
        name: {"residual": b, "plain": b.replace(shortcuts="none")} for name, b in BASES.items()
    }
    square = BASES["CIFAR-10, square"]
    found["CIFAR-10, square"] |= {
        "18 layers": square.replace(widths=square.widths[:18]),
        "no strides": square.replace(halve_at=()),
    }
    return found


def document() -> Document:
    """The report.

    Raises:
        UserError: where the published lines are damaged.
    """
    from analysis.papers.structured_sparsity import bases
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    paper, _, _ = ID.partition("/")
    counted, formula = {}, {}
    for name, forms in networks().items():
        classes, side = IMAGES[name.partition(",")[0]]
        for form, model in forms.items():
            counted[name, form] = count(lambda m=model, c=classes, s=side: m.network(c, s), side)  # type: ignore[misc]
            formula[name, form] = model.multiply_adds(side)
    return made_of(
        paper,
        "table2.csv",
        lambda rows: bases.document(ID, rows, counted, formula, context(ID)),
    )


command = computed(document)

if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
