"""`reproduce status` without a table: one line for every table that has any run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from reproduce.catalogue.papers import default_paper, entries
from reproduce.catalogue.tables import Cell, Table
from reproduce.store.paths import default_results
from reproduce.store.schema import FORMS, configuration_hash
from reproduce.store.store import stores

PRECISIONS = ("float32", "bf16")


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
    if not rows:
        return "no run has finished yet: start with `reproduce table3 --quick`"
    return "\n".join(_line(row) for row in rows)


def _rows(form: str, found: Counter[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    known: set[str] = set()
    for entry in entries():
        whole = entry.load() if entry.trains else None
        if whole is None or form not in (whole.form, *whole.forms):
            continue
        table = whole.of_form(form)
        for precision in PRECISIONS:
            names = {_configuration(cell, precision) for cell in table.cells} - known
            if done := sum(found[name] for name in names):
                known |= names
                rows.append(_row(table, precision, done))
    if others := sum(count for name, count in found.items() if name not in known):
        rows.append({"table": None, "form": form, "done": others})
    return rows


def _configuration(cell: Cell, precision: str) -> str:
    return cell.run(0, {"precision": precision}).configuration_hash


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
