"""How `reproduce status` tells where runs stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reproduce.selection import Selection
    from reproduce.status import Running, Status

COLUMNS = ("done", "running", "failed", "waiting")


def render(status: Status, selection: Selection, *, as_json: bool) -> str:
    """A row a cell, what runs where, and the last line of each error."""
    if as_json:
        return json.dumps(_as_dict(status, selection), indent=1)
    width = max(len(cell.cell) for cell in status.cells)
    done, total = (sum(getattr(c, n) for c in status.cells) for n in ("done", "total"))
    lines = [f"{selection.table.title}: {done} of {total} runs done"]
    if selection.variant:
        lines[0] += f" ({selection.variant})"
    lines.append(" ".join([f"{'cell':<{width}}", *(f"{name:>8}" for name in COLUMNS)]))
    for cell in status.cells:
        counts = [f"{cell.done}/{cell.total}", cell.running, cell.failed, cell.waiting]
        lines.append(
            " ".join([f"{cell.cell:<{width}}", *(f"{count or '-':>8}" for count in counts)])
        )
    lines += [_running_line(run) for run in status.running]
    for name, failure in sorted(status.failed.items()):
        lines.append(f"failed: {failure.cell}, seed {failure.seed} ({name}): {failure.error}")
        lines.append(f"    log: {failure.log}")
    lines.append(_next_step(status, selection))
    return "\n".join(lines)


def _running_line(run: Running) -> str:
    where = f"process {run.owner.pid} on {run.owner.host}"
    if run.beat is None:
        return f"running: {run.cell}, seed {run.seed} ({where}), starting"
    rate = run.beat.images_per_second
    speed = f", {rate:,.0f} images/s" if rate else ""
    place = f"epoch {run.beat.epoch}/{run.epochs}{speed}"
    return f"running: {run.cell}, seed {run.seed}, {place} ({where})"


def _next_step(status: Status, selection: Selection) -> str:
    name = selection.table.name + (" --quick" if selection.table.is_quick else "")
    if status.complete:
        return f"Complete: `reproduce report {name}` redraws the table."
    if status.running:
        return f"Under way. `reproduce report {name}` shows what there is so far."
    return f"`reproduce {name}` trains what is missing."


def _as_dict(status: Status, selection: Selection) -> dict[str, Any]:
    cells = [
        {"cell": c.cell, **{name: getattr(c, name) for name in (*COLUMNS, "total")}}
        for c in status.cells
    ]
    running = [
        {
            "run": r.run_hash,
            "cell": r.cell,
            "seed": r.seed,
            "epoch": r.beat.epoch if r.beat else 0,
            "epochs": r.epochs,
            "images_per_second": r.beat.images_per_second if r.beat else None,
            "host": r.owner.host,
            "pid": r.owner.pid,
        }
        for r in status.running
    ]
    failed = [
        {"run": name, "cell": f.cell, "seed": f.seed, "error": f.error, "log": str(f.log)}
        for name, f in sorted(status.failed.items())
    ]
    return {
        "table": selection.table.id,
        "quick": selection.table.is_quick,
        "variant": selection.variant,
        "complete": status.complete,
        "cells": cells,
        "running": running,
        "failed": failed,
    }
