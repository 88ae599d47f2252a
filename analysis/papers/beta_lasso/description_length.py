"""Theorem 2: how far a network's error may be from its training error, by its description length.

With probability 1 − δ over m training images, test minus training error is at most
√((k·b + |d(g)| + log(2n/δ)) / 2m) for a network whose n weights take k values of b bits each, where
the assignment g of values to the s weights that are not 0 has a description of
|d(g)| ≤ s·log(kn) + 2·log n. The paper leaves the logarithms' base open (B-23).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Code = Literal["kn", "n"]
Base = Literal["bits", "nats"]


@dataclass(frozen=True)
class Bound:
    """A network and a sample.

    Attributes:
        bits: b, of a value.
        images: m.
        weights: n, of which all but ``non_zero`` are 0.
        parameters: k, the different values.
        delta: δ.
        code: what a weight that is not 0 costs: log(kn), as the theorem states, or log n, as the
            proof says before it (B-23).
        base: of the code's logarithms; that of the term with δ is always natural, as in Theorem 1's
            source.
    """

    bits: int
    images: int
    weights: int
    parameters: int
    non_zero: int
    delta: float
    code: Code = "kn"
    base: Base = "bits"

    @property
    def code_length(self) -> float:
        """What the assignment of values to weights takes at most."""
        log = math.log2 if self.base == "bits" else math.log
        n = log(self.weights)
        weight = n + log(self.parameters) if self.code == "kn" else n
        return self.non_zero * weight + 2 * n

    @property
    def gap(self) -> float:
        """The theorem's bound on test minus training error; from 1 on it says nothing."""
        length = self.parameters * self.bits + self.code_length
        confidence = math.log(2 * self.weights / self.delta)
        return math.sqrt((length + confidence) / (2 * self.images))

    @property
    def is_vacuous(self) -> bool:
        """Whether every error rate satisfies it."""
        return self.gap >= 1

    def of(self, parameters: int) -> Bound:
        """The same with so many parameters, each of one weight: nothing is shared."""
        return replace(self, parameters=parameters, non_zero=parameters)


def largest(bound: Bound) -> int:
    """The most parameters, each of one weight, for which the bound is not vacuous; 0 for none."""
    low, high = 0, bound.weights
    while low < high:
        middle = (low + high + 1) // 2
        if bound.of(middle).is_vacuous:
            high = middle - 1
        else:
            low = middle
    return low


def dense_gap(bits: int, images: int, weights: int, delta: float) -> float:
    """Theorem 1 for the plainest language: every weight in its bits, √((nb + ln(2/δ)) / 2m)."""
    return math.sqrt((weights * bits + math.log(2 / delta)) / (2 * images))


def least_images(bound: Bound) -> int:
    """The images from which on the bound is below 1."""
    return math.floor(bound.gap**2 * bound.images) + 1
