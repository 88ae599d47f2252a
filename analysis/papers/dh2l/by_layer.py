"""What runs measure layer by layer, the convolutions first and the classifier last: one number of
the filters, or of the classifier's vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.verdicts.measure import Measure

VECTORS, DIMENSIONS = "vectors by layer", "dimensions by layer"
# "before" or "after" training.
LAYER_ANGLES, LAYER_ENERGIES = "smallest angles {}", "N-euclidean2 energies {}"


@dataclass(frozen=True)
class Place:
    """Which of a network's vectors are looked at.

    Attributes:
        name: as a sentence has it.
        layers: theirs, of a list by layer.
    """

    name: str
    layers: Callable[[Sequence[Any]], Sequence[Any]]

    def value(self, run: Mapping[str, Any], measurement: str) -> float:
        """The mean over their layers."""
        found = self.layers(run[measurement])
        return float(sum(found) / len(found))

    def shapes(self, run: Mapping[str, Any]) -> list[tuple[int, int]]:
        """Vectors and dimensions of each layer."""
        vectors, dimensions = (self.layers(run[name]) for name in (VECTORS, DIMENSIONS))
        return list(zip(vectors, dimensions, strict=True))


FILTERS = Place("filters", lambda by_layer: by_layer[:-1])
CLASSIFIER = Place("classifier", lambda by_layer: by_layer[-1:])


@dataclass(frozen=True)
class OfFilters(Measure):
    """The mean over a network's convolutions of what is measured by layer."""

    def value(self, measurement: Any) -> float:
        found = [super(OfFilters, self).value(each) for each in FILTERS.layers(measurement)]
        return sum(found) / len(found)
