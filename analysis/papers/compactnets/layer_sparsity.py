"""Figure 5: how sparse the layers of a network are, and in which groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from analysis.documents.blocks import Block, Cell, Data, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_notes import labels
from analysis.tables.results import TableResult

UNSEEN = 0.01  # of the axis: lower bars are not seen
Measured = Mapping[str, Sequence[Sequence[float]]]  # by measure the runs' values by layer


def blocks(
    result: TableResult, measured: Mapping[str, Measured], names: Sequence[str]
) -> list[Block]:
    """Medians over the seeds, as a figure, a table and a file of every run's values.

    Args:
        measured: by cell; of a cell's runs the lists of each measure.
        names: the measures, in the order of their bars.
    """
    found = {cell.name: measured[cell.name] for cell in result.cells if cell.name in measured}
    if not found:
        return []
    panels, rows, tidy = [], [], []
    largest = max(v for values in found.values() for name in names for v in _medians(values[name]))
    for cell, values in found.items():
        medians = {name: _medians(values[name]) for name in names}
        layers = range(1, len(medians[names[0]]) + 1)
        places = tuple(map(float, layers))
        series = tuple(
            Series(places, tuple(100 * v for v in medians[name]), look, bars=True, name=name)
            for look, name in enumerate(names)
        )
        ticks = (*((float(n), str(n)) for n in layers[:-1]), (float(layers[-1]), "W"))
        most = max(map(max, medians.values()))
        told = f"{cell}: at most {100 * most:.2g} %" if most < UNSEEN * largest else cell
        panels.append(Curves(series, told, "layer", "% of the layer", ticks=ticks))
        sizes = values["weights by layer"][0]
        for place, layer in enumerate(layers):
            known = ((medians[name][place], result.cell(cell).hashes) for name in names)
            shown = (Cell(f"{100 * value:.2f}", value, runs=runs) for value, runs in known)
            heading = "classifier" if layer == layers[-1] else f"layer {layer}"
            rows.append(row(heading, f"{int(sizes[place]):,}", *shown, group=cell))
            for number, run in enumerate(zip(*(values[name] for name in names), strict=True)):
                tidy.append((cell, number, layer, *(of[place] for of in run)))
    title = (f"{result.about.title}: medians over the seeds", *labels(result))
    mark = "" if result.has_levels else result.about.protocol.upper()
    legend = tuple(Sampled("bars", name, look) for look, name in enumerate(names))
    figure = FigureBlock(
        tuple(panels), legend, "layers", len(panels), (4.2, 2.8), title, "xy", watermark=mark
    )
    heads = ("weights", *names)
    caption = "Medians over the seeds, in percent of a layer's filters, groups and weights."
    titles = columns("", *heads, right=heads)
    grid = Grid("layers", titles, tuple(rows), "Sparsity by layer, percent", caption, headed=True)
    return [grid, figure, Data(("cell", "run", "layer", *names), tuple(tidy), "layers")]


def _medians(runs: Sequence[Sequence[float]]) -> list[float]:
    """By layer."""
    return [median(values) for values in zip(*runs, strict=True)]
