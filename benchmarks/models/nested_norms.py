"""The norms of a convolution's nested groups of weights, by which kernels are selected.

Source: "Optimal Convolutional Architectures Via Structured Sparsity Regularizers", eqs. 12, 21, 25
and 29. Their gradients and their proximal step: :mod:`benchmarks.penalties.group_norms`.
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


class NestedNorms:
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


def _factor(entries: int, norm: Norm, group_weight: GroupWeight) -> float:
    of_norm = {"rms": -0.5, "literal": -0.5, "scaled": 0.5, "literal_scaled": 0.5}.get(norm, 0.0)
    return entries ** (of_norm + {"1": 0.0, "sqrt": 0.5, "1/sqrt": -0.5}[group_weight])
