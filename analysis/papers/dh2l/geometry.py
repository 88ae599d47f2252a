"""What the paper's figures show, computed: glued spheres, series of radii, angles beside signs,
pairs of a hierarchy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.papers.dh2l.metrics import Array, cosine, printed, sign_product, unit


@dataclass(frozen=True)
class Hierarchy:
    """Two levels in the plane.

    Attributes:
        surface: w_s of each child, (children, 2).
        centres: w_c of each parent, (parents, 2).
        parents: of each child.
    """

    surface: Array
    centres: Array
    parents: tuple[int, ...]

    @property
    def projections(self) -> Array:
        """w = w_s − w_c, (children, 2)."""
        return self.surface - self.centres[list(self.parents)]

    def group(self, parent: int) -> list[int]:
        """The children of a parent."""
        return [child for child, of in enumerate(self.parents) if of == parent]

    def radius(self, parent: int) -> float:
        """The mean length of its children's projections."""
        return float(np.linalg.norm(self.projections[self.group(parent)], axis=1).mean())

    def glued(self, radius: float) -> Hierarchy:
        """Every point put on the sphere of its parent: those in one direction from a centre are
        one."""
        placed = self.centres[list(self.parents)] + radius * unit(self.projections)
        return Hierarchy(placed, self.centres, self.parents)

    def sibling_pairs(self) -> list[tuple[int, int]]:
        """Pairs that eq. 5 sums over."""
        return [pair for p in range(len(self.centres)) for pair in combinations(self.group(p), 2)]

    def centre_pairs(self) -> list[tuple[int, int]]:
        """Pairs that eq. 6 sums over."""
        return list(combinations(range(len(self.centres)), 2))


def example(parents: int = 3, children: int = 3, seed: int = 5) -> Hierarchy:
    """Parents on a circle, and children around each."""
    rng = np.random.default_rng(seed)
    # Turned off the axes: a coordinate of 0 would leave its sign to rounding.
    angles = 2 * np.pi * np.arange(parents) / parents + 0.75
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)
    of = tuple(p for p in range(parents) for _ in range(children))
    turns = 2 * np.pi * np.tile(np.arange(children) / children, parents)
    turns = (
        turns + rng.uniform(-0.5, 0.5, len(of)) + np.repeat(rng.uniform(0, 6, parents), children)
    )
    radius = rng.uniform(0.25, 0.6, (len(of), 1))
    around = radius * np.stack([np.cos(turns), np.sin(turns)], 1)
    return Hierarchy(centres[list(of)] + around, centres, of)


def series(first: float, ratio: float, levels: int) -> Array:
    """Radii r₀·δ^l of the levels 0 … levels − 1."""
    return first * np.power(ratio, np.arange(levels, dtype=np.float64))


def limit(first: float, ratio: float) -> float:
    """What the sum of all radii comes to: r₀/(1 − δ)."""
    return first / (1 - ratio)


def chain(radii: Array) -> Array:
    """Centres (levels, 2) of circles of which each has its centre on the one before, all in one
    direction: what they cover grows with the sum of the radii."""
    places = np.concatenate([[0.0], np.cumsum(radii[:-1])])
    return np.stack([places, np.zeros(len(radii))], 1)


@dataclass(frozen=True)
class Circle:
    """A circle of a level of packed ones."""

    level: int
    centre: tuple[float, float]
    radius: float


def packed(ratio: float, levels: int, children: int) -> list[Circle]:
    """Circles within circles from radius 1 on: each holds ``children`` of ``ratio`` times its
    radius, that touch it from inside at equal steps.

    Raises:
        ValueError: where these would overlap.
    """
    if children > 1 and (1 - ratio) * np.sin(np.pi / children) < ratio - 1e-12:
        raise ValueError(f"{children} circles of {ratio} do not fit into one of 1")
    found = [Circle(0, (0.0, 0.0), 1.0)]
    outer = list(found)
    for level in range(1, levels):
        inner = []
        for circle in outer:
            for k in range(children):
                angle = 2 * np.pi * k / children + np.pi / 2 + 0.4 * level
                apart = circle.radius * (1 - ratio)
                x, y = circle.centre
                place = (x + apart * float(np.cos(angle)), y + apart * float(np.sin(angle)))
                inner.append(Circle(level, place, ratio * circle.radius))
        found, outer = found + inner, inner
    return found


@dataclass(frozen=True)
class Compared:
    """A pair of vectors: its angle in degrees, D_h, and distances of eqs. 7 and 8."""

    angle: float
    product: float
    theta: float
    apart: float
    mean: float


def compare(first: Array, second: Array) -> Compared:
    """Two vectors (d,)."""
    c, h = cosine(first, second), sign_product(first, second)
    theta, mean = (float(printed(metric, c, h)) for metric in ("angle", "D_AM"))
    angle, product = float(np.degrees(np.arccos(c))), float(h)
    return Compared(angle, product, theta, (1 - product) / 2, mean)


def fan(angle: float = 50.0, first: float = 20.0) -> Array:
    """Three vectors of the plane, (3, 2), each ``angle`` degrees from the one before: the first two
    lie in one quadrant, the third in the next."""
    turns = np.radians(first + angle * np.arange(3))
    return np.stack([np.cos(turns), np.sin(turns)], 1)
