"""Whether zero weights gather in a network's upper layers, beyond what these layers' size alone
would bring there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.verdicts.measure import Measure


@dataclass(frozen=True)
class Excess(Measure, ABC):
    """The upper layers' share of a network's zero weights minus their share of its weights; made of
    two lists by layer, the classifier last: weights, and weights that are not zero. 0 without zero
    weights."""

    @abstractmethod
    def first_upper(self, layers: int) -> int:
        """How many of so many layers come before the upper ones; what measures a run says it."""

    def made_of(self, measurements: Mapping[str, Any]) -> float:
        """See :meth:`Measure.made_of`."""
        sizes, left = (measurements[name] for name in self.sources)
        zeros = [size - held for size, held in zip(sizes, left, strict=True)]
        first = self.first_upper(len(sizes))
        if not sum(zeros):
            return 0.0
        return sum(zeros[first:]) / sum(zeros) - sum(sizes[first:]) / sum(sizes)
