"""1×1 convolutions that a CPU computes rightly, whatever their number of channels."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

# On CPUs with AVX2 alone, oneDNN's gradient of such weights writes past its workspace where there
# are fewer inputs than a vector holds numbers (uxlfoundation/oneDNN#6035, torch 2.14 and 2.15):
# wrong gradients, or a crash.
VECTOR = 8


class StridedPoint(nn.Conv2d):
    """``nn.Conv2d``, which where it is 1×1, strided and of few inputs first takes the pixels that
    the stride leaves: the same products."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, in_channels, H, W) to (B, out_channels, ⌈H/stride⌉, ⌈W/stride⌉), where it is 1×1."""
        down, across = self.stride
        is_point = self.kernel_size == (1, 1) and self.padding == (0, 0) and self.groups == 1
        if not is_point or max(down, across) == 1 or self.in_channels >= VECTOR:
            return super().forward(maps)
        return functional.conv2d(maps[:, :, ::down, ::across], self.weight, self.bias)
