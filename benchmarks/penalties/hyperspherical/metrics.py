"""Distances and energies of pairs of vectors, from two Gram matrices: of directions, and of signs.

Source: "Deep Hierarchical-Hyperspherical Learning", section 3.2. No function builds a tensor of
pairs times dimensions, and all work on stacks of equally many vectors of one dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any, get_args

import torch

from benchmarks.errors import UserError
from benchmarks.penalties.hyperspherical.pair_term import Metric, PairTerm

METRICS: tuple[str, ...] = get_args(Metric)
DEFAULT = PairTerm()
TINY = 1e-12
SHORT = 1e-6  # so long a vector has no direction worth a gradient of a million times its size


def as_vectors(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors (…, n, d) in float32 or float64: products of half types lose pairs that are close.

    Raises:
        UserError: where they are no matrix of floating point.
    """
    if not isinstance(vectors, torch.Tensor):
        raise UserError(f"vectors are a torch.Tensor (n, d), not a {type(vectors).__name__}")
    if vectors.ndim < 2:
        raise UserError(f"vectors are the rows of (n, d), not {tuple(vectors.shape)}")
    if not vectors.is_floating_point():
        raise UserError(f"vectors are of floating point, not {vectors.dtype}")
    return vectors.float() if vectors.element_size() < 4 else vectors


class StraightThrough(torch.autograd.Function):
    """Signs of weights, whose gradient is taken for that of the weights between −1 and 1."""

    @staticmethod
    def forward(ctx: Any, weights: torch.Tensor, tau: float | None) -> torch.Tensor:
        """1 and −1 (of 0, too: 1); with a ``tau``, 0 where the magnitude does not exceed it."""
        ctx.save_for_backward(weights.abs() <= 1)
        if tau is None:
            return torch.where(weights >= 0, 1.0, -1.0).to(weights.dtype)
        return torch.where(weights.abs() > tau, weights.sign(), 0.0)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The saturated straight-through estimator, section 3.3."""
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None


def signs(vectors: torch.Tensor, tau: float | None = None) -> torch.Tensor:
    """Binary signs, or ternary ones where ``tau`` is given, with the straight-through gradient."""
    return StraightThrough.apply(vectors, tau)  # type: ignore[no-untyped-call]


def cosines(vectors: torch.Tensor) -> torch.Tensor:
    """Cosines (…, n, n) of all pairs of vectors (…, n, d).

    Those of a vector of zeros are 0 and have no gradient, and a vector no longer than
    :data:`SHORT` counts as one. A gradient grows with the inverse of its vector's length.

    Raises:
        UserError: where they are no matrix of floating point.
    """
    vectors = as_vectors(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
        unit = torch.where(lengths > SHORT, vectors / lengths.clamp(min=TINY), 0)
        return unit @ unit.mT


def sign_products(vectors: torch.Tensor, tau: float | None = None) -> torch.Tensor:
    """D_h of eq. 7 (…, n, n) of all pairs of vectors (…, n, d), the mean over all coordinates
    (H-05); binary, or ternary where ``tau`` is given.

    Raises:
        UserError: where they are no matrix of floating point.
    """
    vectors = as_vectors(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        codes = signs(vectors, tau)
        return codes @ codes.mT / vectors.shape[-1]


def uses_signs(metric: Metric) -> bool:
    """Whether a metric looks at the signs."""
    return metric.startswith("D")


def uses_angles(metric: Metric) -> bool:
    """Whether a metric looks at the angles."""
    return not metric.partition("_")[2].startswith("h^")


def distances(vectors: torch.Tensor, metric: Metric, forms: PairTerm = DEFAULT) -> torch.Tensor:
    """The metric as it is printed, (…, n, n), of all pairs of vectors (…, n, d).

    "angle" is arccos(cos)/π and lies in [0, 1], as eqs. 8 to 10 do after their normalisation but
    for the printed harmonic mean; D_h and "cosine" lie in [−1, 1], primed D_h in [0, 1]; energies
    are ‖ŵ_i − ŵ_j‖^−s and arccos^−s, for s = 0 the logarithms of the inverse.

    Args:
        forms: the readings.

    Raises:
        UserError: for a name that is no metric's, or no matrix of floating point.
    """
    cosine, product = products(vectors, metric, forms)
    with torch.autocast(cosine.device.type, enabled=False):
        return printed(metric, forms)(cosine, product)


def products(
    vectors: torch.Tensor, metric: Metric, forms: PairTerm = DEFAULT
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and D_h of all pairs; what a metric does not use is left at zeros of one entry.

    Raises:
        UserError: for a name that is no metric's, or no matrix of floating point.
    """
    if metric not in METRICS:
        raise UserError(f"{metric!r} is none of the metrics {', '.join(METRICS)}")
    vectors = as_vectors(vectors)
    tau = float(forms.ternary_tau) if metric.endswith("ter") else None
    nothing = vectors.new_zeros(())
    cosine = cosines(vectors) if uses_angles(metric) else nothing
    return cosine, sign_products(vectors, tau) if uses_signs(metric) else nothing


Pairwise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def printed(metric: Metric, forms: PairTerm) -> Pairwise:
    """The metric as a function of cosines and D_h, elementwise."""
    return lambda cosine, product: _value(metric, cosine, product, forms)


def minimised(metric: Metric, forms: PairTerm = DEFAULT) -> Pairwise:
    """What is minimised of a pair, as a function of its cosine and its D_h, elementwise (H-09)."""
    value = printed(metric, forms)
    if metric in ("D_h^bin", "D_h^ter"):
        return lambda cosine, product: (1 + product) / 2
    if forms.direction == "printed" or not (metric == "angle" or _is_angular(metric)):
        return value
    return lambda cosine, product: 1 - value(cosine, product)


def _is_angular(metric: Metric) -> bool:
    """Whether it is an angle or a mean of angles, eq. 8, which grows with them."""
    return metric.startswith("D") and "cos" not in metric


def _value(
    metric: Metric, cosine: torch.Tensor, product: torch.Tensor, forms: PairTerm
) -> torch.Tensor:
    limit = float(forms.clamp)
    if metric == "cosine":
        return cosine
    if metric == "angle":
        return cosine.clamp(-limit, limit).arccos() / pi
    if metric.startswith("N-euclidean"):
        return _riesz(2 - 2 * cosine + float(forms.eps), int(metric[-1]), root=0.5)
    if metric.startswith("angular"):
        return _riesz(cosine.clamp(-limit, limit).arccos(), int(metric[-1]))
    if metric in ("D_h^bin", "D_h^ter"):
        return product
    sign_cosine = product.clamp(-limit, limit)
    is_primed = metric.startswith("D'")
    if metric.startswith("D'_h"):
        return sign_cosine.arccos() / pi
    _, _, mean = metric.partition("_")
    angle_cosine = cosine.clamp(-limit, limit)
    if mean.endswith("cos"):
        other = sign_cosine if is_primed else ((1 - product) / 2 * pi).cos()
        return _mean_of_cosines(mean[:2], other, angle_cosine, forms)
    sign_angle = sign_cosine.arccos() / pi if is_primed else (1 - product) / 2
    angle = _mean(mean[-3:-1] if "cos" in mean else mean, sign_angle, angle_cosine, forms)
    return ((angle * pi).cos() + 1) / 2 if "cos" in mean else angle


def _riesz(distance: torch.Tensor, s: int, root: float = 1.0) -> torch.Tensor:
    """A distance to the power −s, or the logarithm of its inverse where s is 0.

    Args:
        root: to what power the argument is the distance.
    """
    return distance.pow(-s * root) if s else -root * distance.log()


def _mean(kind: str, first: torch.Tensor, cosine: torch.Tensor, forms: PairTerm) -> torch.Tensor:
    """Eq. 8, of θ_Dh and the angle of a cosine."""
    second = cosine.arccos() / pi
    if kind == "AM":
        return (first + second) / 2
    if kind == "GM":
        return _geometric(first * second, forms)
    return int(forms.hm_factor) * first * second / (first + second).clamp(min=TINY)


def _mean_of_cosines(
    kind: str, first: torch.Tensor, second: torch.Tensor, forms: PairTerm
) -> torch.Tensor:
    """Eq. 10, of the cosines of both angles."""
    u, v = (first + 1) / 2, (second + 1) / 2
    if kind == "AM":
        return (u + v) / 2
    if kind == "GM":
        return _geometric(u * v, forms)
    if forms.hm_cos == "pi":
        return 2 * u * v / (u + v).clamp(min=TINY)
    angles = (first.clamp(-1, 1).arccos() / pi, second.arccos() / pi)
    return 4 * u * v / (angles[0].cos() + angles[1].cos() + 2)


def _geometric(product: torch.Tensor, forms: PairTerm) -> torch.Tensor:
    """The product as printed, or its root, whose gradient at 0 is 0."""
    return product.clamp(min=TINY**2).sqrt() if forms.gm == "sqrt" else product
