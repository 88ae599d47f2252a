"""`reproduce report`: a table's report from its records, or a page of all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE, INCOMPLETE
from reproduce.commands.publishing import publish, short
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


def report(
    chosen: opt.Selecting,
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TABLE",
            help="Such as table3 or locality/table3; with --html also papers, and all by default.",
            show_default=False,
        ),
    ] = None,
    as_html: Annotated[
        bool, typer.Option("--html", help="All on one page, report.html in the results folder.")
    ] = False,
    as_json: opt.Json = False,
) -> int:
    """Redraw table and figure from the records; trains nothing."""
    if as_html:
        return _page(chosen, tables or (), as_json=as_json)
    if len(tables or ()) != 1:
        raise UserError("name one table, such as table3, or give --html for a page of all")
    return report_selection(chosen.of((tables or [""])[0]), as_json=as_json)


def _page(chosen: opt.Selecting, names: Sequence[str], *, as_json: bool) -> int:
    """Write the page, which has no part of a table, and tell where it is."""
    from reproduce.commands import page

    if replace(chosen, results=None, only=chosen.only or None) != opt.Selecting():
        raise UserError(
            "--html shows every form and precision that has runs: leave out all other options but "
            "--results and --json"
        )
    path = page.write(chosen.results or default_results(), names)
    typer.echo(json.dumps({"path": str(path)}) if as_json else f"Written: {short(path)}")
    return DONE


def report_selection(selection: Selection, *, as_json: bool) -> int:
    """Write the report's files and print the table; 0 when complete, 3 when runs are missing.

    A long table shows only the groups that hold a cell that was asked for; the files hold all.
    """
    from analysis.documents.table_document import table_document
    from reproduce.catalogue.report import reported

    result = reported(selection)
    publish(
        table_document(result),
        selection.store.base,
        variant=selection.variant,
        form=selection.store.form,
        as_json=as_json,
        shown=table_document(result, {cell.name for cell in selection.cells}),
    )
    return DONE if result.complete else INCOMPLETE
