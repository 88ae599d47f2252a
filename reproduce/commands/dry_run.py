"""``--dry-run`` of a table's command: what would be trained, and what that needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from analysis.counted import counted
from analysis.documents import plan_document, plan_sentences
from reproduce.commands import options as opt
from reproduce.commands.plan import plan_of

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


def dry_run_of(selection: Selection, launch: opt.Launch) -> str:
    """The cells and runs that the options select, or the scripts that a queue would be given;
    nothing is read or trained."""
    if launch.slurm:
        from reproduce.commands import slurm

        return slurm.dry_run(selection, slurm.request_of(selection, launch), as_json=launch.as_json)
    table = selection.table
    rows: list[dict[str, Any]] = [
        {
            "cell": cell.name,
            "configuration": cell.run(0, selection.overrides).configuration_hash,
            "runs": {
                str(seed): cell.run(seed, selection.overrides).hash for seed in selection.seeds
            },
        }
        for cell in selection.cells
    ]
    found = plan_of(selection, launch)
    budget = launch.budget.text if launch.budget else ""
    if launch.as_json:
        values = {"table": table.id, "form": table.form, "cells": rows}
        return json.dumps(values | {"plan": plan_document.facts(found.works[0])}, indent=1)
    width = max(len(row["cell"]) for row in rows)
    seeds = len(selection.seeds)
    lines = [
        f"{table.title}: {counted(len(rows), 'cell')} × {counted(seeds, 'seed')} = "
        f"{counted(len(rows) * seeds, 'run')}"
        + (f", variant {selection.variant}" if selection.variant else ""),
        *(
            f"  {row['cell']:<{width}}  configuration {row['configuration']}, first run "
            f"{next(iter(row['runs'].values()))}"
            for row in rows
        ),
        *(f"  {line}" for line in plan_sentences.sentences(found.works[0], budget)),
        "Nothing was trained. --json lists every run.",
    ]
    return "\n".join(lines)
