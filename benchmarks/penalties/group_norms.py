"""The gradients of the norms of a layer's nested groups of weights, and their proximal step.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", eqs. 12, 21, 25
and 29; Jenatton et al., "Proximal Methods for Sparse Hierarchical Dictionary Learning" (ICML 2010),
for nested groups' step.
"""

from __future__ import annotations

import torch

from benchmarks.models.nested_norms import ROOT_OF_SQUARES, NestedNorms


class GroupNorms(NestedNorms):
    """The norms of :class:`benchmarks.models.nested_norms.NestedNorms`, to train against."""

    def add_gradient(self, sums: torch.Tensor, outer: torch.Tensor) -> None:
        """Add the gradient of a function of η to the weights' own; 0 at a norm's kink. Frozen
        weights and scales are left alone, here and in :meth:`shrink`.

        Args:
            sums: see :meth:`sums`.
            outer: the function's derivatives by η, broadcasting to (kernels, groups).
        """
        if self.scale is not None and self.scale.weight.requires_grad:
            to_scale = (outer * self._unscaled(sums)).sum(1) / self._deviation()
            gradient_of(self.scale.weight).addcmul_(self.scale.weight.detach().sign(), to_scale)
        if not self.weight.requires_grad:
            return
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
        if not self.weight.requires_grad:
            return
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


def gradient_of(parameter: torch.Tensor) -> torch.Tensor:
    """The parameter's gradient, zeros where it has none yet."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
