"""`reproduce audit`: how much of a gain picking the best could explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.paper_files import read_rows
from reproduce.catalogue.papers import named
from reproduce.catalogue.tables import REPORTED_FORMS
from reproduce.commands import options as opt
from reproduce.commands.publishing import publish
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.documents.blocks import Document
    from analysis.tables.results import TableResult
    from analysis.tables.selection_audit_results import Audit
    from reproduce.catalogue.papers import Entry
    from reproduce.catalogue.tables import Table


def audit(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PAPER|TABLE…]", help="Such as locality or table4.", show_default=False
        ),
    ] = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> int:
    """Compare last with best epochs and the best of several settings with what equal ones give by
    chance: how much of a printed gain selection alone could explain; trains nothing."""
    base = results or default_results()
    return publish(document_of(base, names or []), base, as_json=as_json)


def document_of(base: Path, names: Sequence[str] = ()) -> Document:
    """The audit of papers and tables by their names, all by default, and of the runs in ``base``.

    Raises:
        UserError: where nothing of that name is a table of runs.
    """
    from analysis.documents.audit_document import audit_document

    entries = [entry for entry in named(names) if entry.trains]
    if not entries:
        raise UserError(f"{', '.join(names)}: no table of runs, so that nothing is selected")
    found = [audited for entry in entries if (audited := _audited(entry, base))]
    return audit_document(found, asked=names)


def _audited(entry: Entry, base: Path) -> Audit | None:
    """None where a table has neither printed numbers nor runs."""
    from analysis.tables.selection_audit import audit
    from reproduce.catalogue.selection import by_precision
    from reproduce.catalogue.table_result import build

    table = entry.load()
    results: list[TableResult] = []
    variants: list[TableResult] = []
    forms = [form for form in REPORTED_FORMS if form in ("full", *table.forms)]
    for form in forms:
        for selection, runs in by_precision(entry.id, form, base):
            own = not selection.variant
            if runs or (own and form == "full" and table.is_printed):
                # What a report has besides is not looked at, and may take long.
                plain = replace(selection, table=replace(selection.table, further=None))
                (results if own else variants).append(build(plain))
    if not results and not variants:
        return None
    return audit(
        results,
        variants,
        seeds=_printed_seeds(table) if table.is_printed else 1,
        references={name for form in forms for name in table.of_form(form).reference_cells},
    )


def _printed_seeds(table: Table) -> int:
    """That a printed number is of: the fewest that its file names, 1 where it names none."""
    rows = read_rows(table.paper, table.published.name)
    return min((int(row["n"]) for row in rows if row.get("n", "").isdecimal()), default=1)
