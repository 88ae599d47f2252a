"""1×1 convolutions that a CPU computes rightly, whatever their number of channels."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

# On CPUs with AVX2 alone, oneDNN's gradient of such weights writes past its workspace where there
# are fewer inputs than a vector holds numbers (uxlfoundation/oneDNN#6035, torch 2.14 and 2.15):
# wrong gradients, or a crash.
VECTOR = 8


class StridedPoint(nn.Conv2d):
    """A 1×1 convolution of few inputs that takes the pixels which its stride leaves, and multiplies
    them without one: the same products."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, in_channels, H, W) to (B, out_channels, ⌈H/stride⌉, ⌈W/stride⌉)."""
        down, across = self.stride
        return functional.conv2d(maps[:, :, ::down, ::across], self.weight, self.bias)


def convolution(inputs: int, outputs: int, kernel: Any, stride: Any, **settings: Any) -> nn.Conv2d:
    """``nn.Conv2d``, or where torch might compute its gradient wrongly, a :class:`StridedPoint`.

    Args:
        settings: ``padding``, ``bias`` and the like.
    """
    is_point = kernel in (1, (1, 1)) and settings.get("padding", 0) in (0, (0, 0))
    is_narrow = inputs < VECTOR and stride not in (1, (1, 1))
    kind = StridedPoint if is_point and is_narrow else nn.Conv2d
    return kind(inputs, outputs, kernel, stride, **settings)
