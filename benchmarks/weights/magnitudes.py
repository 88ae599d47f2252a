"""How large a layer's weights are at the centre of 3×3 filters, beside it and in the corners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.weights.layers import SpatialLayer

RINGS: dict[str, tuple[tuple[int, int], ...]] = {
    "centre": ((1, 1),),
    "neighbour": ((0, 1), (1, 0), (1, 2), (2, 1)),
    "corner": ((0, 0), (0, 2), (2, 0), (2, 2)),
}
"""Positions by row and column from 0, at distances 0, 1 and √2 of the centre: those that LOCO-Reg
treats alike."""


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
    """The magnitudes of the 3×3 layers among ``layers``, in their order; others are left out."""
    return tuple(measure_filters(layer) for layer in layers if layer.size == (3, 3))


def measure_filters(layer: SpatialLayer) -> LayerMagnitudes:
    """The magnitudes of one 3×3 layer, summed in float64."""
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
