"""Figures 1 and 3: what penalties leave of every layer, for several α, in the base network's
envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from analysis.documents.blocks import MISSING, Block, Cell, Data, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Panel, Sampled, Series, over_seeds
from analysis.documents.table_notes import labels
from analysis.papers.structured_sparsity.measurement_names import RELATIVE, TAU, behind, measured
from analysis.tables.results import TableResult

WIDTHS, ENVELOPE, ACTIVE = 3, 2, 1  # looks
BASE, LEARNED, WHOLE = "base network", "learned width, median", "nothing removed"
REMOVED = 4  # of kernels of the size 0
ACROSS = 4
Runs = Sequence[Mapping[str, Any]]  # the measurements of finished runs


def widths(
    result: TableResult, runs: Mapping[str, Runs], envelopes: Mapping[str, Sequence[int]]
) -> list[Block]:
    """Learned widths by layer: a grid, data, and a figure for each τ.

    Args:
        runs: by cell.
        envelopes: by cell, the widths that its layers begin with.
    """
    made: list[Block] = [_grid(result, runs, envelopes)]
    rows: list[tuple[Any, ...]] = []
    for tau, name in ((TAU, "widths"), (RELATIVE, "widths-relative")):
        panels = []
        for cell in result.cells:
            found = _by_layer(runs.get(cell.name, ()), measured("learned widths", tau))
            envelope = envelopes[cell.name]
            panels.append(_snake(f"{cell.group}, {cell.label}", found, envelope))
            rows += [
                (cell.name, tau, layer, whole, *(found[layer - 1] if found else ("", "", "")))
                for layer, whole in enumerate(envelope, start=1)
            ]
        legend = (
            Sampled("bars", LEARNED, WIDTHS),
            Sampled("line", BASE, ENVELOPE),
            Sampled("points", WHOLE, ACTIVE),
        )
        made.append(_figure(result, panels, legend, name, f"learned widths {behind(tau)}"))
    titles = ("cell", "tau", "layer", "base", "low", "median", "high")
    return [*made, Data(titles, tuple(rows), "layers")]


def sizes(
    result: TableResult,
    runs: Mapping[str, Runs],
    envelopes: Mapping[str, Sequence[int]],
    sides: Mapping[str, int],
) -> list[Block]:
    """Kernels of each size by layer.

    Args:
        sides: by cell, the side of the base network's kernels.
    """
    made: list[Block] = [_grid(result, runs, envelopes)]
    rows: list[tuple[Any, ...]] = []
    largest = max(sides.values())
    for tau, name in ((TAU, "sizes"), (RELATIVE, "sizes-relative")):
        panels = []
        for cell in result.cells:
            own, envelope = runs.get(cell.name, ()), envelopes[cell.name]
            series = [_line(envelope, ENVELOPE, BASE)]
            for size in range(sides[cell.name] + 1):
                found = _by_layer(own, measured(f"kernels of size {size}", tau), len(envelope))
                if found:
                    middles = [middle for _, middle, _ in found]
                    series.append(_line(middles, _look(size), _named(size)))
                rows += [
                    (cell.name, tau, layer, size, *quartiles)
                    for layer, quartiles in enumerate(found, start=1)
                ]
            panels.append(Curves(tuple(series), f"{cell.group}, {cell.label}", "layer", "kernels"))
        legend = [Sampled("line", BASE, ENVELOPE)]
        legend += [Sampled("both", _named(size), _look(size)) for size in range(largest + 1)]
        made.append(_figure(result, panels, legend, name, f"kernels of each size {behind(tau)}"))
    titles = ("cell", "tau", "layer", "size", "low", "median", "high")
    return [*made, Data(titles, tuple(rows), "layers")]


def _look(size: int) -> int:
    return REMOVED if not size else (3, 0, 1, 5, 6)[(size - 1) % 5]


def _named(size: int) -> str:
    return f"size {size}" if size else "removed"


def _by_layer(runs: Runs, name: str, layers: int = 0) -> list[tuple[float, float, float]]:
    """Smallest, median and largest over the runs, by layer; a size that a run lacks is 0."""
    if not runs:
        return []
    count = layers or max(len(run.get(name) or ()) for run in runs)
    found = [run.get(name) or [0] * count for run in runs]
    by_layer = list(zip(*found, strict=True))
    return [(min(of), float(median(of)), max(of)) for of in by_layer]


def _snake(
    title: str, found: Sequence[tuple[float, float, float]], envelope: Sequence[int]
) -> Curves:
    """Bars of the widths below the envelope, with points where it is attained."""
    places = tuple(float(n) for n in range(1, len(envelope) + 1))
    series = [_line(envelope, ENVELOPE, BASE)]
    if found:
        middles = tuple(middle for _, middle, _ in found)
        series.append(Series(places, middles, WIDTHS, bars=True, name=LEARNED))
        active = [(x, y) for x, y, w in zip(places, middles, envelope, strict=True) if y >= w]
        if active:
            xs, ys = zip(*active, strict=True)
            series.append(Series(xs, ys, ACTIVE, line=False, name=WHOLE))
    return Curves(tuple(series), title, "layer", "kernels")


def _line(values: Sequence[float], look: int, name: str) -> Series:
    places = tuple(float(n) for n in range(1, len(values) + 1))
    return Series(places, tuple(map(float, values)), look, points=look != ENVELOPE, name=name)


def _figure(
    result: TableResult,
    panels: Sequence[Panel],
    legend: Sequence[Sampled],
    name: str,
    told: str,
) -> FigureBlock:
    mark = "" if result.has_levels else result.about.protocol.upper()
    title = (f"{result.about.title}: {told}, medians over seeds", *labels(result))
    across = min(len(panels), ACROSS)
    return FigureBlock(
        tuple(panels), tuple(legend), name, across, (2.4, 1.8), title, watermark=mark
    )


def _grid(
    result: TableResult, runs: Mapping[str, Runs], envelopes: Mapping[str, Sequence[int]]
) -> Grid:
    """Learned widths in a line."""
    rows = []
    for cell in result.cells:
        for tau in (TAU, RELATIVE):
            found = _by_layer(runs.get(cell.name, ()), measured("learned widths", tau))
            text = " ".join(f"{middle:g}" for _, middle, _ in found)
            widths = Cell(text or MISSING, text, runs=cell.hashes)
            rows.append(row(cell.label, tau, widths, group=cell.group))
    envelope = next(iter(envelopes.values()), ())
    whole = " ".join(map(str, envelope))
    caption = f"Learned widths by layer, medians over seeds; the base network has {whole}."
    return Grid(
        "learned", columns("α", "τ", "widths"), tuple(rows), "learned widths", caption,
        headed=True, captioned=True,
    )  # fmt: skip


def correlation(
    result: TableResult, curves: Mapping[str, Sequence[Sequence[Any]]]
) -> list[FigureBlock]:
    """The mean correlation of a layer's kernels while they are trained: a panel a group, and no
    figure before a run is in."""
    panels, looks = [], 0
    for group, cells in result.groups().items():
        shown = [c for c in cells if any(curves.get(c.name, ()))]
        if not shown:
            continue
        shown = shown[:: max(1, -(-len(shown) // 4))]
        looks = max(looks, len(shown))
        series = [over_seeds(curves[c.name], look, name=c.label) for look, c in enumerate(shown)]
        names = "; ".join(c.label for c in shown)
        title = f"{group}: {names}" if len(names) < 40 else f"{group}, from {shown[0].label} on"
        panels.append(Curves(tuple(series), title, "epoch", "mean |correlation|"))
    if not panels:
        return []
    order = ("first α", "second", "third", "fourth")
    legend = [Sampled("line", order[place], place) for place in range(looks)]
    mark = "" if result.has_levels else result.about.protocol.upper()
    told = f"{result.about.title}: correlation of a layer's kernels, mean over pairs and layers; "
    told += "median and quartiles of seeds, in the order of the panel's title"
    return [FigureBlock(
        tuple(panels), tuple(legend), "correlation", min(len(panels), 2), (3.2, 2.2),
        (told, *labels(result)), "y", watermark=mark,
    )]  # fmt: skip
