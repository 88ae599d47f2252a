"""What is measured of a network's 3×3 filters: where their weights are large (locality paper)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.weights.reading import Kind, SpatialLayer

Position = tuple[int, int]

# Row and column from 0: the centre, the neighbour to its left, and the corner above that.
COMPARISONS: dict[str, tuple[Position, Position]] = {
    "centre > neighbour": ((1, 1), (1, 0)),
    "neighbour > corner": ((1, 0), (0, 0)),
}

RINGS: dict[str, tuple[Position, ...]] = {
    "centre": ((1, 1),),
    "neighbour": ((0, 1), (1, 0), (1, 2), (2, 1)),
    "corner": ((0, 0), (0, 2), (2, 0), (2, 2)),
}
"""At distances 0, 1 and √2 of the centre: those that LOCO-Reg treats alike."""


@dataclass(frozen=True)
class LayerCount:
    """A layer's filters counted by the comparisons' names (Table I).

    Attributes:
        filters: how many there are.
        larger: how many have a larger weight at the comparison's first position.
        equal: how many have the same weight at both; they are in ``filters``, not in ``larger``.
    """

    name: str
    kind: Kind
    filters: int
    larger: dict[str, int]
    equal: dict[str, int]


def count_layers(
    layers: Iterable[SpatialLayer], *, magnitudes: bool = False
) -> tuple[LayerCount, ...]:
    """The counts of the 3×3 layers among ``layers``, in their order; others are left out.

    Args:
        magnitudes: compare |w| instead of w (the paper's other form of the test, L-13).
    """
    return tuple(_count(layer, magnitudes) for layer in layers if layer.size == (3, 3))


def _count(layer: SpatialLayer, magnitudes: bool) -> LayerCount:
    values = abs(layer.filters) if magnitudes else layer.filters
    larger, equal = {}, {}
    for name, (first, second) in COMPARISONS.items():
        a, b = values[:, *first], values[:, *second]
        larger[name], equal[name] = int((a > b).sum()), int((a == b).sum())
    return LayerCount(layer.name, layer.kind, len(values), larger, equal)


@dataclass(frozen=True)
class LayerMagnitudes:
    """One 3×3 layer.

    Attributes:
        mean: mean of |w| over the layer's filters and a ring's positions, by ring.
        rms: root of the mean of w², alike.
    """

    name: str
    filters: int
    mean: dict[str, float]
    rms: dict[str, float]


def measure_layers(layers: Iterable[SpatialLayer]) -> tuple[LayerMagnitudes, ...]:
    """The magnitudes of the 3×3 layers among ``layers``, in their order, summed in float64."""
    return tuple(_measure(layer) for layer in layers if layer.size == (3, 3))


def _measure(layer: SpatialLayer) -> LayerMagnitudes:
    import numpy as np

    magnitudes = np.abs(layer.filters, dtype=np.float64)
    mean = magnitudes.mean(axis=0)
    square = np.square(magnitudes).mean(axis=0)
    return LayerMagnitudes(
        layer.name,
        len(layer.filters),
        {ring: float(np.mean([mean[p] for p in at])) for ring, at in RINGS.items()},
        {ring: float(np.sqrt(np.mean([square[p] for p in at]))) for ring, at in RINGS.items()},
    )
