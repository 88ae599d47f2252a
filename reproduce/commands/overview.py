"""`reproduce list` and `reproduce status`: what there is, and how far it is."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from reproduce.catalogue.papers import default_paper, entries, papers
from reproduce.catalogue.tables import Table
from reproduce.commands import options as opt
from reproduce.store.paths import default_results
from reproduce.store.schema import FORMS, configuration_hash
from reproduce.store.store import stores


def list_tables(
    paper: Annotated[
        str | None,
        typer.Argument(metavar="[PAPER]", help="One paper alone.", show_default=False),
    ] = None,
    as_json: opt.Json = False,
) -> str:
    """List what can be reproduced."""
    rows = []
    for entry in entries(paper):
        row: dict[str, Any] = {"table": entry.id, "summary": entry.summary}
        if entry.trains:
            table = entry.load()
            row |= {"cells": len(table.cells), "seeds": table.seeds}
            row |= {"runs": len(table.cells) * table.seeds, "forms": list(table.forms)}
        rows.append(row)
    if as_json:
        return json.dumps(rows, indent=1)
    width = shutil.get_terminal_size().columns
    lines = []
    for of in papers():
        own = [row for row in rows if row["table"].startswith(f"{of.name}/")]
        lines += [f"{of.title} ({of.citation})"] if own else []
        for row in own:
            forms = "".join(f", also --{form}" for form in row.get("forms", ()))
            cells = f"{row['cells']} cells × {row['seeds']} seeds" if "cells" in row else ""
            lines.append(f"{row['table']}  {cells or 'computed at once'}{forms}")
            lines.append(textwrap.indent(textwrap.fill(row["summary"], width - 4), "    "))
    return "\n".join(lines)


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
    rows: list[dict[str, Any]] = []
    for store in stores(results or default_results(), FORMS[0]):
        records = list(store.records.readable())
        found = Counter(map(configuration_hash, records))
        precisions = sorted({record["run"]["precision"] for record in records}, reverse=True)
        for entry in entries():
            if not found:
                break  # what comes after need not be loaded
            whole = entry.load() if entry.trains else None
            if whole is not None and store.form in (whole.form, *whole.forms):
                rows += _rows(whole.of_form(store.form), found, precisions)
        if others := found.total():
            rows.append({"table": None, "form": store.form, "done": others})
    if as_json:
        return json.dumps(rows, indent=1)
    return "\n".join(map(_line, rows)) or (
        "no run has finished yet: start with `reproduce table3 --quick`"
    )


def _rows(table: Table, found: Counter[str], precisions: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Of each precision that has runs, which it takes from ``found``."""
    planned = len(table.cells) * table.seeds
    name = table.name if table.paper == default_paper() else table.id
    for precision in precisions:
        runs = (cell.run(0, {"precision": precision}) for cell in table.cells)
        done = sum(found.pop(name, 0) for name in {run.configuration_hash for run in runs})
        own = precision == table.cells[0].template.precision
        options = table.option + ("" if own else f" --precision {precision}")
        if done:
            yield {
                "table": table.id,
                "form": table.form,
                "precision": precision,
                "done": done,
                "planned": planned,
                "next": f"reproduce {'report' if done >= planned else 'status'} {name}{options}",
            }


def _line(row: dict[str, Any]) -> str:
    if row["table"] is None:
        return f"{row['form']}: {row['done']} runs under other readings or of no table"
    where = f"{row['table']}, {row['form']}, {row['precision']}"
    return f"{where}: {row['done']} of {row['planned']} runs; `{row['next']}`"
