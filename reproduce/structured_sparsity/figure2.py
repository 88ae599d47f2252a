"""Figure 2 of the structured-sparsity draft: the nested supports by which kernels become smaller.
Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "structured-sparsity/figure2"
SIDE, LARGEST = 5, 15

Side = Annotated[int, typer.Option("--size", metavar="S", help="The kernel's odd size.")]


def command(
    size: Side = SIDE, quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False
) -> int:
    """Draw, print and write ``figure2.{csv,tex,json}`` and ``figure2.supports.{png,pdf}``.

    Another size is a variant with a folder of its own.

    Raises:
        UserError: for a size that is even, below 1 or above 15, or a folder that cannot be written.
    """
    if not 1 <= size <= LARGEST or size % 2 == 0:
        raise UserError(f"--size must be odd, from 1 to {LARGEST}, not {size}")
    variant = "" if size == SIDE else f"size={size}"
    return publish(document(size), results, variant=variant, as_json=as_json, quick=quick)


def document(side: int = SIDE) -> Document:
    """The report.

    Raises:
        UserError: where the published statements are damaged.
    """
    from analysis.papers.structured_sparsity import nested
    from benchmarks.models import supports
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    names: dict[str, supports.Scheme] = {"half-rings": "half_ring", "rings": "ring"}
    schemes = {}
    for title, scheme in names.items():
        removed = range(supports.groups(side, scheme) + 1)
        sizes = [supports.size_without(side, scheme, count) for count in removed]
        schemes[title] = nested.Supports(supports.rings(side, scheme), sizes)
    paper, _, _ = ID.partition("/")
    return made_of(
        paper,
        "figure2.csv",
        lambda rows: nested.document(ID, side, schemes, rows if side == SIDE else [], context(ID)),
    )


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
