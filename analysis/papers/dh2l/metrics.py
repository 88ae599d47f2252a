"""Distances and energies of pairs of vectors in float64, written as the paper prints them.

Eqs. 7 to 10 and their footnotes. A metric is a function of a pair's cosine and of its D_h, the mean
product of signs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MEANS = ("AM", "GM", "HM")
FAMILIES = ("D_{}", "D_cos({})", "D_{}cos")  # eqs. 8, 9 and 10
ENERGIES = tuple(f"{kind}{s}" for kind in ("N-euclidean", "angular") for s in (0, 1, 2))
METRICS = (
    *("angle", "cosine"),
    *ENERGIES,
    *("D_h^bin", "D_h^ter", "D'_h^bin", "D'_h^ter"),
    *(
        family.format(mean).replace("D_", letter)
        for family in FAMILIES
        for letter in ("D_", "D'_")
        for mean in MEANS
    ),
)


@dataclass(frozen=True)
class Readings:
    """How the formulas are read.

    Attributes:
        gm: "product" as printed, or its root "sqrt" (H-06).
        hm_factor: 2 or the printed 4 (H-07).
        hm_cos: "pi" or "printed" (H-08).
        clamp: cosines are limited to ± this.
        eps: added to squared distances of N-euclidean's energies.
    """

    gm: str = "product"
    hm_factor: int = 2
    hm_cos: str = "pi"
    clamp: float = 1.0
    eps: float = 0.0


def unit(vectors: Array) -> Array:
    """Vectors (…, d) of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def cosine(first: Array, second: Array) -> Array:
    """Cosines (…,) of vectors (…, d)."""
    return np.clip((unit(first) * unit(second)).sum(-1), -1, 1)


def signs(vectors: Array, tau: float | None = None) -> Array:
    """1 and −1, of 0 too: 1; with a ``tau``, 0 where the magnitude does not exceed it (H-13)."""
    if tau is None:
        return np.where(vectors >= 0, 1.0, -1.0)
    return np.where(np.abs(vectors) > tau, np.sign(vectors), 0.0)


def sign_product(first: Array, second: Array, tau: float | None = None) -> Array:
    """D_h of eq. 7 (…,) of vectors (…, d), over all coordinates (H-05)."""
    return (signs(first, tau) * signs(second, tau)).mean(-1)


def printed(metric: str, cosine: Array, product: Array, readings: Readings = Readings()) -> Array:
    """A metric's value, that of eqs. 9 and 10 between 0 and 1."""
    limited = np.clip(cosine, -readings.clamp, readings.clamp)
    angle = np.arccos(limited) / np.pi
    if metric == "cosine":
        return cosine
    if metric == "angle":
        return angle
    if metric in ENERGIES:
        s = int(metric[-1])
        is_chord = metric.startswith("N")
        apart = np.sqrt(2 - 2 * cosine + readings.eps) if is_chord else np.pi * angle
        return apart ** float(-s) if s else -np.log(apart)
    if metric in ("D_h^bin", "D_h^ter"):
        return product
    sign_angle = (1 - product) / 2
    if metric.startswith("D'"):
        sign_angle = np.arccos(np.clip(product, -readings.clamp, readings.clamp)) / np.pi
    name = metric.partition("_")[2]
    if name.startswith("h"):
        return sign_angle
    if name in MEANS:
        return mean(name, sign_angle, angle, readings)
    if name.startswith("cos"):
        return (np.cos(np.pi * mean(name[4:6], sign_angle, angle, readings)) + 1) / 2
    return mean_of_cosines(name[:2], sign_angle, angle, readings)


def mean(kind: str, first: Array, second: Array, readings: Readings = Readings()) -> Array:
    """Eq. 8 of two angles between 0 and 1; the harmonic mean of zeros is 0."""
    if kind == "AM":
        return (first + second) / 2
    if kind == "GM":
        return np.sqrt(first * second) if readings.gm == "sqrt" else first * second
    return readings.hm_factor * _ratio(first * second, first + second)


def mean_of_cosines(kind: str, first: Array, second: Array, readings: Readings) -> Array:
    """Eq. 10 of two angles between 0 and 1."""
    a, b = np.cos(np.pi * first), np.cos(np.pi * second)
    if kind == "AM":
        return (a + b + 2) / 4
    if kind == "GM":
        product = (a + 1) * (b + 1) / 4
        return np.sqrt(product) if readings.gm == "sqrt" else product
    if readings.hm_cos == "pi":
        return _ratio((a + 1) * (b + 1), a + b + 2)
    return (a + 1) * (b + 1) / (np.cos(first) + np.cos(second) + 2)


def _ratio(above: Array, below: Array) -> Array:
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def energy(metric: str, vectors: Array, readings: Readings = Readings()) -> float:
    """The mean of a metric over the unordered pairs of vectors (n, d)."""
    first, second = np.triu_indices(len(vectors), 1)
    tau = 0.0 if metric.endswith("ter") else None
    pair = (vectors[first], vectors[second])
    return float(printed(metric, cosine(*pair), sign_product(*pair, tau), readings).mean())
