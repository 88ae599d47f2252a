"""How a layer's vectors lie to each other after training, beside vectors that are drawn at random:
do the penalties spread them, and do spread and accuracy go together?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.documents.blocks import Block, Cell, Grid, Note, Notes, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_notes import labels
from analysis.tables.results import CellResult, TableResult
from analysis.verdicts.measure import MINUS

BEFORE, AFTER = "angles before, {}", "angles after, {}"
VECTORS, DIMENSIONS = "vectors by layer", "dimensions by layer"
SMALLEST, ENERGIES = "smallest angles after", "N-euclidean2 energies after"
LAYERS = ("first convolution", "last convolution", "classifier")
FLAT = 180.0  # degrees
MOST = 6  # cells in a figure
UNIFORM, START = 0, 1  # looks
FEWEST = 6  # runs of a cell whose spread is looked at
PAIRS_A_BIN, LEAST_BINS = 40, 18  # bins are merged to have so many pairs on average, or few bins

HIERARCHY = "hierarchy"  # the kind of a cell
CENTRED = " With a hierarchy a class has w_s − w_c; siblings share w_c, and begin closer by that."

Measured = Mapping[str, Sequence[Mapping[str, Any]]]


def uniform_shares(dimension: int, bins: int) -> np.ndarray:
    """Chances of the angle of two uniform vectors on the sphere of R^d, (bins,) from 0° to 180°.

    The angle's density is sin^(d−2); its distribution function is half of the regularised
    incomplete beta function of sin² at ((d − 1)/2, 1/2) up to 90°.
    """
    from scipy.special import betainc

    edges = np.linspace(0, np.pi, bins + 1)
    below = betainc((dimension - 1) / 2, 0.5, np.sin(edges) ** 2) / 2
    return np.diff(np.where(edges <= np.pi / 2, below, 1 - below))


def uniform_energy(dimension: int) -> float:
    """The mean of 1/‖u − v‖² over uniform unit vectors of R^d: (d − 2)/(2(d − 3)), from 4 on;
    infinite below."""
    return (dimension - 2) / (2 * (dimension - 3)) if dimension > 3 else float("inf")


def least_energy(vectors: int) -> float:
    """What the mean of 1/‖u − v‖² over pairs of n unit vectors is at least: (n − 1)/(2n).

    1/(2 − 2t) is convex and grows with t, whose mean is −1/(n − 1) at least. A regular simplex
    reaches it.
    """
    return (vectors - 1) / (2 * vectors)


def shares(counts: Sequence[Sequence[int]], bins: int) -> np.ndarray:
    """The mean over runs of the shares in each of ``bins``, which merge those of counts (runs, m),
    m a multiple of bins."""
    found = np.asarray(counts, dtype=np.float64).reshape(len(counts), bins, -1).sum(2)
    return (found / found.sum(1, keepdims=True)).mean(0)


def merged(bins: int, pairs: int) -> int:
    """The largest number of bins, of which ``bins`` is a multiple, that so many pairs fill."""
    divisors = [n for n in range(min(LEAST_BINS, bins), bins + 1) if bins % n == 0]
    return max((n for n in divisors if pairs >= PAIRS_A_BIN * n), default=divisors[0])


def blocks(result: TableResult, measured: Measured) -> list[Block]:
    """A figure of the angles of up to six cells, the numbers of all, and how spread and accuracy
    go together over all runs.

    Args:
        measured: the measurements of each cell's runs.
    """
    cells = [cell for cell in result.cells if measured.get(cell.name)]
    if not cells:
        return []
    return [_numbers(cells, measured), _together(cells, measured), _figure(result, cells, measured)]


def _numbers(cells: Sequence[CellResult], measured: Measured) -> Grid:
    lines = []
    for cell in cells:
        runs = measured[cell.name]
        vectors, dimension = (runs[0][name][-1] for name in (VECTORS, DIMENSIONS))
        angle = float(np.median([run[SMALLEST][-1] for run in runs]))
        energy = float(np.median([run[ENERGIES][-1] for run in runs]))
        before = float(np.median([run["N-euclidean2 energies before"][-1] for run in runs]))
        uniform, least = uniform_energy(dimension), least_energy(vectors)
        lines.append(
            row(
                f"{cell.label} {cell.column}".strip(),
                Cell(cell.measure.text(cell.median), cell.median),
                Cell(f"{angle:.1f}°", angle),
                *(Cell(f"{value:.4f}", value) for value in (before, energy, uniform, least)),
                group=cell.group,
            )
        )
    names = ("smallest angle", "before", "after", "uniform", "at least")
    titles = columns("", "accuracy", *names, right=("accuracy", *names))
    caption = (
        "The classifier's vectors: the smallest angle of two, and the mean of 1/‖ŵᵢ − ŵⱼ‖² over "
        "pairs before and after training, of uniform vectors, and what it is at least; medians."
    )
    if any(cell.kind == HIERARCHY for cell in cells):
        caption += CENTRED
    return Grid("spread", titles, tuple(lines), caption, caption, headed=True)


def _together(cells: Sequence[CellResult], measured: Measured) -> Notes:
    """Spearman's ρ within cells and over cells, whose medians differ by the penalties."""
    from scipy.stats import spearmanr

    pairs = {
        cell.name: [
            (run[ENERGIES][-1], run["test accuracy"]["count"]) for run in measured[cell.name]
        ]
        for cell in cells
        if len(measured[cell.name]) >= FEWEST
    }
    if not pairs:
        told = Note(f"Told once a cell has {FEWEST} runs.")
        return Notes((told,), "Do spread and accuracy go together?")
    notes = []
    medians = [np.median(np.array(p), axis=0) for p in pairs.values()]
    centred = [np.array(p) - m for p, m in zip(pairs.values(), medians, strict=True)]
    for text, points in (
        ("Over the cells' medians", np.array(medians)),
        ("Over all runs, less their cells' medians", np.concatenate(centred)),
    ):
        varied = len(points) > 2 and all(np.ptp(points, axis=0) > 0)
        if not varied:
            notes.append(Note(f"{text}: too few runs."))
            continue
        found = spearmanr(points[:, 0], points[:, 1])
        rho = f"{found.statistic:+.2f}".replace("-", MINUS)
        numbers = f"{rho} (p = {found.pvalue:.2g}, n = {len(points)})"
        notes.append(
            Note(
                f"{text}: Spearman's ρ of the classifier's energy and the test accuracy is "
                f"{numbers}; below 0, wider spread goes with higher accuracy."
            )
        )
    return Notes(tuple(notes), "Do spread and accuracy go together?")


def _figure(result: TableResult, cells: Sequence[CellResult], measured: Measured) -> FigureBlock:
    drawn = cells[:MOST]
    first = measured[drawn[0].name][0]
    shapes = list(zip(first[VECTORS], first[DIMENSIONS], strict=True))
    names = [name for name in LAYERS if AFTER.format(name) in first]
    places = sorted({0, max(0, len(shapes) - 2), len(shapes) - 1})
    panels = []
    for name, place in zip(names, places, strict=True):
        vectors, dimension = shapes[place]
        before, after = BEFORE.format(name), AFTER.format(name)
        every = sum(map(sum, (run[after] for run in measured[drawn[0].name])))
        bins = merged(len(first[after]), every)
        middles = tuple(((np.arange(bins) + 0.5) * FLAT / bins).tolist())

        def line(values: np.ndarray, look: int, middles: tuple[float, ...] = middles) -> Series:
            return Series(middles, tuple((100 * values).tolist()), look, points=False)

        def counts(cell: CellResult, when: str, bins: int = bins) -> np.ndarray:
            return shares([run[when] for run in measured[cell.name]], bins)

        series = [line(uniform_shares(dimension, bins), UNIFORM)]
        series.append(line(counts(drawn[0], before), START))
        series += [
            line(counts(cell, after), look) for look, cell in enumerate(drawn, start=START + 1)
        ]
        title = f"{name}: {vectors} vectors of R^{dimension}"
        panels.append(
            Curves(tuple(series), title, "angle of a pair, degrees", "% of pairs", whole=False)
        )
    legend = [Sampled("line", "uniform on the sphere", UNIFORM)]
    legend.append(Sampled("line", f"before training ({drawn[0].label})", START))
    for look, cell in enumerate(drawn, start=START + 1):
        legend.append(Sampled("line", f"{cell.label} {cell.column}".strip(), look))
    mark = "" if result.has_levels else result.about.protocol.upper()
    told = f"{result.about.title}: angles between a layer's vectors, mean over seeds"
    return FigureBlock(
        tuple(panels),
        tuple(legend),
        "angles",
        len(panels),
        (3.2, 2.5),
        (told, *labels(result)),
        watermark=mark,
    )
