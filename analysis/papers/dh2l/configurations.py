"""Arrangements of points on spheres whose energies are known, and a minimiser that looks for them.

Simplices, orthoplexes and the icosahedron minimise every energy that is completely monotonic in the
squared distance (Cohn and Kumar 2007), N-euclidean's for all s among them; equal steps on a circle
minimise angular ones as well. The 24-cell is best known for N-euclidean2 and not for every energy
(Cohn, Conway, Elkies and Kumar 2007).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.one_thread import one_thread
from analysis.papers.dh2l.metrics import ENERGIES, Array, unit

SMOOTHER = (1e-2, 1e-4, 1e-6, 1e-8)  # an angular energy has a kink where points are opposite


@dataclass(frozen=True)
class Arrangement:
    """Points that look alike from each of them.

    Attributes:
        points: (n, d), of length 1.
        cosines: of a point with the others, and how many others have each; from the literature, not
            from ``points``.
    """

    name: str
    points: Array
    cosines: tuple[tuple[float, int], ...]

    def closed_form(self, metric: str) -> float:
        """The mean of an energy over pairs, by the cosines."""
        value = sum(count * float(of_cosine(metric)(np.array(c))) for c, count in self.cosines)
        return value / sum(count for _, count in self.cosines)

    @property
    def size(self) -> int:
        """Points."""
        return len(self.points)

    @property
    def dimension(self) -> int:
        """Of the space."""
        return self.points.shape[1]


def of_cosine(metric: str) -> Callable[[Array], Array]:
    """An energy of a pair as a function of its cosine."""
    s = int(metric[-1])
    is_chord = metric.startswith("N")

    def value(c: Array) -> Array:
        apart = np.sqrt(2 - 2 * c) if is_chord else np.arccos(np.clip(c, -1, 1))
        return apart ** float(-s) if s else -np.log(apart)

    return value


def simplex(dimension: int) -> Array:
    """dimension + 1 points with equal angles: the coordinate axes seen from their mean."""
    n = dimension + 1
    centred = np.eye(n) - 1 / n
    basis = np.linalg.svd(centred)[2][:dimension]
    return unit(centred @ basis.T)


def orthoplex(dimension: int) -> Array:
    """The 2·dimension points on the axes."""
    return np.concatenate([np.eye(dimension), -np.eye(dimension)])


def polygon(n: int) -> Array:
    """n equal steps on a circle."""
    angles = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def icosahedron() -> Array:
    """Twelve points."""
    golden = (1 + 5**0.5) / 2
    found = [(0, a, b * golden) for a in (1, -1) for b in (1, -1)]
    turned = [np.roll(point, shift) for shift in range(3) for point in found]
    return unit(np.array(turned, dtype=float))


def cell24() -> Array:
    """The 24 points (±1, ±1, 0, 0)/√2 and their permutations."""
    found = []
    for places in itertools.combinations(range(4), 2):
        for first, second in itertools.product((1.0, -1.0), repeat=2):
            point = np.zeros(4)
            point[list(places)] = first, second
            found.append(point)
    return unit(np.array(found))


def _around(n: int) -> tuple[tuple[float, int], ...]:
    return tuple((float(np.cos(2 * np.pi * k / n)), 1) for k in range(1, n))


def _crossed(dimension: int) -> tuple[tuple[float, int], ...]:
    return ((-1.0, 1), (0.0, 2 * dimension - 2))


def arrangements() -> tuple[Arrangement, ...]:
    """Those that are tried."""
    fifth = 5**-0.5
    return (
        Arrangement("antipodes", np.array([[0.0, 0, 1], [0, 0, -1]]), ((-1.0, 1),)),
        Arrangement("pentagon", polygon(5), _around(5)),
        Arrangement("octagon", polygon(8), _around(8)),
        Arrangement("simplex, 4 points", simplex(3), ((-1 / 3, 3),)),
        Arrangement("simplex, 9 points", simplex(8), ((-1 / 8, 8),)),
        Arrangement("orthoplex, 6 points", orthoplex(3), _crossed(3)),
        Arrangement("orthoplex, 8 points", orthoplex(4), _crossed(4)),
        Arrangement("icosahedron", icosahedron(), ((fifth, 5), (-fifth, 5), (-1.0, 1))),
        Arrangement("24-cell", cell24(), ((0.5, 8), (0.0, 6), (-0.5, 8), (-1.0, 1))),
    )


def mean_energy(metric: str, points: Array) -> float:
    """Over the pairs of unit vectors (n, d)."""
    first, second = np.triu_indices(len(points), 1)
    return float(of_cosine(metric)((points @ points.T)[first, second]).mean())


def with_gradient(metric: str, vectors: Array, shrunk: float = 0.0) -> tuple[float, Array]:
    """The mean over pairs of vectors (n, d) of any length, and its gradient.

    Args:
        shrunk: by what share cosines are reduced under the arccosine, which is smooth then also
            where points are opposite.
    """
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    points = vectors / lengths
    c = np.clip(points @ points.T, -1, 1)
    np.fill_diagonal(c, 0)
    s = int(metric[-1])
    if metric.startswith("N"):
        squared = 2 - 2 * c
        value = squared ** (-s / 2) if s else -0.5 * np.log(squared)
        slope = s * squared ** (-s / 2 - 1) if s else 1 / squared
    else:
        reduced = (1 - shrunk) * c
        angle = np.arccos(reduced)
        value = angle ** float(-s) if s else -np.log(angle)
        sine = np.sqrt(np.maximum(1 - reduced**2, 1e-30))
        slope = (s * angle ** float(-s - 1) if s else 1 / angle) / sine * (1 - shrunk)
    off = ~np.eye(n, dtype=bool)
    pairs = n * (n - 1)
    slope = np.where(off, slope, 0) * 2 / pairs
    tangent = slope @ points - (slope * c).sum(1, keepdims=True) * points
    return float(value[off].sum() / pairs), tangent / lengths


def paired(size: int, dimension: int) -> list[Array]:
    """Antipodes on so many axes and a simplex of three points or more in what is left, each number
    of pairs that there is room for: random points hardly come upon them, and angular0 is small."""
    found = []
    for pairs in range(1, size // 2):
        rest = size - 2 * pairs
        if rest < 3 or pairs + rest - 1 > dimension:
            continue
        points = np.zeros((size, dimension))
        points[: 2 * pairs, :pairs] = orthoplex(pairs)
        points[2 * pairs :, pairs : pairs + rest - 1] = simplex(rest - 1)
        found.append(points)
    return found


def minimise(metric: str, size: int, dimension: int, starts: int, seed: int = 0) -> Array:
    """The best of several local minima, (size, dimension) of length 1: from random points and from
    :func:`paired` ones.

    Args:
        starts: so many random ones.
    """
    from scipy.optimize import minimize as descend

    rng = np.random.default_rng((seed, size, dimension, ENERGIES.index(metric)))
    best, least = np.zeros((size, dimension)), np.inf

    def loss(flat: Array, shrunk: float) -> tuple[float, Array]:
        value, gradient = with_gradient(metric, flat.reshape(size, dimension), shrunk)
        return value, gradient.ravel()

    options: dict[str, Any] = {"maxiter": 3000, "ftol": 1e-15, "gtol": 1e-10}
    drawn = [rng.normal(size=(size, dimension)) for _ in range(starts)]
    for start in (*drawn, *paired(size, dimension)):
        flat = start.ravel()
        for shrunk in (0.0,) if metric.startswith("N") else SMOOTHER:
            begun, given = unit(flat.reshape(size, dimension)).ravel(), (shrunk,)
            flat = descend(loss, begun, given, "L-BFGS-B", jac=True, options=options).x
        points = unit(flat.reshape(size, dimension))
        if (value := mean_energy(metric, points)) < least:
            least, best = value, points
    return best


@dataclass(frozen=True)
class Compared:
    """An arrangement's energy beside what is computed and found.

    Attributes:
        closed_form: by the cosines that the literature gives.
        computed: of the points.
        found: the least that the minimiser has found.
    """

    arrangement: Arrangement
    metric: str
    closed_form: float
    computed: float
    found: float

    @property
    def excess(self) -> float:
        """What the found energy is above the arrangement's, relative to 1 or to its size."""
        return (self.found - self.closed_form) / max(1.0, abs(self.closed_form))

    @property
    def outcome(self) -> str:
        """ "reached", "beaten" or "not reached"."""
        if abs(self.excess) <= 1e-6:
            return "reached"
        return "beaten" if self.excess < 0 else "not reached"


@one_thread()
def compare(starts: int = 6, seed: int = 0) -> tuple[Compared, ...]:
    """Every arrangement and energy.

    Args:
        starts: random starts for each; five times as many of 24 points, which have many local
            minima.
    """
    found = []
    for arrangement in arrangements():
        tries = starts * (5 if arrangement.size > 12 else 1)
        for metric in ENERGIES:
            points = minimise(metric, arrangement.size, arrangement.dimension, tries, seed)
            values = (arrangement.closed_form(metric), mean_energy(metric, arrangement.points))
            least = mean_energy(metric, points)
            found.append(Compared(arrangement, metric, *values, least))
    return tuple(found)
