"""How large the weights at three positions of 3×3 filters are, layer by layer, as Figure 1 shows.

Pure counting over arrays: shared logarithmic bins of |w|, quantiles, and what no logarithmic axis
can show (zeros, values below its lower end), which is counted beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POSITIONS = (("centre", (1, 1)), ("edge", (1, 0)), ("corner", (0, 0)))
"""Figure 1's three positions by row and column from 0: middle, left middle and upper left."""
AT_EACH_END = 3
BINS_PER_DECADE = 8
DECADES = 5  # the axis' most; weight decay leaves dead filters many decades below the others
LEFT_OUT = 0.005  # share of the weights that may lie below the axis, so that it is not mostly empty
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEDIAN = QUANTILES.index(0.5)


@dataclass(frozen=True)
class Series:
    """|w| at one position of one layer's filters.

    Attributes:
        counts: filters in each of the shared bins.
        below: filters with a weight that is not 0 and lies below the first bin.
        zeros: filters whose weight is exactly 0.
        quantiles: at :data:`QUANTILES`, zeros included.
    """

    position: str
    counts: tuple[int, ...]
    below: int
    zeros: int
    quantiles: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of |w|, zeros included."""
        return self.quantiles[MEDIAN]


@dataclass(frozen=True)
class Panel:
    """One layer.

    Attributes:
        name: of the weights in the network.
        number: place among the network's 3×3 layers, from 1, by depth.
        filters: how many spatial filters it has, one for each pair of channels.
        dead: filters whose nine weights are all exactly 0.
        series: one for each of :data:`POSITIONS`.
    """

    name: str
    number: int
    filters: int
    dead: int
    series: tuple[Series, ...]

    def share(self, count: int) -> float:
        """A count of filters as a share of all."""
        return count / self.filters


@dataclass(frozen=True)
class Distributions:
    """Figure 1 of one network.

    Attributes:
        panels: the first and the last layers by depth; all where there are few.
        layers: 3×3 layers that the network has.
        edges: the bins' limits, |w|, one more than there are bins.
    """

    panels: tuple[Panel, ...]
    layers: int
    edges: tuple[float, ...]


def distributions(layers: Sequence[tuple[str, NDArray[np.float32]]]) -> Distributions:
    """The distributions in the first three and the last three layers.

    Args:
        layers: name and filters (N, 3, 3) of every 3×3 layer, by depth.

    Raises:
        ValueError: where there is no layer, one without filters or of another shape, or a weight
            that is not finite.
    """
    if not layers:
        raise ValueError("there is no layer of 3×3 filters")
    for name, filters in layers:
        if filters.ndim != 3 or filters.shape[1:] != (3, 3) or not len(filters):
            raise ValueError(f"{name} is of shape {filters.shape}, not (N, 3, 3)")
        if not np.isfinite(filters).all():
            raise ValueError(f"{name} holds weights that are not finite")
    shown = [
        (number, name, filters)
        for number, (name, filters) in enumerate(layers, start=1)
        if number <= AT_EACH_END or number > len(layers) - AT_EACH_END
    ]
    # |w| at each of the positions, a panel at a time
    samples = [
        {position: np.abs(filters[:, r, c].astype(np.float64)) for position, (r, c) in POSITIONS}
        for _, _, filters in shown
    ]
    exponents = _exponents([sample for panel in samples for sample in panel.values()])
    panels = []
    for (number, name, filters), panel in zip(shown, samples, strict=True):
        dead = int((filters == 0).all(axis=(1, 2)).sum())
        series = (_series(position, sample, exponents) for position, sample in panel.items())
        panels.append(Panel(name, number, len(filters), dead, tuple(series)))
    edges = tuple((10.0**exponents).tolist())
    return Distributions(tuple(panels), len(layers), edges)


def _exponents(samples: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The bins' limits as powers of ten, on whole parts of a decade; they enclose the largest."""
    pooled = np.concatenate(samples)
    positive = pooled[pooled > 0]
    if not len(positive):
        return np.arange(BINS_PER_DECADE + 1) / BINS_PER_DECADE - 1
    top = math.floor(BINS_PER_DECADE * math.log10(positive.max())) + 1
    least = np.quantile(positive, LEFT_OUT)
    bottom = math.floor(BINS_PER_DECADE * math.log10(least))
    bottom = min(max(bottom, top - DECADES * BINS_PER_DECADE), top - BINS_PER_DECADE)
    return np.arange(bottom, top + 1) / BINS_PER_DECADE


def _series(position: str, sample: NDArray[np.float64], exponents: NDArray[np.float64]) -> Series:
    edges = 10.0**exponents
    positive = sample[sample > 0]
    inside = positive[positive >= edges[0]]
    places = np.searchsorted(edges, inside, side="right") - 1
    counts = np.bincount(np.minimum(places, len(edges) - 2), minlength=len(edges) - 1)
    return Series(
        position,
        tuple(counts.tolist()),
        below=len(positive) - len(inside),
        zeros=len(sample) - len(positive),
        quantiles=tuple(np.quantile(sample, QUANTILES).tolist()),
    )
