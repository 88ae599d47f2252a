"""What is minimised, as ordinary functions of matrices of vectors.

Source: "Deep Hierarchical-Hyperspherical Learning", section 3.1.2 and the appendix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.data.parents import listed_parents
from benchmarks.errors import UserError
from benchmarks.penalties.hyperspherical.metrics import (
    DEFAULT,
    TINY,
    as_vectors,
    minimised,
    products,
)
from benchmarks.penalties.hyperspherical.pair_term import Metric, PairTerm


def energy(
    vectors: torch.Tensor, metric: Metric, forms: PairTerm = DEFAULT, *, half_space: bool = False
) -> torch.Tensor:
    """The mean over pairs of what is minimised, (…,), of vectors (…, n, d), n at least 2.

    Args:
        forms: the readings; they may ask for a sum.
        half_space: whether every vector counts together with its antipode: the mean over both
            signs of each pair, without a vector's own antipode, to which its distance is fixed.

    A convolution's weight (n, channels, k, k) is a stack of no filters: give
    :func:`benchmarks.penalties.hyperspherical.filters` of the layer.

    Raises:
        UserError: for a name that is no metric's, or fewer than two vectors of floating point.
    """
    vectors = as_vectors(vectors)
    n = vectors.shape[-2]
    if n < 2:
        shape = tuple(vectors.shape)
        raise UserError(f"an energy takes two vectors or more, as rows (n, d), not {shape}")
    factor = pair_factor(vectors.new_full((), n * (n - 1)), forms)
    others = 1 - torch.eye(n, dtype=vectors.dtype, device=vectors.device)
    return weighted(vectors, others * factor, metric, forms, half_space=half_space)


def pair_factor(ordered: torch.Tensor, forms: PairTerm) -> torch.Tensor:
    """What an ordered pair counts where there are so many of them (H-02); 0 where there is none."""
    if forms.pair_norm == "sum":
        return torch.full_like(ordered, 0.5)
    if forms.pair_norm == "mean":
        return 1 / ordered.clamp(min=1)
    return 2 / (ordered * (ordered - 1)).clamp(min=1)


def weighted(
    vectors: torch.Tensor,
    weights: torch.Tensor,
    metric: Metric,
    forms: PairTerm = DEFAULT,
    *,
    half_space: bool = False,
) -> torch.Tensor:
    """The sum over ordered pairs of weight (n, n) times what is minimised, (…,).

    Weights on the diagonal have to be 0.

    Raises:
        UserError: for a name that is no metric's, or no matrix of floating point.
    """
    vectors = as_vectors(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        value = minimised(metric, forms)
        # A vector's cosine with itself is where energies and arccosines have no gradient.
        itself = torch.eye(vectors.shape[-2], dtype=torch.bool, device=vectors.device)
        cosine, product = (p.masked_fill(itself, 0) for p in products(vectors, metric, forms))
        found = value(cosine, product)
        if half_space:
            found = (found + value(-cosine, -product)) / 2
        return (found * weights).sum((-2, -1))


def orthogonality(
    vectors: torch.Tensor, present: torch.Tensor | None = None, *, squared: bool = False
) -> torch.Tensor:
    """‖W_cᵀW_c − I‖_F of vectors (n, d), which are the columns of W_c (H-15).

    Args:
        present: which vectors count, 1 or 0, (n,); all by default.

    Raises:
        UserError: where they are no matrix of floating point.
    """
    vectors = as_vectors(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        deviation = vectors @ vectors.mT - torch.eye(
            len(vectors), dtype=vectors.dtype, device=vectors.device
        )
        if present is not None:
            deviation = deviation * present * present[:, None]
        return deviation.square().sum() if squared else torch.linalg.vector_norm(deviation)


@dataclass(frozen=True)
class Groups:
    """Classes by their parents, and which of them count.

    Attributes:
        parents: of each class, int64 (classes,).
        members: 1 where a class is a parent's, else 0, float (parents, classes).
        present: which classes count, 1 or 0, float (classes,).
        least: how many siblings make a group (H-04).
    """

    parents: torch.Tensor
    members: torch.Tensor
    present: torch.Tensor
    least: int = 2

    @classmethod
    def of(
        cls,
        parents: torch.Tensor | Sequence[int],
        present: torch.Tensor | Sequence[int] | None = None,
        least: int = 2,
    ) -> Groups:
        """From each class's parent, (classes,); all classes count by default.

        Reads the parents: not for a step.

        Raises:
            UserError: where they are not whole numbers from 0 on without a gap, or what counts is
                not 1 or 0 of each class.
        """
        given = torch.tensor(listed_parents(parents))
        if isinstance(parents, torch.Tensor):
            given = given.to(parents.device)
        members = torch.nn.functional.one_hot(given, int(given.max()) + 1).T.float()
        found = torch.ones_like(members[0]) if present is None else torch.as_tensor(present)
        found = found.to(members)
        if found.shape != given.shape or not torch.isin(found, found.new_tensor([0, 1])).all():
            raise UserError(f"present: 1 or 0 of each of {len(given)} classes, in label order")
        return cls(given, members, found, least)

    @property
    def sizes(self) -> torch.Tensor:
        """Classes that count, by parent; exact, which bfloat16 is not beyond 256."""
        with torch.autocast(self.present.device.type, enabled=False):
            return self.members @ self.present

    @property
    def counting(self) -> torch.Tensor:
        """1 where a parent has enough of them, else 0."""
        return (self.sizes >= self.least).to(self.present.dtype)

    @property
    def parents_present(self) -> torch.Tensor:
        """1 where a parent has any, else 0."""
        return (self.sizes > 0).to(self.present.dtype)

    @property
    def sibling_pairs(self) -> torch.Tensor:
        """Ordered pairs of siblings that count, by parent."""
        return self.sizes * (self.sizes - 1) * self.counting

    def sibling_weights(self, forms: PairTerm) -> torch.Tensor:
        """What each ordered pair of classes counts in eq. 5, (classes, classes)."""
        factor = pair_factor(self.sibling_pairs, forms) * self.counting
        factor = factor / self.counting.sum().clamp(min=1)
        of_class = factor.index_select(0, self.parents) * self.present
        same = self.parents == self.parents[:, None]
        others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        return others * of_class * self.present[:, None]

    def centre_weights(self, forms: PairTerm) -> torch.Tensor:
        """What each ordered pair of parents counts in eq. 6, (parents, parents)."""
        here = self.parents_present
        number = here.sum()
        others = 1 - torch.eye(len(here), dtype=here.dtype, device=here.device)
        return others * here * here[:, None] * pair_factor(number * (number - 1), forms)


def _rows_fit(
    groups: Groups, centres: torch.Tensor | None = None, surface: torch.Tensor | None = None
) -> None:
    """That there is a centre of each parent, and a surface vector of each class, of one length.

    Raises:
        UserError: where there is not.
    """
    parents, classes = groups.members.shape
    for rows, number, what in ((centres, parents, "parents"), (surface, classes, "classes")):
        if rows is not None and (rows.ndim != 2 or len(rows) != number):
            shape = tuple(rows.shape)
            raise UserError(f"vectors of {number} {what} are rows ({number}, d), not {shape}")
    if centres is not None and surface is not None and centres.shape[1] != surface.shape[1]:
        both = f"{centres.shape[1]} and {surface.shape[1]}"
        raise UserError(f"centres and surface vectors have one dimension, not {both}")


def mean_centres(surface: torch.Tensor, groups: Groups) -> torch.Tensor:
    """The mean of each parent's surface vectors, (parents, d), whether they count or not.

    Raises:
        UserError: where there is not a surface vector of each class.
    """
    _rows_fit(groups, surface=surface)
    with torch.autocast(surface.device.type, enabled=False):
        members = groups.members.to(surface.dtype)
        return members @ surface / members.sum(1, keepdim=True)


def siblings(
    surface: torch.Tensor,
    centres: torch.Tensor,
    groups: Groups,
    metric: Metric,
    forms: PairTerm = DEFAULT,
) -> torch.Tensor:
    """Eq. 5: the mean over groups of the mean over pairs of siblings, seen from their centre.

    Args:
        surface: w_s of each class, (classes, d).
        centres: w_c of each parent, (parents, d).

    Raises:
        UserError: where there are other numbers of them, or no such metric.
    """
    _rows_fit(groups, centres, surface)
    vectors = as_vectors(surface) - as_vectors(centres).index_select(0, groups.parents)
    return weighted(vectors, groups.sibling_weights(forms).to(vectors.dtype), metric, forms)


def centre_energy(
    centres: torch.Tensor, groups: Groups, metric: Metric, forms: PairTerm = DEFAULT
) -> torch.Tensor:
    """Eq. 6: the mean over pairs of parents' centres (parents, d).

    Raises:
        UserError: where there is another number of them, or no such metric.
    """
    _rows_fit(groups, centres)
    centres = as_vectors(centres)
    return weighted(centres, groups.centre_weights(forms).to(centres.dtype), metric, forms)


def series_radius(first: float, ratio: float, level: int) -> float:
    """r₀·δ^l of Figure 2; all levels together reach r₀/(1 − δ)."""
    return first * ratio**level


def constraints(
    surface: torch.Tensor,
    centres: torch.Tensor,
    groups: Groups,
    outer: float = 1.0,
    inner: float | None = None,
) -> torch.Tensor:
    """C1, C2 and C3 as hinges, (3,): by how much they are violated, the mean over the parents, for
    C3 over their pairs (H-23 to H-25).

    C1: a parent's sphere is no larger than the outer one, r₀ ≥ r. C2: it lies inside of it,
    r₀ ≥ ‖w_c‖ + r. C3: two of them have no point in common, ‖w_c − w_c′‖ ≥ r + r′; with centres
    of one length the left side is the printed ‖w_c‖√(2 − 2cos θ).

    Args:
        outer: r₀.
        inner: r of all parents; by default the mean of ‖w_s − w_c‖ over children that count.

    Raises:
        UserError: where there is not a centre of each parent, and a surface vector of each class.
    """
    _rows_fit(groups, centres, surface)
    surface, centres = as_vectors(surface), as_vectors(centres)
    with torch.autocast(surface.device.type, enabled=False):
        here, zero = groups.parents_present.to(surface.dtype), surface.new_zeros(())
        if inner is None:
            lengths = _lengths(surface - centres.index_select(0, groups.parents))
            kept = (groups.members * groups.present).to(surface.dtype)
            radius = kept @ lengths / kept.sum(1).clamp(min=1)
        else:
            radius = zero + inner + 0 * here
        number = here.sum()
        alone = torch.stack([radius - outer, _lengths(centres) + radius - outer])
        first_two = (alone.clamp(min=0) * here).sum(1) / number.clamp(min=1)
        gaps = radius + radius[:, None] - _gaps(centres)
        others = 1 - torch.eye(len(here), dtype=here.dtype, device=here.device)
        pairs = others * here * here[:, None]
        third = (gaps.clamp(min=0) * pairs).sum() / (number * (number - 1)).clamp(min=1)
        return torch.cat([first_two, third[None]])


def _lengths(vectors: torch.Tensor) -> torch.Tensor:
    """Norms (n,) of vectors (n, d); the gradient at 0 is 0."""
    return torch.linalg.vector_norm(vectors, dim=1)


def _gaps(centres: torch.Tensor) -> torch.Tensor:
    """Distances of all pairs, from the Gram matrix; the gradient is 0 where they coincide."""
    gram = centres @ centres.mT
    squares = gram.diagonal()
    return (squares + squares[:, None] - 2 * gram).clamp(min=TINY).sqrt()
