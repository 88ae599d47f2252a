"""Figure 3: weights that are not 0, by layer over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.documents.blocks import MISSING, Block, Cell, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series, over_seeds
from analysis.documents.results import TableResult
from analysis.documents.table_notes import labels

SGD, LASSO, PUBLISHED, CONV, LOCAL = range(5)  # looks
LONG = 2000  # epochs from which on they are counted in thousands


def blocks(
    results: Sequence[TableResult],
    curves: Mapping[str, Mapping[str, Sequence[Sequence[Sequence[Any]]]]],
    others: Mapping[tuple[str, str], Sequence[int]],
    printed: Sequence[Mapping[str, str]],
) -> list[Block]:
    """The figure and the last counts.

    Args:
        results: the same cells by the count of each layer.
        curves: by cell and layer the runs' [epoch, count] pairs.
        others: by data set and network ("S-CONV", "S-LOCAL") the weights of each layer.
        printed: the published curves: ``dataset``, ``layer``, ``epoch`` and ``non_zeros``.
    """
    datasets = list(results[0].groups())
    panels = []
    for dataset in datasets:
        for number, result in enumerate(results, start=1):
            layer = result.about.measure.name.removeprefix("non-zero weights of ")
            series = [
                over_seeds(curves.get(cell.name, {}).get(layer, ()), _look(cell.kind))
                for cell in result.groups()[dataset]
            ]
            line = [r for r in printed if (r["dataset"], r["layer"]) == (dataset, str(number))]
            if line:
                epochs, counts = ([float(r[name]) for r in line] for name in ("epoch", "non_zeros"))
                series.append(Series(tuple(epochs), tuple(counts), PUBLISHED, points=False))
            ends = [x for found in series for x in (found.x[:1] + found.x[-1:])] or [0.0, 1.0]
            for look, name in ((CONV, "S-CONV"), (LOCAL, "S-LOCAL")):
                count = float(others[dataset, name][number - 1])
                across = (min(ends), max(ends))
                series.append(Series(across, (count, count), look, points=False))
            heading = f"{dataset}, layer {number}"
            ticks = tuple((1000.0 * n, f"{n}k") for n in range(5)) if max(ends) > LONG else ()
            panels.append(Curves(tuple(series), heading, "epoch", "weights", ticks=ticks, log=True))
    legend = [
        Sampled("line", "β = 50", LASSO),
        Sampled("line", "SGD", SGD),
        Sampled("line", "all of S-CONV", CONV),
        Sampled("line", "all of S-LOCAL", LOCAL),
    ]
    if printed:
        legend.append(Sampled("line", "published, β = 50", PUBLISHED))
    first = results[0]
    told = f"{first.about.title}: weights that are not 0; median and quartiles of seeds"
    title, mark = (told, *labels(first)), "" if first.has_levels else first.about.protocol.upper()
    figure = FigureBlock(
        tuple(panels), tuple(legend), "layers", len(results), (2.9, 2.3), title, watermark=mark
    )
    return [_ratios(results, others), figure]


def _look(kind: str) -> int:
    return LASSO if kind == "lasso" else SGD


def _ratios(
    results: Sequence[TableResult], others: Mapping[tuple[str, str], Sequence[int]]
) -> Grid:
    """How many times S-CONV's and S-LOCAL's weights are left (B-20)."""
    rows = []
    for dataset in results[0].groups():
        for place, result in enumerate(results):
            cell = next(c for c in result.groups()[dataset] if c.kind == "lasso")
            shown = []
            for value in (cell.published_share, cell.median):
                for name in ("S-CONV", "S-LOCAL"):
                    ratio = None if value is None else value / others[dataset, name][place]
                    shown.append(Cell(MISSING if ratio is None else f"{ratio:.3g}", ratio))
            rows.append(row(f"layer {place + 1}", *shown, group=dataset))
    heads = ("/ S-CONV, published", "/ S-LOCAL, published", "/ S-CONV, ours", "/ S-LOCAL, ours")
    caption = (
        "Weights of S-FC under β-LASSO that are not 0, in multiples of what the same layer of the "
        "other networks has."
    )
    return Grid(
        "ratios", columns("", *heads, right=heads), tuple(rows), "left, beside other networks",
        caption, headed=True, captioned=True,
    )  # fmt: skip
