"""An analysed table as a document: the paper's layout, cells, comparisons, claims and notes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from analysis.documents import wording
from analysis.documents.arrangement import groups
from analysis.documents.blocks import (
    STAR_LEGEND,
    Block,
    Cell,
    Column,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    row,
)
from analysis.documents.notes import labels, machines, summary
from analysis.documents.results import (
    CellResult,
    ComparisonResult,
    RunRow,
    TableResult,
)
from analysis.documents.table_figure import figure
from analysis.documents.table_layout import layout
from analysis.documents.table_notes import TONES, claims, statements
from analysis.verdicts.measure import ACCURACY, MISSING

DETAILED = 24  # a grid of more cells is shown in the terminal without the intervals of each
# The values of the table's measures are columns of their own, but for the accuracy.
RUN_COLUMNS = tuple(
    f.name for f in dataclasses.fields(RunRow) if f.name not in ("machine", "value")
)


def table_document(result: TableResult, asked: Collection[str] | None = None) -> Document:
    """The whole report.

    Args:
        asked: names of the cells that a terminal is to show, all by default. Of a table of rows or
            a grid only the groups that hold one of them stay; pairs share cells and stay together.
            What is written to files is to be built without it.
    """
    cells = _shown(result, asked)
    names = {cell.name for cell in cells}
    pairs = [pair for pair in result.comparisons if pair.first in names]
    about, is_grid = result.about, result.about.layout == "grid"
    counted = summary(result)
    details: list[Block] = [_cells(result, cells), *_comparisons(result, pairs), *_best(cells)]
    if is_grid and len(cells) > DETAILED:
        details = [dataclasses.replace(b, shown="latex") for b in details if isinstance(b, Grid)]
    part = f"Shown: {len(cells)} of {len(result.cells)} cells; the files hold all."
    return Document(
        id=about.id,
        title=about.title,
        caption=about.caption,
        labels=labels(result),
        lines=(
            *([counted] if counted else []),
            *([part] if len(cells) < len(result.cells) else []),
        ),
        blocks=(
            *layout(result, names),
            *details,
            *_choices(result),
            *(block for other in result.others for block in _further(other, names)),
            *claims(result.claims),
            *statements(result),
            *([Notes((Note(counted),), shown="terminal")] if is_grid and counted else []),
            figure(result),
            _runs(result),
        ),
        facts=_facts(result),
    )


def _choices(result: TableResult) -> list[Block]:
    """Each declared choice with what was chosen, on what, and what that comes to."""
    rows = []
    for chosen in result.chosen:
        choice, searched = chosen.choice, f"{chosen.searched}/{len(chosen.choice.candidates)}"
        reported = result.cell(chosen.reported) if chosen.reported else None
        rows.append(
            row(
                Cell(choice.name, detail=f"on {choice.on}"),
                Cell(chosen.winner or MISSING, chosen.winner),
                Cell(choice.measure.text(chosen.median), chosen.median),
                Cell(searched, chosen.searched),
                Cell(wording.median(reported) if reported else MISSING),
            )
        )
    if not rows:
        return []
    titles = ("choice", "chosen", "median there", "searched", "test median")
    text = "Chosen settings; nothing is chosen before every candidate has all of its runs."
    return [Grid("choices", tuple(map(Column, titles)), tuple(rows), "choices", caption=text)]


def _further(result: TableResult, names: Collection[str]) -> Iterator[Grid]:
    """The cells and comparisons by another measure than the headline."""
    measure = result.about.measure
    cells = [cell for cell in result.cells if cell.name in names]
    pairs = [pair for pair in result.comparisons if pair.first in names]
    slug = measure.name.replace(" ", "-")
    for grid in [_cells(result, cells), *_comparisons(result, pairs)]:
        if isinstance(grid, Grid) and grid.name != "effect-sizes":
            title = f"{measure.title}: {grid.name}"
            yield dataclasses.replace(grid, name=f"{grid.name}-{slug}", title=title)


def _shown(result: TableResult, asked: Collection[str] | None) -> list[CellResult]:
    """The groups of the asked cells, in the order of the arrangement's groups."""
    everything = asked is None or result.about.layout == "pairs"
    found = groups(result).values()
    return [
        cell
        for cells in found
        if everything or any(one.name in (asked or ()) for one in cells)
        for cell in cells
    ]


def _cells(result: TableResult, cells: Sequence[CellResult]) -> Grid:
    """Published beside reproduced medians with their difference and verdict; plain in quick."""
    text = "Reproduced medians with the interval of each."
    columns = [Column("cell"), Column("median\n[interval]"), Column("n", right=True)]
    if result.has_levels:
        unit = "in points" if result.about.measure.is_share else "in the unit of both"
        text = f"Published beside reproduced. D: reproduced minus published, {unit}. {text}"
        columns.insert(1, Column("paper"))
        columns += [Column("D\n[interval]"), Column("verdict\n(min δ)")]
    if any(cell.diverged for cell in cells):
        text += " div.: runs that diverged, ranked below all others."
    rows = [_cell_row(cell, result.has_levels) for cell in cells]
    return Grid("cells", tuple(columns), tuple(rows), caption=text)


def _cell_row(cell: CellResult, has_levels: bool) -> Row:
    several = f"{len(cell.machines)} machines" if len(cell.machines) > 1 else ""
    median, interval = wording.median(cell), ""
    if cell.interval is not None:
        median, _, interval = median.partition(" ")
    count = Cell(
        wording.count(cell),
        cell.n,
        bold=cell.n < cell.planned,
        note=f"{cell.diverged} div." if cell.diverged else "",
    )
    runs = tuple(run.run for run in cell.runs)
    cells = [
        Cell(cell.name, note=several),
        Cell(median, cell.median, detail=interval, runs=runs),
        count,
    ]
    if has_levels:
        difference, _, ends = wording.difference(cell).partition(" ")
        value = cell.level.difference if cell.level else None
        cells.insert(1, Cell(cell.published or MISSING, cell.published_share))
        cells += [Cell(difference, value, detail=ends), _level(cell)]
    return row(*cells, group=cell.group or cell.kind)


def _level(cell: CellResult) -> Cell:
    if cell.level is None:
        return Cell(MISSING)
    smallest = wording.smallest_delta(cell)
    return Cell(
        wording.marked(cell.level.verdict),
        cell.level.verdict,
        detail="" if smallest == MISSING else f"({smallest})",
        tone=TONES[cell.level.verdict],
    )


def _best(cells: Sequence[CellResult]) -> list[Block]:
    rows = [
        row(
            cell.name,
            Cell(cell.measure.text(cell.best_median), cell.best_median),
        )
        for cell in cells
        if cell.best_median is not None
    ]
    if not rows:
        return []
    title = "best evaluated epoch (chosen on the test images; not the headline, not compared)"
    return [Grid("best-epochs", (Column("cell"), Column("median")), tuple(rows), title)]


def _comparisons(result: TableResult, pairs: Sequence[ComparisonResult]) -> list[Block]:
    """The tests of the pairs, and their further effect sizes, which LaTeX alone has room for."""
    if not pairs:
        return []
    distribution = "exact distribution" if result.method == "exact" else "normal approximation"
    text = (
        f"Comparisons, first minus second cell. p: {result.alternative} rank-sum test, by its "
        f"{distribution}, and Holm-adjusted over {result.declared} comparisons; shift: "
        f"Hodges–Lehmann, points; {STAR_LEGEND}."
    )
    titles = ["comparison", "stars\nours", "p\nexact", "p\nHolm", "shift\n[interval]"]
    if not result.is_quick:
        titles.insert(1, "stars\npaper")
        titles += ["effect", "agree\n(exp.)"]
        text += (
            " Agree: whether our stars are the paper's, and the probability to be expected of it."
        )
    rows = tuple(_comparison_row(pair, result) for pair in pairs)
    tests = Grid("comparisons", tuple(map(Column, titles)), rows, caption=text)
    return [tests, _effect_sizes(result, pairs)]


def _comparison_row(pair: ComparisonResult, result: TableResult) -> Row:
    second = pair.against
    name, detail = f"{pair.name}:", f"{pair.first} − {second}"
    if result.about.layout != "pairs":
        name, detail = pair.first, f"− {result.cell(second).label}"
    test, shift = pair.test, wording.shift(pair).partition(" ")
    agree, _, expected = wording.agreement(pair).partition(" ")
    verdict = pair.effect.verdict if pair.effect else None
    cells = [
        Cell(name, detail=detail),
        Cell(wording.stars(pair.stars), pair.stars),
        _p(test.p_value if test else None),
        _p(pair.p_holm),
        Cell(shift[0], pair.shift.estimate if pair.shift else None, detail=shift[2]),
    ]
    if not result.is_quick:
        cells.insert(1, Cell(wording.published_mark(pair), pair.published_stars))
        effect = Cell(wording.marked(verdict), verdict, tone=TONES[verdict]) if verdict else "–"
        return row(*cells, effect, Cell(agree, detail=expected), group=_group(result, pair))
    return row(*cells, group=_group(result, pair))


def _group(result: TableResult, pair: ComparisonResult) -> str:
    return result.cell(pair.first).group or pair.part


def _p(value: float | None) -> Cell:
    return Cell(wording.p_value(value), value)


def _effect_sizes(result: TableResult, pairs: Sequence[ComparisonResult]) -> Grid:
    rows = tuple(
        row(
            pair.name,
            _p(pair.p_normal),
            _p(pair.brunner_munzel.p_value if pair.brunner_munzel else None),
            Cell(wording.probability(pair.superiority), pair.superiority),
            group=_group(result, pair),
        )
        for pair in pairs
    )
    titles = ("comparison", "p, normal approximation", "p, Brunner–Munzel", "A")
    text = "The same comparisons by other tests; A: Vargha–Delaney, the chance that the first wins."
    return Grid("effect-sizes", tuple(map(Column, titles)), rows, caption=text, shown="latex")


def _runs(result: TableResult) -> Data:
    """One row a run, by cell in the table's order and by seed, with its value of every measure; no
    hosts, machines or times."""
    names = tuple(dict.fromkeys(name for cell in result.cells for name, _ in cell.parameters))
    shown = [r for r in (result, *result.others) if r.about.measure.name != ACCURACY.name]
    further = [{run.run: run.value for cell in r.cells for run in cell.runs} for r in shown]
    rows = []
    for cell in result.cells:
        parameters = dict(cell.parameters)
        place = (result.about.protocol, cell.name, cell.kind)
        place += tuple(parameters.get(name, "") for name in names)  # type: ignore[assignment]
        for run in cell.runs:
            own = (getattr(run, name) for name in RUN_COLUMNS)
            rows.append((*place, *own, *(values[run.run] for values in further)))
    measures = (r.about.measure.name for r in shown)
    return Data(("protocol", "cell", "kind", *names, *RUN_COLUMNS, *measures), tuple(rows))


def _facts(result: TableResult) -> dict[str, Any]:
    """The full summary. Accuracies and differences are shares; "delta" alone is in points."""
    about = {f.name: getattr(result.about, f.name) for f in dataclasses.fields(result.about)}
    return {
        **about,
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
        "cells": [_cell_facts(cell) for cell in result.cells],
        "comparisons": result.comparisons,
        "statements": result.claims,
        "chosen": result.chosen,
        "other_measures": [_facts(other) for other in result.others],
    }


def _cell_facts(cell: CellResult) -> dict[str, Any]:
    fields = {f.name: getattr(cell, f.name) for f in dataclasses.fields(cell) if f.name != "runs"}
    return fields | {
        "parameters": dict(cell.parameters),
        "machines": dict(cell.machines),
        "n": cell.n,
        "diverged": cell.diverged,
        "mixes_machines": len(cell.machines) > 1,
    }
