"""Norms of groups of weights that share their first indices: slices of filters, regions of a
classifier's map, whole rows, single weights."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.penalties.group_norms import gradient_of


class SliceNorms:
    """ℓ2 norms of all groups that remain when ``kept`` leading axes of a weight are fixed.

    It has the methods of :class:`benchmarks.penalties.group_norms.GroupNorms`; the norms' shape is
    that of the kept axes, followed by ones.

    Args:
        weight: a layer's.
        kept: leading axes, after ``regions`` has split the last one; all of them make every weight
            a group, whose norm is its absolute value.
        regions: into groups of so many neighbours the last axis is split.
    """

    def __init__(self, weight: nn.Parameter, kept: int, regions: int = 1) -> None:
        self.weight, self.regions = weight, regions
        self.is_flat = kept == 2 and weight.dim() == 4 and _is_flat(weight)
        dimensions = 3 if self.is_flat else weight.dim() + (regions > 1)
        self.axes = tuple(range(kept, dimensions))

    def split(self, values: torch.Tensor) -> torch.Tensor:
        """A view of weights, or of what has their shape, with regions in an axis of their own, and
        a slice's positions in one, by which a pass takes half the time."""
        if self.is_flat:
            return values.view(*values.shape[:2], -1)
        return values.unflatten(-1, (-1, self.regions)) if self.regions > 1 else values

    def groups(self, weight: torch.Tensor) -> torch.Tensor:
        """The norms of a weight, differentiable; a gradient at 0 is 0."""
        split = self.split(weight)
        if not self.axes:
            return split.abs()
        return torch.linalg.vector_norm(split, dim=self.axes, keepdim=True)

    def all_of(self, marks: torch.Tensor) -> torch.Tensor:
        """Of marks (bool) of the weights, whether all of a group are set; ones for its axes."""
        marks = self.split(marks)
        for axis in self.axes:
            marks = marks.all(axis, keepdim=True)
        return marks

    def sums(self) -> torch.Tensor:
        """The norms; the name is that of what nested groups sum up."""
        if not self.axes:
            return self.groups(self.weight.detach())
        # torch's own norm of axes that are not the last in memory takes fifty times as long.
        return self.split(self.weight.detach()).square().sum(self.axes, keepdim=True).sqrt_()

    def norms(self, sums: torch.Tensor) -> torch.Tensor:
        """The norms, of :meth:`sums`."""
        return sums

    def add_gradient(self, sums: torch.Tensor, outer: torch.Tensor) -> None:
        """Add the gradient of ``outer`` · Σ norms to the weights' own; 0 where a norm is 0. Frozen
        weights are left alone, here and in :meth:`shrink`."""
        if not self.weight.requires_grad:
            return
        grad, weight = self.split(gradient_of(self.weight)), self.split(self.weight.detach())
        if not self.axes:
            grad.add_(weight.sign() * outer)
        else:
            grad.addcmul_(weight, torch.where(sums > 0, outer / sums, 0.0))

    def shrink(self, step: float | torch.Tensor) -> None:
        """The proximal step of step · Σ norms: each group times max(0, 1 − step/norm)."""
        if not self.weight.requires_grad:
            return
        sums = self.sums()
        left = torch.where(sums > 0, 1 - step / sums, 0.0).clamp(min=0)
        self.split(self.weight.detach()).mul_(left)


def _is_flat(weight: torch.Tensor) -> bool:
    """Whether rows of a slice follow each other at one step, so that a view makes them one axis."""
    height, width = weight.shape[2:]
    return height == 1 or width == 1 or weight.stride(2) == width * weight.stride(3)
