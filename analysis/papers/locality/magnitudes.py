"""Where a table's own networks have their large weights, and whether a regulariser moves them.

Every network gives one value a measure; seeds are what differs between the networks of a cell, so
cells are compared over seeds, by the exact rank-sum test. (Table I of the locality paper tests over
the filters of one network, which are not independent of each other; nothing here does.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.estimates import MedianInterval, holm, median_interval
from analysis.statistics.rank_sum import RankSum, rank_sum_test
from analysis.statistics.shift import Shift, hodges_lehmann
from analysis.verdicts.level_and_effect import SEEDS_NEEDED

COLUMNS = (
    *("cell", "seed", "run", "layer", "name", "filters"),
    *("larger_centre", "larger_neighbour", "larger_abs_centre", "larger_abs_neighbour"),
    *("mean_centre", "mean_neighbour", "mean_corner"),
    *("rms_centre", "rms_neighbour", "rms_corner"),
)
"""Of the long-form frame, one row a layer of a network: how many filters have a larger weight
(|weight| with abs) at the centre than at the left neighbour, and there than in the corner above;
means of |w| and roots of the mean of w² over the centre, its four neighbours and the corners."""


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
DECIDING = ("mean_centre", "mean_neighbour")
"""The measures that answer the question in a sentence: how much larger, by mean |w|."""


@dataclass(frozen=True)
class CellSpec:
    """A cell of the table.

    Attributes:
        baseline: name of the cell that differs in nothing but that its L2 weighs all positions
            alike; None for that one itself and where the table has none.
        planned: networks that are wanted.
        diverged: finished runs that diverged, whose weights tell nothing and are left out.
    """

    name: str
    kind: str
    baseline: str | None
    planned: int
    diverged: int = 0


@dataclass(frozen=True)
class Summary:
    """A measure over a cell's networks; the interval is None below six of them."""

    values: tuple[float, ...]
    median: float
    interval: MedianInterval | None


@dataclass(frozen=True)
class Difference:
    """A cell's measure against its baseline's, over seeds."""

    cell: str
    baseline: str
    measure: str
    test: RankSum
    shift: Shift
    p_holm: float

    @property
    def direction(self) -> str:
        """ "above" or "below" where the shift's 95 % interval excludes 0, else "undecided"."""
        if not self.shift.excludes(0):
            return "undecided"
        return "above" if self.shift.estimate > 0 else "below"


@dataclass(frozen=True)
class CellMagnitudes:
    """A cell with its networks.

    Attributes:
        seeds: of its networks, ascending.
        summaries: by measure; empty without networks.
        profile: by measure of kind "ratio", the median over seeds in each layer, by depth.
    """

    spec: CellSpec
    seeds: tuple[int, ...]
    summaries: Mapping[str, Summary]
    profile: Mapping[str, tuple[float, ...]]

    @property
    def n(self) -> int:
        """Networks."""
        return len(self.seeds)


@dataclass(frozen=True)
class Magnitudes:
    """All cells, and the differences of those that have a baseline."""

    cells: tuple[CellMagnitudes, ...]
    differences: tuple[Difference, ...]

    def difference(self, cell: str, measure: str) -> Difference | None:
        """The comparison of a cell by a measure, None where there is none."""
        wanted = (cell, measure)
        return next((d for d in self.differences if (d.cell, d.measure) == wanted), None)


def analyse(layers: pd.DataFrame, cells: Sequence[CellSpec]) -> Magnitudes:
    """Medians over seeds, and every cell against its baseline.

    Args:
        layers: one row a layer of a network, with the columns :data:`COLUMNS`.
        cells: the table's, in its order; those without networks come out as missing.

    Raises:
        ValueError: for networks of unknown cells, or two of one cell and seed.
    """
    if unknown := sorted(set(layers["cell"]) - {spec.name for spec in cells}):
        raise ValueError(f"networks of cells that the table does not have: {', '.join(unknown)}")
    if layers.duplicated(["cell", "seed", "layer"]).any():
        raise ValueError("two networks of one cell and seed")
    # Sums of floats depend on their order in the last bits, and reports should not.
    layers = layers.sort_values(["cell", "seed", "layer"], ignore_index=True)
    values = network_values(layers)
    found = tuple(
        _cell(spec, values[values["cell"] == spec.name], layers[layers["cell"] == spec.name])
        for spec in cells
    )
    return Magnitudes(found, tuple(_differences(found)))


def network_values(layers: pd.DataFrame) -> pd.DataFrame:
    """One row a network: cell, seed, run and each measure by its key."""
    rows = []
    for (cell, seed, run), network in layers.groupby(["cell", "seed", "run"], sort=True):
        measures = {m.key: _value(m, network) for m in MEASURES}
        rows.append({"cell": cell, "seed": seed, "run": run, **measures})
    return pd.DataFrame(rows, columns=["cell", "seed", "run", *(m.key for m in MEASURES)])


def _value(measure: Measure, network: pd.DataFrame) -> float:
    if measure.kind == "share":
        return float(network[measure.first].sum() / network[measure.second].sum())
    ratios = _ratios(measure, network)
    positive = ratios[np.isfinite(ratios) & (ratios > 0)]
    # A layer whose weights are all 0 at one position has no ratio.
    return float(np.exp(np.log(positive).mean())) if len(positive) else math.nan


def _ratios(measure: Measure, network: pd.DataFrame) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return network[measure.first].to_numpy(float) / network[measure.second].to_numpy(float)


def _cell(spec: CellSpec, values: pd.DataFrame, layers: pd.DataFrame) -> CellMagnitudes:
    summaries = {}
    for measure in MEASURES:
        known = values[measure.key].dropna().to_numpy(float)
        if len(known):
            interval = median_interval(known) if len(known) >= SEEDS_NEEDED else None
            summaries[measure.key] = Summary(
                tuple(known.tolist()), float(np.median(known)), interval
            )
    profile = {m.key: _profile(m, layers) for m in MEASURES if m.kind == "ratio"}
    return CellMagnitudes(spec, tuple(int(s) for s in values["seed"]), summaries, profile)


def _profile(measure: Measure, layers: pd.DataFrame) -> tuple[float, ...]:
    if layers.empty:
        return ()
    ratios = pd.Series(_ratios(measure, layers), index=layers["layer"])
    return tuple(float(v) for v in ratios.groupby(level=0).median().sort_index())


def _differences(cells: Sequence[CellMagnitudes]) -> Iterator[Difference]:
    by_name = {cell.spec.name: cell for cell in cells}
    pairs = [
        (cell.spec.name, base, cell.summaries, by_name[base].summaries)
        for cell in cells
        if (base := cell.spec.baseline) in by_name and base is not None
    ]
    for key in (measure.key for measure in MEASURES):
        samples = {
            (name, base): (ours[key].values, plain[key].values)
            for name, base, ours, plain in pairs
            if key in ours and key in plain
        }
        tests = {pair: rank_sum_test(x, y) for pair, (x, y) in samples.items()}
        # Over all cells that the table sets beside a baseline, whatever has been trained.
        adjusted = holm({name: test.p_value for (name, _), test in tests.items()}, len(pairs))
        for (name, base), (x, y) in samples.items():
            shift = hodges_lehmann(x, y)
            yield Difference(name, base, key, tests[name, base], shift, adjusted[name])
