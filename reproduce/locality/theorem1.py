"""Theorem 1 of the locality paper: how unequal a filter's masses may be for the centre to matter
most. Trains nothing; exact fractions beside the printed numbers.
"""

from __future__ import annotations

import json

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.store.paths import ResultsLayout, default_results

ID = "locality/theorem1"
DONE, DIFFERS = 0, 1


def command(results: opt.Results = None, as_json: opt.Json = False) -> int:
    """Compute, check, print and write ``theorem1.{csv,tex,json}``.

    Returns:
        1 where a printed statement differs that is no known slip (L-29), else 0.

    Raises:
        UserError: where the published statements are damaged or the folder cannot be written.
    """
    from rich.console import Console

    from analysis.papers.locality import theorem_claims, theorem_export, theorem_report
    from reproduce.catalogue.published import context, read_rows
    from reproduce.store.outputs import write_files

    rows = read_rows("locality", "theorem1.csv")
    try:
        claims = theorem_claims.read(rows)
    except ValueError as error:
        raise UserError(
            f"paper_tables/locality/theorem1.csv: {error}; restore it with git"
        ) from None
    result = theorem_report.analyse(claims, context(ID))
    code = DONE if result.is_expected else DIFFERS
    folder = ResultsLayout(results or default_results()).report(ID)
    contents = {
        "csv": theorem_export.csv_text(result).encode(),
        "tex": theorem_export.latex(result).encode(),
        "json": theorem_export.json_text(result).encode(),
    }
    paths = write_files(folder, "theorem1", contents)
    if as_json:
        typer.echo(json.dumps(theorem_export.to_json(result), indent=1, ensure_ascii=False))
        return code
    Console().print(theorem_report.render(result), highlight=False)
    typer.echo(f"\nWritten: {', '.join(str(path) for path in paths)}")
    return code


if __name__ == "__main__":
    from reproduce.scripts import run_entry

    run_entry(ID)
