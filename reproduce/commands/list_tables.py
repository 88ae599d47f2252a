"""`reproduce list`: what can be reproduced."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Annotated, Any

import typer

from reproduce.catalogue.papers import entries, papers
from reproduce.commands import options as opt


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
