"""How a layer's vectors lie to each other after training, beside vectors that are drawn at random:
do the penalties spread them, and do spread and accuracy go together?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.documents.blocks import MISSING, Block, Cell, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Sampled, Series
from analysis.documents.table_notes import labels
from analysis.papers.dh2l import spread_and_accuracy
from analysis.papers.dh2l.by_layer import (
    CLASSIFIER,
    DIMENSIONS,
    FILTERS,
    LAYER_ANGLES,
    LAYER_ENERGIES,
    VECTORS,
    Place,
)
from analysis.tables.results import CellResult, TableResult

BEFORE, AFTER = "angles before, {}", "angles after, {}"
WHENS = ("before", "after")
LAYERS = ("first convolution", "last convolution", "classifier")
FLAT = 180.0  # degrees
MOST = 6  # cells in a figure
UNIFORM, START = 0, 1  # looks
# Energies of more than 2d vectors of R^d, by :func:`configurations.minimise` from 20 starts.
FOUND = {(100, 32): 0.50287}
PAIRS_A_BIN, LEAST_BINS = 40, 18  # bins are merged to have so many pairs on average, or few bins

HIERARCHY, PLAIN = "hierarchy", "plain"  # kinds of cells
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


def best_energy(vectors: int, dimension: int) -> float | None:
    """The least mean of 1/‖u − v‖² over pairs of n unit vectors of R^d that is known; None where
    the suite knows none.

    A regular simplex, of n ≤ d + 1, has (n − 1)/(2n) and no arrangement less: 1/(2 − 2t) is convex
    and grows with t, whose mean is −1/(n − 1) at least. Up to n = 2d nothing is found below n − d
    simplices of sizes as equal as can be, each orthogonal to the others. Beyond, :data:`FOUND`.
    """
    if vectors > 2 * dimension:
        return FOUND.get((vectors, dimension))
    parts = max(1, vectors - dimension)
    sizes = [vectors // parts + (part < vectors % parts) for part in range(parts)]
    within = sum(size * (size - 1) // 2 * (size - 1) / (2 * size) for size in sizes)
    pairs = [n * (n - 1) // 2 for n in (vectors, *sizes)]
    return (within + (pairs[0] - sum(pairs[1:])) / 2) / pairs[0]


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
    """The numbers of the filters and of the classifier, how spread and accuracy go together over
    all runs, and a figure of the angles of up to six cells.

    Args:
        measured: the measurements of each cell's runs; those that are not finite are left out.
    """
    last = LAYER_ENERGIES.format("after")
    finite = {
        name: [run for run in runs if None not in run[last]] for name, runs in measured.items()
    }
    cells = [cell for cell in result.cells if finite.get(cell.name)]
    if not cells:
        return []
    return [
        _numbers(FILTERS, cells, finite),
        _numbers(CLASSIFIER, cells, finite),
        spread_and_accuracy.notes([cell.name for cell in cells], finite),
        _figure(result, cells, finite),
    ]


def _numbers(place: Place, cells: Sequence[CellResult], measured: Measured) -> Grid:
    lines = []
    for cell in cells:
        runs = measured[cell.name]
        angles, energies = (
            [float(np.median([place.value(run, name.format(w)) for run in runs])) for w in WHENS]
            for name in (LAYER_ANGLES, LAYER_ENERGIES)
        )
        shapes = place.shapes(runs[0])
        uniform = float(np.mean([uniform_energy(dimension) for _, dimension in shapes]))
        best = [best_energy(*shape) for shape in shapes]
        least: Cell | str = MISSING
        if None not in best:
            mean = float(np.mean(np.array(best, dtype=float)))
            least = Cell(f"{mean:.4f}", mean)
        lines.append(
            row(
                f"{cell.label} {cell.column}".strip(),
                Cell(cell.measure.text(cell.median), cell.median, runs=cell.hashes),
                *(Cell(f"{angle:.1f}°", angle, runs=cell.hashes) for angle in angles),
                *(Cell(f"{energy:.4f}", energy, runs=cell.hashes) for energy in energies),
                Cell(f"{uniform:.4f}", uniform),
                least,
                group=cell.group,
            )
        )
    names = ("angle", "after", "energy", "after", "uniform", "best known")
    titles = columns("", "accuracy", *names, right=("accuracy", *names))
    caption = _caption(place)
    if place is CLASSIFIER and any(cell.kind == HIERARCHY for cell in cells):
        caption += CENTRED
    name = "spread" if place is CLASSIFIER else f"spread-{place.name}"
    return Grid(name, titles, tuple(lines), caption, caption, headed=True)


def _caption(place: Place) -> str:
    """What the columns are."""
    whose = "The classifier's vectors"
    if place is not CLASSIFIER:
        whose = "Filters, the mean over convolutions"
    return (
        f"{whose}: the smallest angle of two and the energy, the mean of 1/‖ŵᵢ − ŵⱼ‖² over pairs, "
        "each before training and after; the energy of uniform vectors of R^d, and the least that "
        "is known of so many vectors. Medians over runs."
    )


def chosen(cells: Sequence[CellResult]) -> list[CellResult]:
    """What a figure draws: the first group's cells, and of more than :data:`MOST` the last without
    an energy and the paper's own distances, evenly from the first to the last; others where there
    is room."""
    own = [cell for cell in cells if cell.group == cells[0].group]
    if len(own) <= MOST:
        return own
    kept = [cell for cell in own if cell.kind == PLAIN][-1:]
    papers = [cell for cell in own if is_own(cell.label)]
    places = np.linspace(0, len(papers) - 1, min(len(papers), MOST - len(kept))).round()
    kept += [papers[int(place)] for place in places]
    others = [cell for cell in own if cell not in kept and cell not in papers]
    kept += others[: MOST - len(kept)]
    return [cell for cell in own if cell in kept]


def is_own(label: str) -> bool:
    """Whether a row is of one of the paper's distances, such as "D'_cos(HM)" or "(D_GM, D_HM)"."""
    return label.lstrip("(").startswith("D")


def _figure(result: TableResult, cells: Sequence[CellResult], measured: Measured) -> FigureBlock:
    drawn = chosen(cells)
    first = measured[drawn[0].name][0]
    shapes = list(zip(first[VECTORS], first[DIMENSIONS], strict=True))
    names = [name for name in LAYERS if AFTER.format(name) in first]
    places = sorted({0, max(0, len(shapes) - 2), len(shapes) - 1})
    named = {UNIFORM: "uniform on the sphere", START: f"before training ({drawn[0].label})"}
    for look, cell in enumerate(drawn, start=START + 1):
        named[look] = f"{cell.label} {cell.column}".strip()
    panels = []
    for name, place in zip(names, places, strict=True):
        vectors, dimension = shapes[place]
        before, after = BEFORE.format(name), AFTER.format(name)
        every = sum(map(sum, (run[after] for run in measured[drawn[0].name])))
        bins = merged(len(first[after]), every)
        middles = tuple(((np.arange(bins) + 0.5) * FLAT / bins).tolist())

        def line(
            values: np.ndarray, look: int, name: str, middles: tuple[float, ...] = middles
        ) -> Series:
            shown = tuple((100 * values).tolist())
            return Series(middles, shown, look, points=False, name=name)

        def counts(cell: CellResult, when: str, bins: int = bins) -> np.ndarray:
            return shares([run[when] for run in measured[cell.name]], bins)

        series = [line(uniform_shares(dimension, bins), UNIFORM, named[UNIFORM])]
        series.append(line(counts(drawn[0], before), START, named[START]))
        series += [
            line(counts(cell, after), look, named[look])
            for look, cell in enumerate(drawn, start=START + 1)
        ]
        title = f"{name}: {vectors} vectors of R^{dimension}"
        panels.append(
            Curves(tuple(series), title, "angle of a pair, degrees", "% of pairs", whole=False)
        )
    legend = [Sampled("line", name, look) for look, name in named.items()]
    mark = "" if result.has_levels else result.about.protocol.upper()
    where = f", {drawn[0].group}" if drawn[0].group else ""
    told = f"{result.about.title}{where}: angles between a layer's vectors, mean over seeds"
    return FigureBlock(
        tuple(panels),
        tuple(legend),
        "angles",
        len(panels),
        (3.2, 2.5),
        (told, *labels(result)),
        watermark=mark,
    )
