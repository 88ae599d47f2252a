"""How often a weight of a 3×3 filter is larger than its neighbour's (locality paper, Table I)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.weights.layers import Kind, SpatialLayer

if TYPE_CHECKING:
    import numpy as np

Position = tuple[int, int]

# Row and column from 0: the centre, the neighbour to its left, and the corner above that.
COMPARISONS: dict[str, tuple[Position, Position]] = {
    "centre > neighbour": ((1, 1), (1, 0)),
    "neighbour > corner": ((1, 0), (0, 0)),
}


@dataclass(frozen=True)
class LayerCount:
    """A layer's filters counted by the comparisons' names.

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
    return tuple(
        count_filters(layer, magnitudes=magnitudes) for layer in layers if layer.size == (3, 3)
    )


def count_filters(layer: SpatialLayer, *, magnitudes: bool = False) -> LayerCount:
    """The counts of one 3×3 layer."""
    larger, equal = {}, {}
    for name, (first, second) in COMPARISONS.items():
        a, b = (_weights(layer.filters, at, magnitudes) for at in (first, second))
        larger[name] = int((a > b).sum())
        equal[name] = int((a == b).sum())
    return LayerCount(layer.name, layer.kind, len(layer.filters), larger, equal)


def _weights(filters: np.ndarray, at: Position, magnitudes: bool) -> np.ndarray:
    values = filters[:, at[0], at[1]]
    return abs(values) if magnitudes else values
