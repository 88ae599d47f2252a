"""Figure 2 of the locality paper: two 3×3 features on a small map of values, placed by equal
weights and by weights that stress the centre as LOCO-Reg does. Trains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "locality/figure2"
GAMMA, ETA = "1.8", "2.13"  # reading L-45

Gamma = Annotated[
    str, typer.Option("--gamma", metavar="G", help="LOCO-Reg's factor of direct neighbours.")
]
Eta = Annotated[str, typer.Option("--eta", metavar="E", help="LOCO-Reg's factor of corners.")]


def command(
    gamma: Gamma = GAMMA,
    eta: Eta = ETA,
    quick: Quick = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Place, print and write ``figure2.{csv,tex,json}`` and ``figure2.map.{png,pdf}``.

    Another γ or η is a variant with a folder of its own.

    Raises:
        UserError: for a factor that is no positive decimal, a damaged map, or a folder that cannot
            be written.
    """
    from analysis.papers.locality.placements_document import document
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    gamma, eta = _factor("--gamma", gamma), _factor("--eta", eta)
    variant = "" if (gamma, eta) == (GAMMA, ETA) else f"eta={eta},gamma={gamma}"

    def made(rows: Sequence[Mapping[str, str]]) -> Document:
        grid = [[int(value) for name, value in row.items() if name != "row"] for row in rows]
        return document(grid, gamma, eta, context(ID))

    found = made_of("locality", "figure2.csv", made)
    return publish(found, results, variant=variant, as_json=as_json, quick=quick)


def _factor(option: str, text: str) -> str:
    """A positive decimal in its shortest spelling, such as "1.8" for "1.80"."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,6})?|\.\d{1,6}", text, re.ASCII) or not Decimal(text):
        raise UserError(f"{option} {text!r}: give a positive decimal below 10000, such as 1.8")
    return f"{Decimal(text).normalize():f}"


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
