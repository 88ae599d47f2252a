"""`reproduce audit`: how much of a gain picking the best could explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.commands import options as opt
from reproduce.commands.page import FORMS, chosen
from reproduce.commands.publishing import publish
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.documents.blocks import Document


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
    from analysis.verdicts.selection_audit import audit as audited
    from reproduce.catalogue.report import build
    from reproduce.catalogue.selection import select

    entries = [entry for entry in chosen(names) if entry.trains]
    if not entries:
        raise UserError(f"{', '.join(names)}: no table of runs, so that nothing is selected")
    found = []
    for entry in entries:
        forms = [form for form in FORMS if form in ("full", *entry.load().forms)]
        selections = [select(entry.id, form=form, results=base) for form in forms]
        found.append(audited([build(selection) for selection in selections]))
    return audit_document(found, asked=names)
