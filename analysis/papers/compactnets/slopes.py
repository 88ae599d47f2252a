"""How a measure changes from layer to layer of a network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.verdicts.measure import Measure


@dataclass(frozen=True)
class Slope(Measure):
    """Of the least-squares line through a list by layer, the classifier last, at 1, 2, …; 0 of a
    single layer.

    Attributes:
        has_classifier: whether the classifier is one of the layers. It has no dictionary: its
            filters are the classes, none of which is left out, so that dictionaries of one sparsity
            throughout would seem to fall towards it.
    """

    has_classifier: bool = True

    def made_of(self, measurements: Mapping[str, Any]) -> float:
        """See :meth:`Measure.made_of`."""
        (source,) = self.sources
        by_layer = measurements[source] if self.has_classifier else measurements[source][:-1]
        values = [math.nan if value is None else float(value) for value in by_layer]
        if not all(map(math.isfinite, values)):
            return self.worst
        places = [place - (len(values) - 1) / 2 for place in range(len(values))]
        square = math.fsum(place**2 for place in places)
        rise = math.fsum(p * v for p, v in zip(places, values, strict=True))  # 0 of equal values
        return rise / square if square else 0.0
