"""Where a table's own networks have their large weights, as a document and a figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import Curves, DotPanel, Dots, FigureBlock, Sampled, Series
from analysis.documents.table_cells import MISSING_CELL
from analysis.papers.locality import magnitudes
from analysis.papers.locality.magnitudes import MEASURES, Difference, Measure, analyse
from analysis.statistics.stars import STAR_LEGEND, stars
from analysis.tables.about import LABELS
from analysis.verdicts.measure import MINUS
from analysis.verdicts.wording import Verdict

HEADINGS = {
    "share": "How often a weight is larger: share of the 3×3 filters, in %",
    "ratio": "How much larger: ratio of magnitudes, geometric mean over layers",
}
AGAINST = {
    "share": "Shares minus the plain cell's, in points",
    "ratio": "Ratios minus the plain cell's",
}
LEGEND = (
    "c, n, co: centre, neighbour, corner. Shares compare Table I's positions, the centre, the left "
    "neighbour and the corner above that, w as it is or |w|, over all filters of a network. Ratios "
    "divide mean |w|, or the root mean square, over the centre, its four neighbours and the "
    "four corners."
)
TEST = (
    "Medians over seeds with a distribution-free 95 % interval, which needs six networks. With "
    "each difference, its 95 % interval: the Hodges–Lehmann shift, whose interval inverts the "
    f"exact two-sided rank-sum test over seeds; {STAR_LEGEND}, unadjusted (Holm's are in the "
    "JSON). Seeds are independent networks, unlike the filters of one network, which Table I's "
    "test counts."
)
DECIDING = {
    "mean_centre": "mean |w|, centre / neighbours",
    "mean_neighbour": "mean |w|, neighbours / corners",
}
"""The measures that answer the question in a sentence: how much larger, by mean |w|."""
WIDEST = 12.0  # inches of a panel

Differences = Mapping[tuple[str, str], Difference]


def document(
    layers: pd.DataFrame,
    cells: Sequence[magnitudes.Cell],
    *,
    id: str,
    table: str,
    form: str = "full",
    variant: str = "",
    remarks: Sequence[str] = (),
    missing: str = "",
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """Levels, differences, the question's answers and the figure.

    Args:
        layers, cells: see :func:`analysis.papers.locality.magnitudes.analyse`.
        table: title of the table whose networks these are, such as "Table III, quick".
        form: of that table, as is the variant.
        remarks: further lines, such as on networks that are of a repetition.
        missing: the command that makes the missing networks, empty where none is missing.
    """
    cells, differences = analyse(layers, cells)
    networks, planned = sum(len(c.seeds) for c in cells), sum(c.planned for c in cells)
    incomplete = f"INCOMPLETE: weights of {networks} of {planned} networks"
    labels = (
        *([LABELS[form]] if form in LABELS else []),
        *([incomplete] if networks < planned else []),
        *([f"VARIANT: {variant}"] if variant else []),
    )

    def against(cell: magnitudes.Cell, measure: Measure) -> Cell:
        return _difference(measure, differences.get((cell.name, measure.key)))

    grids = [_grid(f"{kind}s", title, kind, cells, _level) for kind, title in HEADINGS.items()]
    if differences:
        compared = [cell for cell in cells if cell.baseline is not None]
        grids += [
            _grid(f"{kind}-differences", title, kind, compared, against)
            for kind, title in AGAINST.items()
        ]
    notes = [LEGEND, TEST]
    if diverged := sum(cell.diverged for cell in cells):
        runs = "1 diverged run is" if diverged == 1 else f"{diverged} diverged runs are"
        notes.append(f"{runs} left out: their weights are no result.")
    notes += remarks
    if missing:
        notes.append(f"The missing networks are made by {missing}.")
    told = answers(cells, differences)
    return Document(
        id=id,
        title="Does LOCO-Reg change where weights are large?",
        caption=f"The networks of {table}",
        labels=labels,
        file="magnitudes",
        blocks=(
            *grids,
            Notes(tuple(map(Note, told))),
            Notes((*map(Note, notes), *context_notes(context))),
            figure(cells, (f"Where weights are large in the networks of {table}", *labels)),
            _data(layers, cells, form),
        ),
        facts={
            "table": table,
            "protocol": form,
            "variant": variant,
            "measures": MEASURES,
            "cells": cells,
            "differences": list(differences.values()),
            "answers": told,
            **context,
        },
    )


def answers(cells: Iterable[magnitudes.Cell], differences: Differences) -> list[str]:
    """The question answered for each kind of cell by mean |w|, as far as the seeds decide it."""
    kinds: dict[str, list[str]] = {}
    for cell in cells:
        if cell.baseline is not None:
            kinds.setdefault(cell.kind, []).append(cell.name)
    lines = []
    for kind, names in kinds.items():
        parts = []
        for measure in (m for m in MEASURES if m.key in DECIDING):
            found = [differences.get((name, measure.key)) for name in names]
            words = [d.direction if d else MISSING_CELL for d in found]
            shown = ["above", "below", Verdict.UNDECIDED]
            shown += [MISSING_CELL] if MISSING_CELL in words else []
            counts = ", ".join(f"{word} in {words.count(word)}" for word in shown)
            parts.append(f"{measure.title} {counts}")
        count = "1 cell" if len(names) == 1 else f"{len(names)} cells"
        lines.append(f"{kind} ({count}) against plain L2: {'; '.join(parts)}.")
    return lines


def _grid(
    name: str,
    title: str,
    kind: str,
    cells: Iterable[magnitudes.Cell],
    show: Callable[[magnitudes.Cell, Measure], Cell],
) -> Grid:
    """A line a cell, a column a measure of that kind; levels with the number of networks."""
    measures = [measure for measure in MEASURES if measure.kind == kind]
    rows = []
    for cell in cells:
        count = f"n = {len(cell.seeds)}/{cell.planned}" if show is _level else ""
        first = Cell(cell.name, detail=count)
        rows.append(row(first, *(show(cell, measure) for measure in measures)))
    titles = columns("cell", *(measure.title for measure in measures))
    return Grid(name, titles, tuple(rows), title)


def _level(cell: magnitudes.Cell, measure: Measure) -> Cell:
    """A share in percent, "52.3", or a ratio, "1.034"."""
    summary = cell.measures.get(measure.key)
    if summary is None:
        return Cell(MISSING if cell.seeds else MISSING_CELL)
    values = (summary.median, *(summary.interval or ()))
    is_share = measure.kind == "share"
    median, *ends = (f"{100 * value:.1f}" if is_share else f"{value:.3f}" for value in values)
    return Cell(median, summary.median, detail=f"[{', '.join(ends)}]" if ends else "")


def _difference(measure: Measure, found: Difference | None) -> Cell:
    if found is None:
        return Cell(MISSING)
    shift, *ends = (_signed(measure, value) for value in (found.shift, *found.interval))
    return Cell(shift, found.shift, stars(found.p), detail=f"[{', '.join(ends)}]")


def _signed(measure: Measure, value: float) -> str:
    """A difference of shares in points, "+1.25", or of ratios, "+.012"."""
    if math.isinf(value):
        text = "+∞" if value > 0 else "-∞"
    elif measure.kind == "share":
        text = f"{100 * value:+.2f}"
    else:
        text = f"{value:+.3f}".replace("+0.", "+.").replace("-0.", "-.")
    return text.replace("-", MINUS)


def _data(layers: pd.DataFrame, cells: Sequence[magnitudes.Cell], form: str) -> Data:
    """One row a layer of a network, by cell in the table's order, seed and depth."""
    kept = [name for name in layers if name != "cell"]
    rows: list[tuple[Any, ...]] = []
    for cell in cells:
        ours = layers.loc[layers["cell"] == cell.name, kept].sort_values(["seed", "layer"])
        for values in ours.itertuples(index=False):
            texts = (f"{v:.9g}" if isinstance(v, float) else v for v in values)
            rows.append((form, cell.name, cell.kind, *texts))
    return Data(("protocol", "cell", "kind", *kept), tuple(rows))


def figure(cells: Sequence[magnitudes.Cell], title: tuple[str, ...]) -> FigureBlock:
    """Above, the two ratios of mean |w| for every network of every cell, with the cell's median;
    below, the same ratios by layer, a line a cell. A kind of cell has a look of its own."""
    looks = {kind: look for look, kind in enumerate(dict.fromkeys(cell.kind for cell in cells))}
    ticks = tuple((place, cell.name) for place, cell in enumerate(cells))
    above = [
        DotPanel(
            tuple(_dots(cell, place, key, looks[cell.kind]) for place, cell in enumerate(cells)),
            ticks,
            name,
            reference=1.0,
            upright=True,
        )
        for key, name in DECIDING.items()
    ]
    below = [
        Curves(
            tuple(_profiles(cells, key, looks)),
            name,
            x_title="3×3 layer by depth (median over seeds)",
            reference=1.0,
        )
        for key, name in DECIDING.items()
    ]
    legend = [Sampled("both", kind or "cell", look) for kind, look in looks.items()]
    return FigureBlock(
        (*above, *below),
        (*legend, Sampled("median", "median over seeds")),
        "ratios",
        across=2,
        size=(min(WIDEST, max(3.6, 1.0 + 0.3 * len(cells))), 2.9),
        title=title,
        share="row",
    )


def _dots(cell: magnitudes.Cell, place: int, key: str, look: int) -> Dots:
    if summary := cell.measures.get(key):
        # A network without a ratio has no value, and which one that was is not known here.
        seeds = cell.seeds if len(cell.seeds) == len(summary.values) else ()
        shown = (summary.values, look, summary.median, summary.interval)
        return Dots(place, *shown, name=cell.name, seeds=seeds)
    return Dots(place, (), look, empty=MISSING_CELL)


def _profiles(
    cells: Iterable[magnitudes.Cell], key: str, looks: Mapping[str, int]
) -> Iterator[Series]:
    for cell in cells:
        known = [(n, v) for n, v in enumerate(cell.by_layer[key], start=1) if math.isfinite(v)]
        if known:
            places, values = zip(*known, strict=True)
            yield Series(places, values, looks[cell.kind], name=cell.name)
