"""Does LOCO-Reg change where weights are large? Table I and Figure 1 asked of the suite's own
networks: those of a table whose runs kept their weights. Trains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from benchmarks.models import PlainBlock, RCNet10, SquareBlock
from benchmarks.penalties import Locality, LocoReg, StripReg, Term
from benchmarks.run import Run
from reproduce.catalogue.tables import plan, spelled
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE, INCOMPLETE
from reproduce.commands.keeping import saving_command, train
from reproduce.commands.publishing import publish
from reproduce.store.planned_run import PlannedRun

if TYPE_CHECKING:
    import pandas as pd

    from analysis.documents.blocks import Document
    from reproduce.catalogue.selection import Selection
    from reproduce.store.schema import Record
    from reproduce.store.weights import Header

ID = "locality/magnitudes"
FEW = 3  # cells that a command names one by one

TableOption = Annotated[
    str,
    typer.Option("--table", metavar="TABLE", help="Whose networks: a table that is trained."),
]


def command(
    table: TableOption = "table3", *, chosen: opt.Selecting, as_json: opt.Json = False
) -> int:
    """Measure, compare, print and write ``<table>.{csv,tex,json}`` and its figure.

    Like a table's report, it covers every network of the table that there is; the selection decides
    what counts as missing. Quick networks are trained where none is kept.

    Returns:
        3 where networks that were asked for are missing, else 0.

    Raises:
        UserError: where no run of the table has kept its weights, a file is damaged, or the folder
            cannot be written.
    """
    selection = chosen.of(table)
    planned = _planned(selection)
    kept = selection.store.weights.present()
    if chosen.quick and not any(p.run.hash in kept for p in planned) and not train(selection):
        return INCOMPLETE
    found = selection.store.records.collect([p.run.hash for p in planned])
    headers = selection.store.weights.headers(found)
    if not headers:
        variant = f" with {selection.variant}" if selection.variant else ""
        raise UserError(
            f"no run of {selection.table.title}{variant} has kept its weights: "
            f"{_command(selection, ())} trains them and keeps them"
        )
    store, variant = selection.store, selection.variant
    made = _document(selection, planned, headers, list(_remarks(planned, headers, found)))
    publish(made, store.base, variant=variant, form=store.form, as_json=as_json)
    complete = {p.run.hash for p in selection.planned} <= headers.keys()
    return DONE if complete else INCOMPLETE


def _document(
    selection: Selection,
    planned: Sequence[PlannedRun],
    headers: Mapping[str, Header],
    remarks: Sequence[str],
) -> Document:
    from analysis.papers.locality import magnitudes
    from analysis.papers.locality.magnitudes_document import document
    from reproduce.catalogue.readings import context

    cells = []
    baselines = _baselines(selection)
    for cell in selection.table.cells:
        runs = [p.run.hash for p in planned if p.cell == cell.name]
        diverged = sum(headers[name].diverged for name in runs if name in headers)
        base = baselines[cell.name]
        cells.append(magnitudes.Cell(cell.name, cell.kind, base, len(runs), diverged))
    missing = list(dict.fromkeys(p.cell for p in planned if p.run.hash not in headers))
    return document(
        _frame([p for p in planned if p.run.hash in headers], headers),
        cells,
        id=f"{ID}/{selection.table.name}",
        table=selection.table.title,
        form=selection.table.form,
        variant=selection.variant,
        remarks=remarks,
        missing=_command(selection, missing) if missing else "",
        context=context(ID),
    )


def _planned(selection: Selection) -> list[PlannedRun]:
    seeds = sorted({*range(selection.table.seeds), *selection.seeds})
    return plan(selection.table.cells, seeds, selection.overrides)


def _baselines(selection: Selection) -> dict[str, str | None]:
    """By cell, the one whose run differs only in that its L2 weighs all positions alike."""
    runs = {cell.name: cell.run(0, selection.overrides) for cell in selection.table.cells}
    plain = {_made_plain(run): name for name, run in reversed(runs.items()) if is_plain(run)}
    return {n: None if is_plain(run) else plain.get(_made_plain(run)) for n, run in runs.items()}


def is_plain(run: Run) -> bool:
    """Whether L2 weighs all positions of the network's 3×3 filters alike.

    Of a merged block of branches: three alike share the decay of every position alike (STRIP-Reg
    with η = 0); ACNet's strips do not.
    """
    terms = [t for t in run.objective.penalties if isinstance(t, Locality | StripReg)]
    block = run.model.block if isinstance(run.model, RCNet10) else PlainBlock()
    return all(term.is_plain for term in terms) and block in (PlainBlock(), SquareBlock())


def _made_plain(run: Run) -> Run:
    """The run that weighs all positions alike, and differs in nothing else."""
    penalties = tuple(_plain(term) for term in run.objective.penalties)
    plain = run.replace(objective=run.objective.replace(penalties=penalties))
    if isinstance(run.model, RCNet10) and run.model.block != PlainBlock():
        plain = plain.replace(model=run.model.replace(block=SquareBlock()))
    return plain


def _plain(term: Term) -> Term:
    if isinstance(term, Locality):
        return LocoReg(weight_decay=term.weight_decay, convention=term.convention)
    return term.replace(eta="0") if isinstance(term, StripReg) else term


def _command(selection: Selection, cells: Sequence[str]) -> str:
    """What trains the runs of ``cells`` that have no weights; of the whole table for many cells."""
    settings = {**selection.chosen, **selection.analysis}
    options = ["--precision", settings.pop("precision")] if "precision" in settings else []
    for name in sorted(settings):
        options += ["--reading", f"{name}={spelled(settings[name])}"]
    if len(cells) <= FEW and len(cells) < len(selection.table.cells):
        for name in cells:
            options += ["--only", name]
    return saving_command(selection.table.name, selection.store, *options)


def _frame(planned: Sequence[PlannedRun], headers: Mapping[str, Header]) -> pd.DataFrame:
    """One row a 3×3 layer of each network that has not diverged."""
    import numpy as np
    import pandas as pd
    from rich.console import Console
    from rich.progress import track

    from analysis.papers.locality.magnitudes import PLACE, layer_of
    from benchmarks.weights import read

    console = Console(stderr=True)
    is_plain = not console.is_terminal  # else a bar: some hundred networks take a minute
    rows = []
    for item in track(
        planned, "reading weights", console=console, transient=True, disable=is_plain
    ):
        header = headers[item.run.hash]
        if header.diverged:
            continue
        layers = [layer for layer in read(header.path) if layer.size == (3, 3)]
        if not layers:
            raise UserError(f"{header.path} holds no layer of 3×3 filters")
        place = {"cell": item.cell, "seed": item.run.seed, "run": item.run.hash}
        for number, layer in enumerate(layers, start=1):
            where = {**place, "layer": number, "name": layer.name}
            rows.append({**where, **layer_of(layer.filters)})
    return pd.DataFrame(rows, columns=[*PLACE, *layer_of(np.ones((1, 3, 3), np.float32))])


def _remarks(
    planned: Sequence[PlannedRun], headers: Mapping[str, Header], found: Mapping[str, Record]
) -> Iterator[str]:
    """On weights that are not of the training that the record tells of, and on merged branches."""
    if others := sum(not header.belongs_to(found[name]) for name, header in headers.items()):
        networks = "network is" if others == 1 else "networks are"
        yield (
            f"{others} {networks} of a repetition that came to another result than the record, as "
            "on another machine or torch build."
        )
    if any(isinstance(p.run.model, RCNet10) and p.run.model.block != PlainBlock() for p in planned):
        yield "A block of several branches is measured as the one 3×3 filter that it merges into."


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
