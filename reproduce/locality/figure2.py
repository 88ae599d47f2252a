"""Figure 2 of the locality paper: two 3×3 features on a small map of values, placed by equal
weights and by weights that stress the centre as LOCO-Reg does. Trains nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.papers.locality.placement_document import PlacementResult

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
    from analysis.papers.locality.placement_document import document
    from reproduce.catalogue.readings import context

    gamma, eta = _factor("--gamma", gamma), _factor("--eta", eta)
    result = _result(gamma, eta, context(ID))
    variant = "" if (gamma, eta) == (GAMMA, ETA) else f"eta={eta},gamma={gamma}"
    folder = Store(results or default_results()).report(ID, variant)
    publish(document(result), folder, as_json=as_json, quick=quick)
    return 0


def _factor(option: str, text: str) -> str:
    """A positive decimal in its shortest spelling, such as "1.8" for "1.80"."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,6})?|\.\d{1,6}", text, re.ASCII) or not Decimal(text):
        raise UserError(f"{option} {text!r}: give a positive decimal below 10000, such as 1.8")
    return f"{Decimal(text).normalize():f}"


def _result(gamma: str, eta: str, context: dict[str, list[dict[str, object]]]) -> PlacementResult:
    from analysis.papers.locality.placement_document import analyse
    from reproduce.catalogue.published import read_rows

    rows = read_rows("locality", "figure2.csv")
    try:
        grid = [[int(value) for name, value in row.items() if name != "row"] for row in rows]
        return analyse(grid, gamma, eta, context)
    except ValueError as error:
        raise UserError(
            f"paper_tables/locality/figure2.csv: {error}; restore it with git"
        ) from None


if __name__ == "__main__":
    from reproduce.scripts import run_entry

    run_entry(ID)
