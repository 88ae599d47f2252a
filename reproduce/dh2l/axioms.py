"""Which distances of the DH2L paper are metrics, and what energies of known arrangements of points
are. Trains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

ID = "dh2l/axioms"
TRIPLES, LEAST, MOST = 80_000, 500, 2_000_000

Triples = Annotated[
    int, typer.Option("--triples", metavar="N", help="Triples of vectors that are searched.")
]


def command(
    triples: Triples = TRIPLES,
    quick: Quick = False,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Search, minimise, print and write ``axioms.{csv,tex,json}``, ``axioms.energies.csv`` and
    ``axioms.statements.csv``.

    Another number of triples is a variant with a folder of its own.

    Raises:
        UserError: for a number outside of 500 … 2,000,000, or a folder that cannot be written.
    """
    if not LEAST <= triples <= MOST:
        raise UserError(f"--triples must lie in {LEAST} … {MOST}, not {triples}")
    variant = "" if triples == TRIPLES else f"triples={triples}"
    return publish(document(triples), results, variant=variant, as_json=as_json, quick=quick)


def document(triples: int = TRIPLES) -> Document:
    """The report.

    Raises:
        UserError: where the published statements are damaged.
    """
    from analysis.papers.dh2l import axioms, axioms_document, configurations
    from reproduce.catalogue.paper_files import made_of
    from reproduce.catalogue.readings import context

    tested, compared = axioms.examine_all(triples), configurations.compare()
    return made_of(
        "dh2l",
        "axioms.csv",
        lambda rows: axioms_document.document(ID, tested, compared, rows, triples, context(ID)),
    )


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
