"""Figures 2 and 6: accuracies by number of weights, and the fewest weights that fit the images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analysis.documents.blocks import MISSING, Block, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_figure import axis_title
from analysis.documents.table_notes import labels
from analysis.tables.results import CellResult, TableResult

# The training accuracy from which a network counts as fitted (B-19), and the size whose test
# accuracy the paper sets against it.
FITTED = {"cifar10": 0.6, "cifar100": 0.4, "svhn": 0.8}
EVALUATED = "16"
Known = Mapping[tuple[str, str], float | None]  # published values by measure and cell


def blocks(
    results: Sequence[TableResult], counted: Mapping[str, float], fit: Sequence[Mapping[str, str]]
) -> list[Block]:
    """The figure, and the table of its right panel.

    Args:
        results: the same cells by test accuracy, training accuracy and their difference.
        counted: parameters of a cell's network, of those that have a run.
        fit: the published right panel: ``dataset``, ``network``, ``least_parameters_millions`` and
            ``accuracy``; none in other forms.
    """
    known = {(r.about.measure.name, c.name): c.published_share for r in results for c in r.cells}
    panels, networks = [], list(dict.fromkeys(cell.label for cell in results[0].cells))
    for result in results:
        for group, cells in result.groups().items():
            series = []
            for look, network in enumerate(networks):
                series += _series([c for c in cells if c.label == network], look, known)
            panels.append(
                Curves(
                    tuple(series),
                    group,
                    "weights, millions",
                    axis_title(result.about.measure).replace(", last epoch", ""),
                    ticks=_ticks(cells),
                    whole=False,
                )
            )
    legend = [Sampled("both", f"ours, {name}", look) for look, name in enumerate(networks)]
    if fit:
        legend.append(Sampled("line", "published: the same line without points"))
    across = len(results[0].groups())
    first = results[0]
    title = (f"{first.about.title}: medians by number of weights", *labels(first))
    mark = "" if first.has_levels else first.about.protocol.upper()
    figure = FigureBlock(
        tuple(panels), tuple(legend), "sizes", across, (3.2, 2.4), title, watermark=mark
    )
    return [*([_fit(results, fit)] if fit else []), figure]


def _place(cell: CellResult) -> float:
    return math.log2(float(cell.column))


def _ticks(cells: Sequence[CellResult]) -> tuple[tuple[float, str], ...]:
    columns_ = list(dict.fromkeys(cell.column for cell in cells))
    shown = columns_[:: max(1, len(columns_) // 5)]
    return tuple((math.log2(float(column)), column) for column in shown)


def _printed(cell: CellResult, known: Known) -> float | None:
    """The published value; of a difference, that of the two published ones."""
    values = [known.get((name, cell.name)) for name in cell.measure.sources]
    if any(value is None for value in values):
        return None
    first, *others = (value for value in values if value is not None)
    return first - sum(others)


def _series(cells: Sequence[CellResult], look: int, known: Known) -> list[Series]:
    """The published values as a line, and ours with points; in percent as the paper prints them."""
    found = []
    printed = [(c, value) for c in cells if (value := _printed(c, known)) is not None]
    if printed:
        places = tuple(_place(c) for c, _ in printed)
        drawn = tuple(c.measure.scale * value for c, value in printed)
        at = tuple(c.column for c, _ in printed)
        name = f"published, {cells[0].label}"
        found.append(Series(places, drawn, look, points=False, name=name, at=at))
    ours = [(c, c.median) for c in cells if c.median is not None and math.isfinite(c.median)]
    if ours:
        drawn = tuple(c.measure.scale * median for c, median in ours)
        places, at = tuple(_place(c) for c, _ in ours), tuple(c.column for c, _ in ours)
        found.append(Series(places, drawn, look, name=f"ours, {cells[0].label}", at=at))
    return found


def _fit(results: Sequence[TableResult], fit: Sequence[Mapping[str, str]]) -> Grid:
    """The fewest weights that reach the threshold, and the accuracy at 16 million, both sides."""
    tested, trained = results[0], results[1]
    rows = []
    for line in fit:
        dataset, network = line["dataset"], line["network"]
        of = [c for c in trained.cells if (c.group, c.label) == (dataset, network)]
        reach = [c.column for c in of if c.median is not None and c.median >= FITTED[dataset]]
        printed = [
            c.column
            for c in of
            if c.published_share is not None and c.published_share >= FITTED[dataset]
        ]
        at = tested.cell(f"{dataset} {network} {EVALUATED}")
        rows.append(
            row(
                network,
                line["least_parameters_millions"],
                printed[0] if printed else MISSING,
                reach[0] if reach else MISSING,
                line["accuracy"],
                at.published or MISSING,
                at.measure.text(at.median),
                group=dataset,
            )
        )
    titles = columns(
        *("network", "least, drawn", "by Figure 6", "ours", "accuracy, drawn", "at 16", "ours"),
        right=("least, drawn", "by Figure 6", "ours", "accuracy, drawn", "at 16"),
    )
    shares = ", ".join(f"{100 * share:.0f} % on {name}" for name, share in FITTED.items())
    caption = (
        f"The right panel: the fewest million weights whose training accuracy reaches {shares}, as "
        "drawn, by Figure 6's own values (sizes from 0.032 on) and ours; and the test accuracy, "
        "which is that of 16 million weights (B-19)."
    )
    return Grid(
        "fit", titles, tuple(rows), "fewest weights that fit", caption, headed=True, captioned=True
    )
