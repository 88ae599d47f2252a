"""`reproduce list` and `reproduce status`: what there is, and how far it is."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from reproduce.catalogue.papers import Entry, default_paper, entries, papers
from reproduce.catalogue.tables import Table
from reproduce.commands import options as opt
from reproduce.store.paths import default_results
from reproduce.store.schema import FORMS, configuration_hash
from reproduce.store.store import stores

PRECISIONS = ("float32", "bf16")


def list_tables(
    paper: Annotated[
        str | None,
        typer.Argument(metavar="[PAPER]", help="One paper alone.", show_default=False),
    ] = None,
    as_json: opt.Json = False,
) -> str:
    """List what can be reproduced."""
    rows = [_summary(entry) for entry in entries(paper)]
    if as_json:
        return json.dumps(rows, indent=1)
    width = shutil.get_terminal_size().columns
    lines = []
    for of in papers():
        if own := [row for row in rows if row["table"].startswith(f"{of.name}/")]:
            lines.append(f"{of.title} ({of.citation})")
        for row in own:
            size = "computed at once"
            if "cells" in row:
                forms = "".join(f", also --{form}" for form in row["forms"])
                size = f"{row['cells']} cells × {row['seeds']} seeds{forms}"
            lines.append(f"{row['table']}  {size}")
            lines.append(textwrap.indent(textwrap.fill(row["summary"], width - 4), "    "))
    return "\n".join(lines)


def _summary(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"table": entry.id, "summary": entry.summary}
    if entry.trains:
        table = entry.load()
        row |= {"cells": len(table.cells), "seeds": table.seeds}
        row |= {"runs": len(table.cells) * table.seeds, "forms": list(table.forms)}
    return row


def status(
    chosen: opt.Selecting,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[TABLE]", help="Such as table3 or locality/table3.", show_default=False
        ),
    ] = None,
    as_json: opt.Json = False,
) -> str:
    """Tell what is done, running, failed and missing, from the records on disk; without TABLE, one
    line for every table that has any run."""
    if table is None:
        return overview(chosen.results, as_json=as_json)
    from reproduce.running.status import render, status_of

    selection = chosen.of(table)
    return render(status_of(selection.planned, selection.store), selection, as_json=as_json)


def overview(results: Path | None, *, as_json: bool) -> str:
    """What has finished, by table, form and precision, and what to type next.

    Runs under other readings than the default ones are told together, by form.
    """
    rows = []
    for store in stores(results or default_results(), FORMS[0]):
        found = Counter(configuration_hash(record) for record in store.records.readable())
        if found:
            rows += _rows(store.form, found)
    if as_json:
        return json.dumps(rows, indent=1)
    return "\n".join(map(_line, rows)) or (
        "no run has finished yet: start with `reproduce table3 --quick`"
    )


def _rows(form: str, found: Counter[str]) -> list[dict[str, Any]]:
    """Takes the runs that it tells from ``found``."""
    rows: list[dict[str, Any]] = []
    for entry in entries():
        whole = entry.load() if entry.trains else None
        if whole is None or form not in (whole.form, *whole.forms):
            continue
        table = whole.of_form(form)
        for precision in PRECISIONS:
            runs = (cell.run(0, {"precision": precision}) for cell in table.cells)
            names = {run.configuration_hash for run in runs}
            if done := sum(found.pop(name, 0) for name in names):
                rows.append(_row(table, precision, done))
    if others := found.total():
        rows.append({"table": None, "form": form, "done": others})
    return rows


def _row(table: Table, precision: str, done: int) -> dict[str, Any]:
    planned = len(table.cells) * table.seeds
    name = table.name if table.paper == default_paper() else table.id
    options = table.option
    if precision != table.cells[0].template.precision:
        options += f" --precision {precision}"
    verb = "report" if done >= planned else "status"
    return {
        "table": table.id,
        "form": table.form,
        "precision": precision,
        "done": done,
        "planned": planned,
        "next": f"reproduce {verb} {name}{options}",
    }


def _line(row: dict[str, Any]) -> str:
    if row["table"] is None:
        return f"{row['form']}: {row['done']} runs under other readings or of no table"
    where = f"{row['table']}, {row['form']}, {row['precision']}"
    return f"{where}: {row['done']} of {row['planned']} runs; `{row['next']}`"
