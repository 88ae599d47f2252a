"""Where a table's own networks have their large weights, by cell and by layer.

Above, the two ratios of mean |w| for every network of every cell, with the cell's median; below,
the same ratios by layer, a line a cell. A kind of cell has a look of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.documents.panels import Curves, DotPanel, Dots, FigureBlock, Sampled, Series
from analysis.documents.wording import MISSING_CELL
from analysis.papers.locality.magnitudes import DECIDING, CellMagnitudes, Magnitudes

NAMES = {
    "mean_centre": "mean |w|, centre / neighbours",
    "mean_neighbour": "mean |w|, neighbours / corners",
}
WIDEST = 12.0  # inches of a panel


def figure(found: Magnitudes, table: str, labels: tuple[str, ...]) -> FigureBlock:
    """Two panels over the cells, two over the layers."""
    kinds = dict.fromkeys(cell.spec.kind for cell in found.cells)
    looks = {kind: look for look, kind in enumerate(kinds)}
    legend = [Sampled("both", kind or "cell", look) for kind, look in looks.items()]
    return FigureBlock(
        (
            *(_by_cell(found, key, looks) for key in DECIDING),
            *(_by_layer(found, key, looks) for key in DECIDING),
        ),
        (*legend, Sampled("median", "median over seeds")),
        "ratios",
        across=2,
        size=(min(WIDEST, max(3.6, 1.0 + 0.3 * len(found.cells))), 2.9),
        title=(f"Where weights are large in the networks of {table}", *labels),
        share="row",
    )


def _by_cell(found: Magnitudes, key: str, looks: Mapping[str, int]) -> DotPanel:
    return DotPanel(
        tuple(_dots(cell, place, key, looks) for place, cell in enumerate(found.cells)),
        tuple((place, cell.spec.name) for place, cell in enumerate(found.cells)),
        NAMES[key],
        reference=1.0,
        upright=True,
    )


def _dots(cell: CellMagnitudes, place: int, key: str, looks: Mapping[str, int]) -> Dots:
    summary, look = cell.summaries.get(key), looks[cell.spec.kind]
    if summary is None:
        return Dots(place, (), look, empty=MISSING_CELL)
    ends = (summary.interval.low, summary.interval.high) if summary.interval else None
    return Dots(place, summary.values, look, summary.median, ends)


def _by_layer(found: Magnitudes, key: str, looks: Mapping[str, int]) -> Curves:
    series = []
    for cell in found.cells:
        known = [(n, v) for n, v in enumerate(cell.profile[key], start=1) if math.isfinite(v)]
        if known:
            places, values = zip(*known, strict=True)
            series.append(Series(places, values, looks[cell.spec.kind]))
    title = "3×3 layer by depth (median over seeds)"
    return Curves(tuple(series), NAMES[key], x_title=title, reference=1.0)
