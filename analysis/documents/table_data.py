"""An analysed table for programs: one row a run for the CSV, and what the JSON has besides."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from analysis.documents.blocks import Data
from analysis.documents.table_notes import machines, summary
from analysis.tables.results import CellResult, RunRow, TableResult
from analysis.verdicts.measure import ACCURACY

# The values of the table's measures are columns of their own, but for the accuracy.
RUN_COLUMNS = tuple(
    f.name for f in dataclasses.fields(RunRow) if f.name not in ("machine", "value", "laboratory")
)


def runs(result: TableResult) -> Data:
    """One row a run, by cell in the table's order and by seed, with its value of every measure and,
    where runs came from others, its laboratory; no hosts, machines or times."""
    names = tuple(dict.fromkeys(name for cell in result.cells for name, _ in cell.parameters))
    columns = (*RUN_COLUMNS, "laboratory") if result.laboratories else RUN_COLUMNS
    shown = [r for r in (result, *result.others) if r.about.measure.name != ACCURACY.name]
    further = [{run.run: run.value for cell in r.cells for run in cell.runs} for r in shown]
    rows = []
    for cell in result.cells:
        parameters = dict(cell.parameters)
        place = (result.about.protocol, cell.name, cell.kind)
        own = [*place, *(parameters.get(name, "") for name in names)]
        for run in cell.runs:
            known = [getattr(run, name) for name in columns]
            rows.append((*own, *known, *(values[run.run] for values in further)))
    measures = (r.about.measure.name for r in shown)
    return Data(("protocol", "cell", "kind", *names, *columns, *measures), tuple(rows))


def facts(result: TableResult) -> dict[str, Any]:
    """The full summary. Accuracies and differences are shares; "delta" alone is in points."""
    return {
        **_fields(result.about),
        "summary": summary(result),
        "complete": result.is_whole,
        "runs": result.runs_present,
        "runs_planned": result.runs_planned,
        "seeds": result.seeds,
        "declared_comparisons": result.declared,
        "delta_points": result.delta,
        "test": {"alternative": result.alternative, "method": result.method},
        "confidence": result.confidence,
        "machines": machines(result),
        **({"laboratories": _laboratories(result)} if result.laboratories else {}),
        "cells": [_cell_facts(cell) for cell in result.cells],
        "comparisons": result.comparisons,
        "statements": result.claims,
        "chosen": result.chosen,
        "other_measures": [facts(other) for other in result.others],
        **({"moved_verdicts": result.moved} if result.moved else {}),
    }


def _laboratories(result: TableResult) -> dict[str, dict[str, Sequence[int]]]:
    """The seeds that each laboratory gave, by cell."""
    return {
        name: {
            cell.name: cell.seeds_by_laboratory[name]
            for cell in result.cells
            if name in cell.seeds_by_laboratory
        }
        for name in result.laboratories
    }


def _cell_facts(cell: CellResult) -> dict[str, Any]:
    return {name: value for name, value in _fields(cell).items() if name != "runs"} | {
        "parameters": dict(cell.parameters),
        "machines": dict(cell.machines),
        "n": cell.n,
        "diverged": cell.diverged,
        "mixes_machines": len(cell.machines) > 1,
    }


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
