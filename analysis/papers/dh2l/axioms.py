"""Which distances are metrics: range, identity, symmetry and the triangle inequality, tested.

Where the inequality fails, a triple of vectors shows it: the worst that a random search over
triples finds, gone on from by a local optimiser within the vectors' orthants, where D_h is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.one_thread import one_thread
from analysis.papers.dh2l.metrics import (
    Array,
    Readings,
    cosine,
    printed,
    sign_product,
    signs,
    unit,
)

SIDES = ((0, 2), (0, 1), (1, 2))  # of a triple u, v, w: the long one first
DIMENSIONS = (2, 3, 4, 5, 6)
EXACT = 1e-9  # what rounding may leave of an equality
BARELY = 1e-7  # of a coordinate that the optimiser leaves at an orthant's border


@dataclass(frozen=True)
class Form:
    """A distance: 0 is to mean one and the same direction.

    Attributes:
        group: of the report, such as an equation.
        value: of cosines and D_h, elementwise.
        reason: why the triangle inequality holds, where it does.
        ternary: whether signs of exact zeros are 0.
    """

    name: str
    group: str
    value: Callable[[Array, Array], Array]
    reason: str = ""
    ternary: bool = False


def _apart(metric: str, readings: Readings) -> Callable[[Array, Array], Array]:
    """1 less a normalised similarity."""
    return lambda c, h: 1 - printed(metric, c, h, readings)


def _as_printed(metric: str, readings: Readings) -> Callable[[Array, Array], Array]:
    return lambda c, h: printed(metric, c, h, readings)


# Of each mean: how it is read, and what the form is called.
VARIANTS: dict[str, tuple[tuple[str, Readings], ...]] = {
    "AM": (("", Readings()),),
    "GM": (("", Readings()), (", root", Readings(gm="sqrt"))),
    "HM": ((", factor 2", Readings()), (", factor 4", Readings(hm_factor=4))),
}
COSINE_VARIANTS = VARIANTS | {
    "HM": ((", with π", Readings()), (", as printed", Readings(hm_cos="printed")))
}
SUM = "half the sum of two distances for which it holds"


def forms() -> tuple[Form, ...]:
    """Every distance of the paper, in every reading."""
    chord = Form(
        "‖ŵ_i − ŵ_j‖",
        "plain",
        lambda c, h: np.sqrt(np.maximum(0, 2 - 2 * c)),
        "a norm of differences",
    )
    plain = [
        Form("θ", "plain", _as_printed("angle", Readings()), "the length of great circles"),
        chord,
        Form("(1 − cos)/2", "plain", lambda c, h: (1 - c) / 2),
        Form("D_h01, binary", "eq. 7", lambda c, h: (1 - h) / 2, "the share of unequal signs"),
        Form(
            "D_h01, ternary",
            "eq. 7",
            lambda c, h: (1 - h) / 2,
            "it holds coordinate by coordinate",
            ternary=True,
        ),
        Form("D'_h01", "eq. 7", _as_printed("D'_h^bin", Readings()), "the angle of sign vectors"),
    ]
    found = list(plain)
    for letter in ("D", "D'"):
        for mean, variants in VARIANTS.items():
            for told, readings in variants:
                reason = SUM if mean == "AM" else ""
                value = _as_printed(f"{letter}_{mean}", readings)
                found.append(Form(f"{letter}_{mean}{told}", "eq. 8", value, reason))
    for letter in ("D", "D'"):
        for mean, variants in VARIANTS.items():
            for told, readings in variants:
                name = f"{letter}_cos({mean})"
                found.append(Form(f"1 − {name}{told}", "eq. 9", _apart(name, readings)))
    for letter in ("D", "D'"):
        for mean, variants in COSINE_VARIANTS.items():
            for told, readings in variants:
                name = f"{letter}_{mean}cos"
                found.append(Form(f"1 − {name}{told}", "eq. 10", _apart(name, readings)))
    return tuple(found)


@dataclass(frozen=True)
class Tested:
    """What was found of a form.

    Attributes:
        low, high: of the distance of two directions.
        itself: the distance of equal directions that is farthest from 0.
        closest: the distance of two directions that are at least 30° apart, at its smallest.
        asymmetry: the largest difference of d(u, v) and d(v, u).
        violation: d(u, w) − d(u, v) − d(v, w) at its largest; the triple is unit vectors (3, d).
    """

    form: Form
    low: float
    high: float
    itself: float
    closest: float
    asymmetry: float
    violation: float
    triple: Array

    @property
    def tells_apart(self) -> bool:
        """Whether 0 is the distance of equal directions and of no others that were tried."""
        return abs(self.itself) <= EXACT and self.closest > EXACT

    @property
    def triangle(self) -> bool:
        """Whether no triple violates the inequality."""
        return self.violation <= EXACT

    @property
    def kind(self) -> str:
        """ "metric", "pseudo-metric" where unequal directions have the distance 0, or "none"."""
        if not self.triangle or self.low < -EXACT or self.itself > EXACT:
            return "none"
        return "metric" if self.tells_apart else "pseudo-metric"


def distance(form: Form, first: Array, second: Array) -> Array:
    """Of vectors (…, d)."""
    tau = 0.0 if form.ternary else None
    return form.value(cosine(first, second), sign_product(first, second, tau))


def violation(form: Form, triple: Array) -> Array:
    """d(u, w) − d(u, v) − d(v, w) of triples (…, 3, d)."""
    u, v, w = triple[..., 0, :], triple[..., 1, :], triple[..., 2, :]
    return distance(form, u, w) - distance(form, u, v) - distance(form, v, w)


@dataclass(frozen=True)
class Triples:
    """Triples of unit vectors u, v, w of one dimension.

    Attributes:
        vectors: (count, 3, d).
        cosines, products: cosine and D_h of (u, w), (u, v) and (v, w), (3, count).
    """

    vectors: Array
    cosines: Array
    products: Array

    @classmethod
    def draw(cls, count: int, dimension: int, seed: int = 0) -> Triples:
        """A half at random; in the other half v lies near a great circle through u and w, which are
        often nearly opposite."""
        rng = np.random.default_rng((seed, dimension))
        found = rng.normal(size=(count, 3, dimension))
        half = count // 2
        share, noise = rng.uniform(size=(half, 1)), rng.uniform(0, 0.3, size=(half, 1))
        opposite = rng.uniform(size=(half, 1)) < 0.5
        found[:half, 2] = np.where(opposite, -found[:half, 0], found[:half, 2])
        found[:half, 2] += noise * rng.normal(size=(half, dimension))
        between = share * found[:half, 0] + (1 - share) * found[:half, 2]
        found[:half, 1] = between + noise * rng.normal(size=(half, dimension))
        vectors = unit(found)
        pairs = [(vectors[:, a], vectors[:, b]) for a, b in SIDES]
        cosines = np.stack([cosine(*pair) for pair in pairs])
        return cls(vectors, cosines, np.stack([sign_product(*pair) for pair in pairs]))


def _worst(values: Array, products: Array, count: int) -> list[int]:
    """Places of the largest values whose triples differ in D_h, which the optimiser keeps."""
    found: dict[tuple[float, ...], int] = {}
    for index in np.argsort(values)[::-1][: 200 * count]:
        found.setdefault(tuple(products[:, index].round(6).tolist()), int(index))
        if len(found) == count:
            break
    return list(found.values())


def examine(form: Form, triples: Sequence[Triples], refine: int = 3) -> Tested:
    """All properties of a form.

    Args:
        triples: of each dimension.
        refine: from how many of the worst of each dimension the optimiser starts; they differ in
            D_h.
    """
    worst, best = -np.inf, np.zeros((3, 2))
    low, high, closest, itself, asymmetry = np.inf, -np.inf, np.inf, 0.0, 0.0
    opposite = float(form.value(np.array(-1.0), np.array(-1.0)))
    for each in triples:
        found = form.value(each.cosines, each.products)
        few = each.vectors[:200]
        turned = distance(form, few[:, 1], few[:, 0]) - distance(form, few[:, 0], few[:, 1])
        asymmetry = max(asymmetry, float(np.abs(turned).max()))
        low, high = min(low, found.min(), opposite), max(high, found.max(), opposite)
        itself = max(itself, *_of_equal(form, few))
        far = found[each.cosines < np.cos(np.pi / 6)]
        closest = min(closest, far.min(), opposite)
        values = found[0] - found[1] - found[2]
        for index in _worst(values, each.products, refine):
            start = each.vectors[index]
            for candidate in (start, ascend(form, start)):
                value = float(violation(form, candidate))
                if value > worst:
                    worst, best = value, candidate
    low = min(low, itself)
    return Tested(form, float(low), float(high), itself, float(closest), asymmetry, worst, best)


def _of_equal(form: Form, triples: Array) -> list[float]:
    """Distances of directions from themselves, and for ternary signs those of the axes, which have
    zeros."""
    product = sign_product(triples[:, 0], triples[:, 0])
    found = [form.value(np.ones(len(triples)), product)]
    if form.ternary:
        axes = np.eye(triples.shape[-1])
        found.append(form.value(np.ones(len(axes)), sign_product(axes, axes, 0.0)))
    return [float(np.abs(each).max()) for each in found]


def ascend(form: Form, triple: Array) -> Array:
    """The triple, improved: a local maximum of the violation within the vectors' orthants.

    Coordinates are signs times squares, so that the orthants need no bounds; where one ends at 0 it
    is moved into its orthant by :data:`BARELY`, so that the triple is one of plain vectors.
    """
    from scipy.optimize import minimize

    sign = signs(triple)
    shape = triple.shape

    def vectors(roots: Array) -> Array:
        return sign * (roots.reshape(*roots.shape[:-1], *shape) ** 2 + BARELY)

    tau = 0.0 if form.ternary else None
    # D_h is fixed in the orthants, so that the slope is that of the angles alone.
    first, second = (list(ends) for ends in zip(*SIDES, strict=True))
    products = sign_product(triple[first], triple[second], tau)

    def loss(roots: Array) -> Array:
        # All sides at once: what takes long is the number of operations on so few numbers.
        moved = unit(vectors(roots))
        c = np.clip((moved[..., first, :] * moved[..., second, :]).sum(-1), -1, 1)
        found = form.value(c, np.broadcast_to(products, c.shape))
        return found[..., 1] + found[..., 2] - found[..., 0]

    def with_slope(roots: Array) -> tuple[float, Array]:
        steps = 1e-6 * np.eye(len(roots))
        around = loss(np.concatenate([roots + steps, roots - steps]))
        return float(loss(roots)), (around[: len(roots)] - around[len(roots) :]) / 2e-6

    options: dict[str, Any] = {"maxiter": 200}
    found = minimize(
        with_slope, np.sqrt(np.abs(triple)).ravel(), jac=True, method="L-BFGS-B", options=options
    )
    return unit(vectors(found.x))


@one_thread()
def examine_all(count: int, refine: int = 3, seed: int = 0) -> tuple[Tested, ...]:
    """Every form on ``count`` triples, equally many of each of :data:`DIMENSIONS`."""
    each = [Triples.draw(max(4, count // len(DIMENSIONS)), d, seed) for d in DIMENSIONS]
    return tuple(examine(form, each, refine) for form in forms())
