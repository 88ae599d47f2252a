"""Where a table's own networks have their large weights, and whether a regulariser moves them.

Every network gives one value a measure; seeds are what differs between the networks of a cell, so
cells are compared over seeds, by the exact rank-sum test. (Table I of the locality paper tests over
the filters of one network, which are not independent of each other; nothing here does.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.papers.locality.shares import count
from analysis.statistics.median import median_interval
from analysis.statistics.multiple_comparisons import holm
from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.verdicts.level import SEEDS_NEEDED
from analysis.verdicts.wording import Verdict

RINGS: dict[str, tuple[tuple[int, int], ...]] = {
    "centre": ((1, 1),),
    "neighbour": ((0, 1), (1, 0), (1, 2), (2, 1)),
    "corner": ((0, 0), (0, 2), (2, 0), (2, 2)),
}
"""At distances 0, 1 and √2 of the centre: those that LOCO-Reg treats alike."""
NETWORK = ["cell", "seed", "run"]
PLACE = [*NETWORK, "layer", "name"]


@dataclass(frozen=True)
class Measure:
    """One number a network.

    Attributes:
        key: its name for machines.
        title: its name in a table's head.
        kind: "share" of the network's filters, or "ratio", the geometric mean of the layers'.
        first, second: the columns that it is made of; a share has its count in ``first``.
    """

    key: str
    title: str
    kind: str
    first: str
    second: str = "filters"


MEASURES = (
    Measure("share_centre", "c > n", "share", "larger_centre"),
    Measure("share_neighbour", "n > co", "share", "larger_neighbour"),
    Measure("share_abs_centre", "|c| > |n|", "share", "larger_abs_centre"),
    Measure("share_abs_neighbour", "|n| > |co|", "share", "larger_abs_neighbour"),
    Measure("mean_centre", "mean c/n", "ratio", "mean_centre", "mean_neighbour"),
    Measure("mean_neighbour", "mean n/co", "ratio", "mean_neighbour", "mean_corner"),
    Measure("rms_centre", "rms c/n", "ratio", "rms_centre", "rms_neighbour"),
    Measure("rms_neighbour", "rms n/co", "ratio", "rms_neighbour", "rms_corner"),
)


@dataclass(frozen=True)
class Summary:
    """A measure over a cell's networks; the interval is None below six of them."""

    values: tuple[float, ...]
    median: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Cell:
    """A cell of the table: as declared, and with its networks once analysed.

    Attributes:
        baseline: name of the cell that differs in nothing but that its L2 weighs all positions
            alike; None for that one itself and where the table has none.
        planned: networks that are wanted.
        diverged: finished runs that diverged, whose weights tell nothing and are left out.
        seeds: of its networks, ascending.
        measures: by key; empty without networks.
        by_layer: by the key of ratios, the median over seeds in each layer, by depth.
    """

    name: str
    kind: str
    baseline: str | None
    planned: int
    diverged: int = 0
    seeds: tuple[int, ...] = ()
    measures: Mapping[str, Summary] = field(default_factory=dict)
    by_layer: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A cell's measure against its baseline's, over seeds: the Hodges–Lehmann shift, its 95 %
    interval and "above" or "below" where that excludes 0, else "undecided"."""

    cell: str
    baseline: str
    measure: str
    direction: str
    n: tuple[int, int]
    shift: float
    interval: tuple[float, float]
    p: float
    p_holm: float


def layer_of(filters: NDArray[np.float32]) -> dict[str, Any]:
    """What is measured of a layer's filters (N, 3, 3), summed in float64.

    How many have a larger weight (|weight| with abs) at the centre than at the left neighbour, and
    there than in the corner above; means of |w| and roots of the mean of w² by ring.
    """
    found: dict[str, Any] = {"filters": len(filters)}
    for name, values in (("larger", filters), ("larger_abs", abs(filters))):
        larger = count("", "", values).larger.values()
        found |= zip((f"{name}_centre", f"{name}_neighbour"), larger, strict=True)
    sizes = np.abs(filters, dtype=np.float64)
    means, squares = sizes.mean(axis=0), np.square(sizes).mean(axis=0)
    for ring, at in RINGS.items():
        found[f"mean_{ring}"] = float(np.mean([means[p] for p in at]))
    for ring, at in RINGS.items():
        found[f"rms_{ring}"] = float(np.sqrt(np.mean([squares[p] for p in at])))
    return found


def analyse(
    layers: pd.DataFrame, cells: Sequence[Cell]
) -> tuple[tuple[Cell, ...], dict[tuple[str, str], Difference]]:
    """The cells with medians over seeds, and each against its baseline, by cell and measure.

    Args:
        layers: one row a layer of a network that :func:`layer_of` measured, with its
            :data:`PLACE`; layers count from 1 by depth.
        cells: the table's, in its order; those without networks come out as missing.
    """
    # Sums of floats depend on their order in the last bits, and reports should not.
    layers = layers.sort_values([*NETWORK, "layer"]).set_index([*NETWORK, "layer"])
    by_layer = pd.DataFrame({m.key: layers[m.first] / layers[m.second] for m in MEASURES})
    values = network_values(layers, by_layer)
    found = []
    for cell in cells:
        ours, rows = (f[f.index.get_level_values("cell") == cell.name] for f in (values, by_layer))
        medians = rows.groupby("layer").median()
        found.append(
            replace(
                cell,
                seeds=tuple(ours.index.get_level_values("seed")),
                measures={key: _summary(known) for key in ours if len(known := ours[key].dropna())},
                by_layer={m.key: tuple(medians[m.key]) for m in MEASURES if m.kind == "ratio"},
            )
        )
    return tuple(found), {(d.cell, d.measure): d for m in MEASURES for d in _differences(found, m)}


def network_values(layers: pd.DataFrame, by_layer: pd.DataFrame) -> pd.DataFrame:
    """One row a network: each measure by its key."""
    sums = layers.drop(columns="name").groupby(NETWORK).sum()
    return pd.DataFrame(
        {
            m.key: sums[m.first] / sums[m.second]
            if m.kind == "share"
            else by_layer[m.key].groupby(NETWORK).agg(_geometric_mean)
            for m in MEASURES
        }
    )


def _geometric_mean(ratios: pd.Series) -> float:
    # A layer whose weights are all 0 at one position has no ratio.
    positive = ratios[np.isfinite(ratios) & (ratios > 0)].to_numpy()
    return float(np.exp(np.log(positive).mean())) if len(positive) else math.nan


def _summary(values: pd.Series) -> Summary:
    interval = None
    if len(values) >= SEEDS_NEEDED:
        found = median_interval(values)
        interval = (found.low, found.high)
    return Summary(tuple(values), float(np.median(values)), interval)


def _differences(cells: Sequence[Cell], measure: Measure) -> list[Difference]:
    by_name = {cell.name: cell for cell in cells}
    pairs = [(cell, by_name[cell.baseline]) for cell in cells if cell.baseline in by_name]
    samples = {
        (cell.name, plain.name): tuple(c.measures[measure.key].values for c in (cell, plain))
        for cell, plain in pairs
        if measure.key in cell.measures and measure.key in plain.measures
    }
    p_values = {pair[0]: rank_sum_test(x, y).p_value for pair, (x, y) in samples.items()}
    # Over all cells that the table sets beside a baseline, whatever has been trained.
    adjusted = holm(p_values, len(pairs))
    found = []
    for (cell, baseline), (x, y) in samples.items():
        shift = hodges_lehmann(x, y)
        direction = "above" if shift.estimate > 0 else "below"
        found.append(
            Difference(
                cell,
                baseline,
                measure.key,
                direction if shift.excludes(0) else Verdict.UNDECIDED,
                (len(x), len(y)),
                shift.estimate,
                (shift.low, shift.high),
                p_values[cell],
                adjusted[cell],
            )
        )
    return found
