"""`reproduce claims`: what the papers say in sentences, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.papers import named
from reproduce.commands import options as opt
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.documents.blocks import Document
    from analysis.documents.claims_document import Judged
    from reproduce.catalogue.papers import Entry


def claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PAPER|TABLE…]", help="Such as locality or table4.", show_default=False
        ),
    ] = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> None:
    """Judge the papers' sentences by the printed numbers, by reduced and by full runs, side by
    side."""
    document = document_of(results or default_results(), names or ())
    if as_json:
        from analysis.rendering.files import json_text

        typer.echo(json_text(document), nl=False)
        return
    from rich.console import Console

    from analysis.rendering.terminal import print_document

    print_document(document, Console())


def document_of(base: Path, names: Sequence[str] = ()) -> Document:
    """The sentences of papers and tables by their names, all by default, and what the runs in
    ``base`` say of them.

    Raises:
        UserError: where none is kept, for an unknown name, and for damaged records.
    """
    from analysis.documents.claims_document import claims_document

    wanted = named(names)
    found = [judged for entry in wanted if entry.trains for judged in _judged(entry, base)]
    if not found:
        computed = [f"`reproduce {entry.id}`" for entry in wanted if not entry.trains]
        raise UserError(
            "no sentence is kept that runs could contradict"
            + (f"; {', '.join(computed)} judges what is said of it" if computed else "")
            + "; `reproduce claims` alone shows all"
        )
    return claims_document(found)


def _judged(entry: Entry, base: Path) -> Iterator[Judged]:
    """By the full form, which says as well what is printed, and by a reduced one that has runs; of
    either in the precision that has most runs, the form's own where none has more."""
    from analysis.documents.claims_document import Judged
    from reproduce.catalogue.paper_files import read_rows
    from reproduce.catalogue.selection import by_precision
    from reproduce.catalogue.table_result import build

    table = entry.load()
    stated = read_rows(table.paper, "claims.csv", optional=True)
    if not any(row["table"] == table.name for row in stated):
        return
    for form in ("full", *(form for form in table.forms if form == "reduced")):
        selection, runs = max(by_precision(entry.id, form, base), key=lambda found: len(found[1]))
        if runs or form == "full":
            precision = selection.differing.get("precision", "")
            claims = build(selection, with_stars=False).claims
            yield Judged(table.id, form, claims, len(runs), len(selection.planned), precision)
