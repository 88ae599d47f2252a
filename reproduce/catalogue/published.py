"""What the scripts that train nothing share: the paper's rows, readings and deviations."""

from __future__ import annotations

import csv
from typing import Any

from benchmarks.errors import UserError
from reproduce.catalogue.deviations import table_deviations
from reproduce.catalogue.readings import table_readings
from reproduce.store.paths import PAPER_TABLES, paper_folder


def read_rows(paper: str, file: str) -> list[dict[str, str]]:
    """The rows of a CSV in ``paper_tables/<paper>``, every value as printed.

    Raises:
        UserError: where the file is missing, empty or no CSV.
    """
    path = paper_folder(paper, PAPER_TABLES) / file
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: restore it with `git checkout -- {path}`") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not rows or any(None in row or None in row.values() for row in rows):
        raise UserError(f"{path} is damaged: restore it with `git checkout -- {path}`")
    return rows


def context(table_id: str) -> dict[str, list[dict[str, Any]]]:
    """The readings and deviations that touch a theorem or figure, JSON-ready.

    Raises:
        UserError: where a file of the paper is missing or damaged.
    """
    readings = [
        {name: row[name] for name in ("id", "name", "value", "source", "question")}
        for row in table_readings(table_id)
    ]
    deviations = [
        {"id": d.id, "name": d.name, "text": f"{d.here} In the paper: {d.paper}"}
        for d in table_deviations(table_id)
    ]
    return {"readings": readings, "deviations": deviations}
