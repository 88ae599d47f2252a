"""A table as data: the CSV of its runs (science only) and the JSON of everything computed.

Both are the same bytes for the same runs, wherever and whenever they are written.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from decimal import Decimal
from typing import Any

from analysis.documents.notes import labels, machines, notes, summary
from analysis.documents.results import CellResult, RunRow, TableResult

SCHEMA = 1
RUN_COLUMNS = tuple(f.name for f in dataclasses.fields(RunRow) if f.name != "machine")


def csv_text(result: TableResult) -> str:
    """One row a run, by cell in the table's order and by seed; no hosts, machines or times.

    The columns are protocol, cell, kind, the cells' parameters (such as gamma and eta) and those of
    :class:`analysis.documents.results.RunRow` without ``machine``.
    """
    names = list(dict.fromkeys(name for cell in result.cells for name, _ in cell.parameters))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["protocol", "cell", "kind", *names, *RUN_COLUMNS])
    for cell in result.cells:
        parameters = dict(cell.parameters)
        place = [result.about.protocol, cell.name, cell.kind]
        place += [parameters.get(name, "") for name in names]
        for row in cell.runs:
            writer.writerow([*place, *(_field(getattr(row, name)) for name in RUN_COLUMNS)])
    return buffer.getvalue()


def json_text(result: TableResult) -> str:
    """The full summary: per cell, per comparison, statements, readings, machines and margin.

    Accuracies are shares, differences of accuracies too; only ``delta`` is in points.
    """
    about = dataclasses.asdict(result.about)
    document = {
        "schema": SCHEMA,
        **about,
        "labels": labels(result),
        "summary": summary(result),
        "complete": result.is_whole,
        "runs": result.runs_present,
        "runs_planned": result.runs_planned,
        "seeds": result.seeds,
        "declared_comparisons": result.declared,
        "delta_points": result.delta,
        "test": {"alternative": result.alternative, "method": result.method},
        "confidence": result.confidence,
        "statements": [dataclasses.asdict(note) for note in notes(result)],
        "machines": machines(result),
        "cells": [_cell(cell) for cell in result.cells],
        "comparisons": [dataclasses.asdict(comparison) for comparison in result.comparisons],
        "claims": [dataclasses.asdict(claim) for claim in result.claims],
    }
    text = json.dumps(_plain(document), indent=1, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def _cell(cell: CellResult) -> dict[str, Any]:
    row = dataclasses.asdict(cell)
    row.update(
        parameters=dict(cell.parameters),
        machines=dict(cell.machines),
        n=cell.n,
        diverged=cell.diverged,
        mixes_machines=len(cell.machines) > 1,
    )
    for run in row["runs"]:
        del run["machine"]  # per cell above
    return row


def _field(value: object) -> str:
    """Booleans as 0 and 1, floats in full."""
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """JSON-ready: decimals as strings, NaN as null, infinities as "inf" and "-inf"."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
