"""Theorem 1 of the locality paper: how unequal a filter's masses may be for the centre to matter
most. Trains nothing; exact fractions beside the printed numbers.
"""

from __future__ import annotations

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.publishing import Quick, publish
from reproduce.store.paths import default_results
from reproduce.store.store import Store

ID = "locality/theorem1"
DONE, DIFFERS = 0, 1


def command(quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False) -> int:
    """Compute, check, print and write ``theorem1.{csv,tex,json}`` and its grids' fragments.

    Returns:
        1 where a printed statement differs that is no known slip (L-29), else 0.

    Raises:
        UserError: where the published statements are damaged or the folder cannot be written.
    """
    from analysis.papers.locality import theorem_claims, theorem_document
    from reproduce.catalogue.published import read_rows
    from reproduce.catalogue.readings import context

    rows = read_rows("locality", "theorem1.csv")
    try:
        claims = theorem_claims.read(rows)
    except ValueError as error:
        raise UserError(
            f"paper_tables/locality/theorem1.csv: {error}; restore it with git"
        ) from None
    result = theorem_document.analyse(claims, context(ID))
    folder = Store(results or default_results()).report(ID)
    publish(theorem_document.document(result), folder, as_json=as_json, quick=quick)
    return DONE if result.is_expected else DIFFERS


if __name__ == "__main__":
    from reproduce.scripts import run_entry

    run_entry(ID)
