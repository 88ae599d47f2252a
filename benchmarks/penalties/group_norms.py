"""The norms of a layer's nested groups of weights, with their gradients and their proximal step.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", eqs. 12, 21, 25
and 29; Jenatton et al., "Proximal Methods for Sparse Hierarchical Dictionary Learning" (ICML 2010),
for nested groups' step.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from benchmarks.models.supports import Scheme, group_sizes, rings

Norm = Literal["l2", "rms", "scaled", "literal", "literal_scaled", "linf"]
GroupWeight = Literal["1", "sqrt", "1/sqrt"]
ROOT_OF_SQUARES = ("l2", "rms", "scaled")


class GroupNorms:
    """Norms η of the groups of a convolution's kernels, shape (kernels, groups).

    With the weights k of a group of size |G|, times the group's weight: "l2" √Σk²; "rms"
    √(Σk²/|G|); "scaled" √(|G|·Σk²); "literal" √(Σ|k|/|G|) and "literal_scaled" √(|G|·Σ|k|), eqs.
    25 and 29 as printed; "linf" max |k|.

    Args:
        scale: the batch-norm whose |a|/σ multiplies each kernel's norms, if any.
    """

    def __init__(
        self,
        layer: nn.Conv2d,
        scheme: Scheme,
        norm: Norm = "l2",
        group_weight: GroupWeight = "1",
        scale: nn.BatchNorm2d | None = None,
    ) -> None:
        self.weight, self.norm, self.scale = layer.weight, norm, scale
        height, width = layer.kernel_size
        side = height if scheme != "kernel" else 1
        sizes = [height * width] if scheme == "kernel" else group_sizes(side, scheme)
        flat = [ring - 1 for row in rings(side, scheme) for ring in row]
        ring_of = [0] * (height * width) if scheme == "kernel" else flat
        order = sorted(range(len(ring_of)), key=ring_of.__getitem__)
        device = self.weight.device
        self.ring_of = torch.tensor(ring_of, device=device)
        self.order = torch.tensor(order, device=device)
        self.ends = torch.tensor([size - 1 for size in sizes], device=device)
        self.rings = range(len(sizes))
        entries = [size * layer.weight.shape[1] for size in sizes]
        self.factors = torch.tensor(
            [_factor(n, norm, group_weight) for n in entries],
            dtype=self.weight.dtype,
            device=device,
        )

    def sums(self) -> torch.Tensor:
        """Of each group Σk², or Σ|k|, or max |k|: shape (kernels, groups); reads the weights
        once."""
        weight = self.weight.detach().flatten(2)
        order = 2.0 if self.norm in ROOT_OF_SQUARES else math.inf if self.norm == "linf" else 1.0
        of_position = torch.linalg.vector_norm(weight, order, dim=1)
        if self.norm in ROOT_OF_SQUARES:
            of_position = of_position.square()
        outwards = of_position.index_select(1, self.order)
        inner = outwards.cummax(1).values if self.norm == "linf" else outwards.cumsum(1)
        return inner.index_select(1, self.ends)

    def norms(self, sums: torch.Tensor) -> torch.Tensor:
        """η, of :meth:`sums`."""
        return self._unscaled(sums) * self._scale()

    def _unscaled(self, sums: torch.Tensor) -> torch.Tensor:
        return self.factors * (sums if self.norm == "linf" else sums.sqrt())

    def _scale(self) -> torch.Tensor | float:
        """|a|/σ of each kernel's channel, shape (kernels, 1)."""
        if self.scale is None:
            return 1.0
        return (self.scale.weight.detach().abs() / self._deviation())[:, None]

    def _deviation(self) -> torch.Tensor:
        assert self.scale is not None
        assert self.scale.running_var is not None
        return (self.scale.running_var + self.scale.eps).sqrt()

    def add_gradient(self, sums: torch.Tensor, outer: torch.Tensor) -> None:
        """Add the gradient of a function of η to the weights' own; 0 at a norm's kink.

        Args:
            sums: see :meth:`sums`.
            outer: the function's derivatives by η, broadcasting to (kernels, groups).
        """
        if self.scale is not None:
            to_scale = (outer * self._unscaled(sums)).sum(1) / self._deviation()
            gradient_of(self.scale.weight).addcmul_(self.scale.weight.detach().sign(), to_scale)
        inner = (outer * self.factors * self._scale()).expand_as(sums)
        grad, weight = gradient_of(self.weight), self.weight.detach()
        if self.norm == "linf":
            self._add_largest(grad, sums, inner)
            return
        per_group = torch.where(sums > 0, inner * sums.rsqrt(), 0.0)
        if self.norm in ROOT_OF_SQUARES:
            grad.addcmul_(weight, self._by_position(per_group))
        else:
            grad.addcmul_(weight.sign(), self._by_position(per_group), value=0.5)

    def _by_position(self, of_group: torch.Tensor) -> torch.Tensor:
        """Of each position, the sum over the groups that hold it: (kernels, 1, height, width)."""
        of_ring = of_group.flip(1).cumsum(1).flip(1)
        spread = of_ring.index_select(1, self.ring_of)
        return spread.view(len(spread), 1, *self.weight.shape[2:])

    def _add_largest(self, grad: torch.Tensor, sums: torch.Tensor, inner: torch.Tensor) -> None:
        """A maximum's gradient lies on the weights that attain it, in equal parts."""
        weight = self.weight.detach()
        ring_of = self.ring_of.view(weight.shape[2:])
        for ring in self.rings:
            largest = sums[:, ring, None, None, None]
            attained = (weight.abs() == largest) & (ring_of <= ring) & (largest > 0)
            count = attained.flatten(1).sum(1).clamp(min=1)
            part = (inner[:, ring] / count)[:, None, None, None]
            grad.add_(torch.where(attained, weight.sign() * part, 0.0))

    def shrink(self, step: float | torch.Tensor) -> None:
        """The proximal step of step·Ση: argmin ½|k − k₀|² + step·Ση, exact for nested groups.

        The groups' own steps follow each other from the innermost to the outermost; each multiplies
        a group by max(0, 1 − step·factor/norm), so that all of it is one product a weight.
        """
        sums = self.sums()
        of_rings = torch.diff(sums, dim=1, prepend=torch.zeros_like(sums[:, :1]))
        thresholds = step * self.factors * self._scale() * torch.ones_like(sums)
        inside = torch.zeros_like(sums[:, 0])
        kept = []
        for ring in self.rings:
            inside = inside + of_rings[:, ring].clamp(min=0)
            left = torch.where(inside > 0, 1 - thresholds[:, ring] * inside.rsqrt(), 0.0)
            kept.append(left.clamp(min=0))
            inside = inside * kept[-1].square()
        together = torch.stack(kept, 1).flip(1).cumprod(1).flip(1)
        of_position = together.index_select(1, self.ring_of)
        self.weight.mul_(of_position.view(len(sums), 1, *self.weight.shape[2:]))


def _factor(entries: int, norm: Norm, group_weight: GroupWeight) -> float:
    of_norm = {"rms": -0.5, "literal": -0.5, "scaled": 0.5, "literal_scaled": 0.5}.get(norm, 0.0)
    return entries ** (of_norm + {"1": 0.0, "sqrt": 0.5, "1/sqrt": -0.5}[group_weight])


def gradient_of(parameter: torch.Tensor) -> torch.Tensor:
    """The parameter's gradient, zeros where it has none yet."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
