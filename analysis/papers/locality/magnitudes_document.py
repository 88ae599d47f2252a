"""Where a table's own networks have their large weights, as a document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.documents.blocks import (
    MISSING,
    STAR_LEGEND,
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
from analysis.documents.results import QUICK_LABEL
from analysis.documents.wording import MISSING_CELL
from analysis.papers.locality.magnitudes import (
    COLUMNS,
    DECIDING,
    MEASURES,
    CellMagnitudes,
    Difference,
    Magnitudes,
    Measure,
)
from analysis.papers.locality.magnitudes_figure import figure
from analysis.statistics.rank_sum import stars
from analysis.verdicts.measure import MINUS

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


@dataclass(frozen=True)
class MagnitudesReport:
    """Everything that the report shows.

    Attributes:
        table: title of the table whose networks these are, such as "Table III, quick".
        id: such as "locality/magnitudes/table3".
        is_quick: whether the networks are of a quick table.
        variant: name of other readings or another precision, empty for the defaults.
        layers: the frame that :func:`analysis.papers.locality.magnitudes.analyse` was given.
        remarks: further lines, such as on networks that are of a repetition.
        context: readings and deviations, JSON-ready, each with id and name.
        missing: the command that makes the missing networks, empty where none is missing.
    """

    table: str
    id: str
    is_quick: bool
    variant: str
    found: Magnitudes
    layers: pd.DataFrame
    remarks: tuple[str, ...] = ()
    context: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    missing: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What stands in capitals above it."""
        cells = self.found.cells
        networks, planned = sum(c.n for c in cells), sum(c.spec.planned for c in cells)
        found = [QUICK_LABEL] if self.is_quick else []
        if networks < planned:
            found.append(f"INCOMPLETE: weights of {networks} of {planned} networks")
        return tuple(found + ([f"VARIANT: {self.variant}"] if self.variant else []))

    @property
    def protocol(self) -> str:
        """ "quick" or "full"."""
        return "quick" if self.is_quick else "full"


def document(report: MagnitudesReport) -> Document:
    """Levels, differences, the question's answers and the figure."""
    found = report.found
    grids = [
        _grid(f"{kind}s", title, kind, found.cells, _level, counted=True)
        for kind, title in HEADINGS.items()
    ]
    if found.differences:
        compared = [cell for cell in found.cells if cell.spec.baseline is not None]

        def against(cell: CellMagnitudes, measure: Measure) -> Cell:
            return _difference(measure, found.difference(cell.spec.name, measure.key))

        grids += [
            _grid(f"{kind}-differences", title, kind, compared, against)
            for kind, title in AGAINST.items()
        ]
    return Document(
        id=report.id,
        title="Does LOCO-Reg change where weights are large?",
        caption=f"The networks of {report.table}",
        labels=report.labels,
        file="magnitudes",
        blocks=(
            *grids,
            Notes(tuple(map(Note, answers(found)))),
            Notes((*map(Note, notes(report)), *context_notes(report.context))),
            figure(found, report.table, report.labels),
            Data(("protocol", "cell", "kind", *COLUMNS[1:]), tuple(_data(report))),
        ),
        facts={
            "table": report.table,
            "protocol": report.protocol,
            "variant": report.variant,
            "measures": MEASURES,
            "cells": [_facts(cell) for cell in found.cells],
            "differences": [_difference_facts(difference) for difference in found.differences],
            "answers": answers(found),
            **report.context,
        },
    )


def answers(found: Magnitudes) -> list[str]:
    """The question answered for each kind of cell by mean |w|, as far as the seeds decide it."""
    kinds = dict.fromkeys(c.spec.kind for c in found.cells if c.spec.baseline is not None)
    lines = []
    for kind in kinds:
        names = [c.spec.name for c in found.cells if c.spec.kind == kind and c.spec.baseline]
        parts = [_counted(found, names, measure) for measure in MEASURES if measure.key in DECIDING]
        cells = "1 cell" if len(names) == 1 else f"{len(names)} cells"
        lines.append(f"{kind} ({cells}) against plain L2: {'; '.join(parts)}.")
    return lines


def _counted(found: Magnitudes, names: Sequence[str], measure: Measure) -> str:
    """Such as "mean c/n above in 3, below in 0, undecided in 1"."""
    compared = [found.difference(name, measure.key) for name in names]
    words = [d.direction if d else "missing" for d in compared]
    shown = ["above", "below", "undecided", *(["missing"] if "missing" in words else [])]
    return f"{measure.title} " + ", ".join(f"{word} in {words.count(word)}" for word in shown)


def notes(report: MagnitudesReport) -> list[str]:
    """How to read it, what was left out, and what makes the missing networks."""
    lines = [LEGEND, TEST]
    if diverged := sum(cell.spec.diverged for cell in report.found.cells):
        runs = "1 diverged run is" if diverged == 1 else f"{diverged} diverged runs are"
        lines.append(f"{runs} left out: their weights are no result.")
    lines += report.remarks
    if report.missing:
        lines.append(f"The missing networks are made by {report.missing}.")
    return lines


def _grid(
    name: str,
    title: str,
    kind: str,
    cells: Iterable[CellMagnitudes],
    show: Callable[[CellMagnitudes, Measure], Cell],
    *,
    counted: bool = False,
) -> Grid:
    """A line a cell, a column a measure of that kind."""
    measures = [measure for measure in MEASURES if measure.kind == kind]
    rows = []
    for cell in cells:
        count = f"n = {cell.n}/{cell.spec.planned}" if counted else ""
        first = Cell(cell.spec.name, detail=count)
        rows.append(row(first, *(show(cell, measure) for measure in measures)))
    titles = columns("cell", *(measure.title for measure in measures))
    return Grid(name, titles, tuple(rows), title)


def _level(cell: CellMagnitudes, measure: Measure) -> Cell:
    summary = cell.summaries.get(measure.key)
    if summary is None:
        return Cell(MISSING_CELL if cell.n == 0 else MISSING)
    ends = (summary.interval.low, summary.interval.high) if summary.interval else ()
    interval = f"[{', '.join(_value(measure, end) for end in ends)}]" if ends else ""
    return Cell(_value(measure, summary.median), summary.median, detail=interval)


def _difference(measure: Measure, found: Difference | None) -> Cell:
    if found is None:
        return Cell(MISSING)
    ends = ", ".join(_signed(measure, end) for end in (found.shift.low, found.shift.high))
    estimate, p_value = found.shift.estimate, found.test.p_value
    return Cell(_signed(measure, estimate), estimate, stars(p_value), detail=f"[{ends}]")


def _value(measure: Measure, value: float) -> str:
    """A share in percent, "52.3", or a ratio, "1.034"."""
    return f"{100 * value:.1f}" if measure.kind == "share" else f"{value:.3f}"


def _signed(measure: Measure, value: float) -> str:
    """A difference of shares in points, "+1.25", or of ratios, "+.012"."""
    if math.isinf(value):
        return "+∞" if value > 0 else f"{MINUS}∞"
    if measure.kind == "share":
        text = f"{100 * value:+.2f}"
    else:
        text = f"{value:+.3f}".replace("+0.", "+.").replace("-0.", "-.")
    return text.replace("-", MINUS)


def _data(report: MagnitudesReport) -> list[tuple[Any, ...]]:
    """One row a layer of a network, by cell in the table's order, seed and depth."""
    rows: list[tuple[Any, ...]] = []
    for cell in report.found.cells:
        frame = report.layers[report.layers["cell"] == cell.spec.name]
        place = (report.protocol, cell.spec.name, cell.spec.kind)
        for found in frame.sort_values(["seed", "layer"]).to_dict("records"):
            values = (found[name] for name in COLUMNS[1:])
            rows.append((*place, *(f"{v:.9g}" if isinstance(v, float) else v for v in values)))
    return rows


def _facts(cell: CellMagnitudes) -> dict[str, Any]:
    return {
        **{name: getattr(cell.spec, name) for name in ("name", "kind", "baseline", "planned")},
        "diverged": cell.spec.diverged,
        "seeds": cell.seeds,
        "measures": {
            key: {
                "values": summary.values,
                "median": summary.median,
                "interval": summary.interval and [summary.interval.low, summary.interval.high],
            }
            for key, summary in cell.summaries.items()
        },
        "by_layer": cell.profile,
    }


def _difference_facts(found: Difference) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in ("cell", "baseline", "measure", "direction")},
        "n": [found.test.n_x, found.test.n_y],
        "shift": found.shift.estimate,
        "interval": [found.shift.low, found.shift.high],
        "p": found.test.p_value,
        "p_holm": found.p_holm,
    }
