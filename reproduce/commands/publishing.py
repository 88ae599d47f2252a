"""Prints documents and writes their files: `reproduce report`, and what trains nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.store.atomic import write_files
from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from reproduce.catalogue.selection import Selection

DONE, DIFFERS, INCOMPLETE = 0, 1, 3
# Where documents go instead of to the terminal and into files, if anywhere.
_taken: ContextVar[list[Document] | None] = ContextVar("_taken", default=None)
SAME = "--quick changes nothing here: this is computed at once, and is what the full form gives."
Quick = Annotated[bool, typer.Option("--quick", help="Changes nothing: this is computed at once.")]


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


@contextmanager
def taking() -> Iterator[list[Document]]:
    """Within it, commands publish nothing: what they would, is appended to the list."""
    found: list[Document] = []
    token = _taken.set(found)
    try:
        yield found
    finally:
        _taken.reset(token)


def publish(
    document: Document,
    results: Path | None,
    *,
    variant: str = "",
    form: str = "full",
    as_json: bool,
    quick: bool = False,
    shown: Document | None = None,
) -> int:
    """Print the document, or its JSON, and write all of its files into its folder.

    Args:
        variant: of what is looked at by default; has a folder of its own.
        quick: whether to say that the quick form is the same; the files do not differ.
        shown: what is printed of a table of runs; before anything is written, so that it is there
            to see where the folder is read-only.

    Returns:
        The exit code: 1 where the document says that what the paper prints does not hold, else 0.

    Raises:
        UserError: where the folder cannot be written.
    """
    if (taken := _taken.get()) is not None:
        taken.append(document)
        return DONE if document.holds else DIFFERS
    from rich.console import Console

    from analysis.rendering.files import files
    from analysis.rendering.terminal import print_document

    if shown and not as_json:
        print_document(shown, Console())
    folder = Store(results or default_results(), form).report(document.id, variant)
    contents = files(document)
    write_files(folder, document.name, contents)
    if as_json:
        typer.echo(contents["json"].decode(), nl=False)
    else:
        if not shown:
            print_document(document, Console())
        same = f"\n{SAME}\n" if quick else ""
        typer.echo(f"{same}\nWritten: {short(folder / document.name)}.{{{','.join(contents)}}}")
    return DONE if document.holds else DIFFERS


def computed(make: Callable[[], Document]) -> Callable[..., int]:
    """The command of what is computed at once and has no options of its own."""

    def command(
        quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False
    ) -> int:
        return publish(make(), results, as_json=as_json, quick=quick)

    return command


def short(path: Path) -> Path:
    """The path from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
