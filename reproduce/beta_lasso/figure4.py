"""Figures 4 and 7 to 9 of the β-LASSO paper: first-layer filters of S-FC under SGD and β-LASSO, and
of S-LOCAL, of the networks that Table 2 has trained; and a score of how local they are. Trains
nothing but what a quick form needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from benchmarks.models import Shallow
from reproduce.beta_lasso.table2 import SPARSER, TABLE
from reproduce.catalogue.tables import Cell, plan, spelled
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE, INCOMPLETE
from reproduce.commands.keeping import saving_command, train
from reproduce.commands.publishing import publish
from reproduce.store.planned_run import PlannedRun

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from analysis.papers.beta_lasso.filters import Row
    from reproduce.catalogue.selection import Selection

ID = "beta-lasso/figure4"
# As the paper's panels, the baseline first, and the reduced form's further row.
ROWS = ("S-FC SGD", "S-FC beta 50", SPARSER, "S-LOCAL SGD")
LEAST, FILTERS = 20, 24
SCORE = "filter locality"

Filters = Annotated[
    int, typer.Option("--filters", metavar="N", help="How many filters of a network are shown.")
]


def command(filters: Filters = FILTERS, *, chosen: opt.Selecting, as_json: opt.Json = False) -> int:
    """Read, score, print and write ``figure4.{csv,tex,json}`` and ``figure4.filters.{png,pdf}``.

    Scores are of all finished runs of Table 2, filters of the first seed whose weights are kept.
    Quick networks are trained where none is.

    Returns:
        3 where filters are missing, else 0.

    Raises:
        UserError: where no run has finished, a file is damaged, or the folder cannot be written.
    """
    from analysis.papers.beta_lasso.filters import document
    from reproduce.catalogue.readings import context

    if not 1 <= filters <= 200:
        raise UserError(f"--filters must lie in 1 … 200, not {filters}")
    selection = chosen.of(TABLE.id)
    cells = [cell for cell in selection.cells if cell.name.partition(" ")[2] in ROWS]
    cells.sort(key=lambda cell: (cell.group, ROWS.index(cell.name.partition(" ")[2])))
    if not cells:
        raise UserError(f"--only selects none of the figure's cells: {', '.join(ROWS)}")
    selection = replace(selection, cells=tuple(cells))
    planned = plan(cells, selection.seeds, selection.overrides)
    kept = selection.store.weights.present()
    if chosen.quick and not any(p.run.hash in kept for p in planned) and not train(selection):
        return INCOMPLETE
    rows = [_row(cell, selection, planned) for cell in cells]
    lacking = [row for row in rows if row.filters is None]
    if len(lacking) == len(rows) and not any(row.scores for row in rows):
        raise UserError(
            f"no run of {selection.table.title} has finished: {_command(selection)} trains them "
            "and keeps their weights"
        )
    made = document(
        rows,
        count=filters,
        least=LEAST,
        form=selection.table.form,
        variant=selection.variant,
        missing=_command(selection) if lacking else "",
        context=context(ID),
    )
    store = selection.store
    publish(made, store.base, variant=selection.variant, form=store.form, as_json=as_json)
    return INCOMPLETE if lacking else DONE


def _row(cell: Cell, selection: Selection, planned: Sequence[PlannedRun]) -> Row:
    """A cell's scores, and the filters of its first kept network."""
    from analysis.papers.beta_lasso.filters import Row

    runs = {p.run.seed: p.run for p in planned if p.cell == cell.name}
    found = selection.store.records.collect([run.hash for run in runs.values()])
    scores = {
        seed: float(found[run.hash]["result"]["measurements"][SCORE])
        for seed, run in runs.items()
        if run.hash in found and not found[run.hash]["result"]["diverged"]
    }
    base = f"{cell.group} {ROWS[0]}"
    made = Row(
        cell.name, cell.group, cell.label, len(runs), scores, None if cell.name == base else base
    )
    kept = selection.store.weights.present()
    for seed, run in runs.items():
        if run.hash in kept:
            state = selection.store.weights.read(run)
            assert isinstance(run.model, Shallow)
            return replace(made, filters=_filters(run.model, state), seed=seed)
    return made


def _filters(model: Shallow, state: dict[str, torch.Tensor]) -> NDArray[np.float32]:
    """The first layer's filters on the image, float32 (N, 3, side, side)."""
    from analysis.papers.beta_lasso.filters import placed
    from benchmarks.penalties.measured_filter_locality import first_filters

    weight = state["features.conv1.weight"]
    if model.connectivity != "local":
        return first_filters(weight).numpy()
    kernel, (_, stride) = model.kernel, model.plan[0]
    filters = first_filters(weight, kernel).numpy()
    positions, channels = weight.shape[:2]
    across = round(positions**0.5)
    first = [stride * index - kernel // 2 for index in range(across)]
    places = [(top, left) for top in first for left in first for _ in range(channels)]
    return placed(filters, places, across * stride)


def _command(selection: Selection) -> str:
    """What trains the figure's runs and keeps their weights."""
    options = []
    for name, value in sorted(selection.chosen.items()):
        given = ["--precision", value] if name == "precision" else []
        options += given or ["--reading", f"{name}={spelled(value)}"]
    return saving_command(selection.table.id, selection.store, *options)


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
