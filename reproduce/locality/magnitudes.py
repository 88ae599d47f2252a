"""Does LOCO-Reg change where weights are large? Table I and Figure 1 asked of the suite's own
networks: those of a table whose runs kept their weights. Trains nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.errors import UserError
from benchmarks.models import PlainBlock, RCNet10, SquareBlock
from benchmarks.penalties import Locality, LocoReg, StripReg, Term
from benchmarks.run import Run
from reproduce.commands import options as opt
from reproduce.commands.publishing import publish
from reproduce.locality.weight_sources import saving_command, train

if TYPE_CHECKING:
    from analysis.papers.locality.magnitudes import CellSpec
    from analysis.papers.locality.magnitudes_document import MagnitudesReport
    from reproduce.catalogue.selection import Selection
    from reproduce.catalogue.tables import Cell, PlannedRun
    from reproduce.store.schema import Record
    from reproduce.store.weights import Header

ID = "locality/magnitudes"
DONE, INCOMPLETE = 0, 3
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
    from analysis.papers.locality.magnitudes_document import document

    selection = chosen.of(table)
    kept = selection.store.weights.present()
    if chosen.quick and not any(p.run.hash in kept for p in _planned(selection)):
        train(selection)
    report, complete = report_of(selection)
    store, variant = selection.store, selection.variant
    publish(document(report), store.base, variant=variant, form=store.form, as_json=as_json)
    return DONE if complete else INCOMPLETE


def report_of(selection: Selection) -> tuple[MagnitudesReport, bool]:
    """The report, and whether every network that was asked for is in it.

    Raises:
        UserError: see :func:`command`.
    """
    from analysis.papers.locality.magnitudes import analyse
    from analysis.papers.locality.magnitudes_document import MagnitudesReport
    from reproduce.catalogue.readings import context

    planned = _planned(selection)
    found = selection.store.records.collect([p.run.hash for p in planned])
    headers = selection.store.weights.headers(found)
    if not headers:
        variant = f" with {selection.variant}" if selection.variant else ""
        raise UserError(
            f"no run of {selection.table.title}{variant} has kept its weights: "
            f"{_command(selection, ())} trains them and keeps them"
        )
    frame = _frame([p for p in planned if p.run.hash in headers], headers)
    specs = [_spec(cell, selection, planned, headers) for cell in selection.table.cells]
    wanted = {p.run.hash for p in selection.planned}
    missing = list(dict.fromkeys(p.cell for p in planned if p.run.hash not in headers))
    report = MagnitudesReport(
        table=selection.table.title,
        id=f"{ID}/{selection.table.name}",
        is_quick=selection.table.is_quick,
        variant=selection.variant,
        found=analyse(frame, specs),
        layers=frame,
        remarks=(*_remarks(headers, found), *_merging(planned)),
        context=context(ID),
        missing=_command(selection, missing) if missing else "",
    )
    return report, wanted <= headers.keys()


def _planned(selection: Selection) -> list[PlannedRun]:
    from reproduce.catalogue.tables import plan

    seeds = sorted({*range(selection.table.seeds), *selection.seeds})
    return plan(selection.table.cells, seeds, selection.overrides)


def _spec(
    cell: Cell,
    selection: Selection,
    planned: Sequence[PlannedRun],
    headers: Mapping[str, Header],
) -> CellSpec:
    from analysis.papers.locality.magnitudes import CellSpec

    runs = [p.run.hash for p in planned if p.cell == cell.name]
    diverged = sum(headers[name].diverged for name in runs if name in headers)
    return CellSpec(cell.name, cell.kind, _baseline(cell, selection), len(runs), diverged)


def _baseline(cell: Cell, selection: Selection) -> str | None:
    """The cell whose run differs only in that its L2 weighs all positions alike."""
    run = cell.run(0, selection.overrides)
    if is_plain(run):
        return None
    for other in selection.table.cells:
        candidate = other.run(0, selection.overrides)
        if is_plain(candidate) and _made_plain(candidate) == _made_plain(run):
            return other.name
    return None


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
    parts = [saving_command(selection.table.name, selection.store)]
    if "precision" in selection.chosen:
        parts.append(f"--precision {selection.chosen['precision']}")
    chosen = {**selection.chosen, **selection.analysis}
    parts += [f"--reading {name}={chosen[name]}" for name in sorted(chosen) if name != "precision"]
    if len(cells) <= FEW and len(cells) < len(selection.table.cells):
        parts += [f"--only {shlex.quote(name)}" for name in cells]
    return f"`{' '.join(parts)}`"


def _frame(planned: Sequence[PlannedRun], headers: Mapping[str, Header]) -> Any:
    """One row a 3×3 layer of each network that has not diverged."""
    import pandas as pd

    from analysis.papers.locality.magnitudes import COLUMNS

    rows = []
    for item in _shown(planned):
        header = headers[item.run.hash]
        if not header.diverged:
            place = {"cell": item.cell, "seed": item.run.seed, "run": item.run.hash}
            rows += [{**place, **layer} for layer in _layers(header)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _shown(planned: Sequence[PlannedRun]) -> Any:
    """The runs, with a bar on a terminal: some hundred networks take a minute."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(
        planned,
        description="reading weights",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _layers(header: Header) -> list[dict[str, Any]]:
    from benchmarks.weights import read
    from benchmarks.weights.measuring import count_layers, measure_layers

    layers = read(header.path)
    signed, absolute = count_layers(layers), count_layers(layers, magnitudes=True)
    measured = measure_layers(layers)
    if not measured:
        raise UserError(f"{header.path} holds no layer of 3×3 filters")
    return [
        {
            "layer": number,
            "name": sizes.name,
            "filters": sizes.filters,
            "larger_centre": plain.larger["centre > neighbour"],
            "larger_neighbour": plain.larger["neighbour > corner"],
            "larger_abs_centre": magnitudes.larger["centre > neighbour"],
            "larger_abs_neighbour": magnitudes.larger["neighbour > corner"],
            **{f"mean_{ring}": value for ring, value in sizes.mean.items()},
            **{f"rms_{ring}": value for ring, value in sizes.rms.items()},
        }
        for number, (plain, magnitudes, sizes) in enumerate(
            zip(signed, absolute, measured, strict=True), start=1
        )
    ]


def _remarks(headers: Mapping[str, Header], found: Mapping[str, Record]) -> list[str]:
    """On weights that are not of the training that the record tells of."""
    others = sum(not header.belongs_to(found[name]) for name, header in headers.items())
    if not others:
        return []
    networks = "network is" if others == 1 else "networks are"
    return [
        f"{others} {networks} of a repetition that came to another result than the record, as on "
        "another machine or torch build."
    ]


def _merging(planned: Sequence[PlannedRun]) -> list[str]:
    path = "model.block.kind"
    kinds = {item.run.setting(path) for item in planned if item.run.has_setting(path)}
    if kinds <= {"conv"}:
        return []
    return ["A block of several branches is measured as the one 3×3 filter that it merges into."]


if __name__ == "__main__":
    from reproduce.__main__ import run_entry

    run_entry(ID)
