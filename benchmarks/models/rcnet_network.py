"""The network of :class:`benchmarks.models.RCNet10`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import torch
from torch import nn
from torch.nn.functional import relu

from benchmarks.models.branches import Norm, block, projection
from benchmarks.models.sizes import scaled

WIDTHS = (16, 32, 64)
BLOCK_COUNTS = (1, 1, 1)


class ResidualBlock(nn.Module):
    """Two 3×3 blocks beside a shortcut, after He et al. (2016), Fig. 2.

    Input: (N, channels, s, s). Output: (N, width, s/stride, s/stride). Where the two differ in
    shape, the shortcut is a 1×1 convolution with batch-norm, which has no branches.
    """

    def __init__(
        self,
        kind: str,
        channels: int,
        width: int,
        stride: int,
        norm: Norm,
        *,
        shared_norm: bool = False,
    ) -> None:
        super().__init__()
        self.conv1 = block(kind, channels, width, stride, norm, shared_norm=shared_norm)
        self.conv2 = block(kind, width, width, 1, norm, shared_norm=shared_norm)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = projection(channels, width, stride, norm)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        inner = self.conv2(relu(self.conv1(maps), inplace=True))
        return relu(inner + self.shortcut(maps), inplace=True)


class RCNet(nn.Module):
    """A 3×3 stem, three stages of residual blocks, the mean over the map, one dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). Every stage but the first halves the
    map: 32×32 images end in (N, 64, 8, 8). All 3×3 convolutions, the stem's too, are blocks of one
    kind, see :func:`benchmarks.models.branches.block`; the 1×1 projections never are.

    ===========  ======  ===============  ==========
    blocks       kind    batch-norm       parameters
    ===========  ======  ===============  ==========
    1-1-1        conv    one                  78,042
    1-1-1        acb     one a branch        128,442
    1-1-1        square  one a branch        227,322
    ===========  ======  ===============  ==========

    Args:
        kind: "conv", "acb" or "square".
        block_counts: blocks of each of the three stages.
        shared_norm: one batch-norm after the sum of a block's branches, not one a branch (L-25).
        width_multiplier: what every width is multiplied by.
    """

    def __init__(
        self,
        classes: int,
        *,
        kind: str = "conv",
        block_counts: Sequence[int] = BLOCK_COUNTS,
        shared_norm: bool = False,
        width_multiplier: Decimal = Decimal(1),
        batch_norm_momentum: float = 0.1,
        batch_norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=batch_norm_eps, momentum=batch_norm_momentum)
        channels = scaled(WIDTHS[0], width_multiplier)
        self.stem = block(kind, 3, channels, 1, norm, shared_norm=shared_norm)
        blocks: list[nn.Module] = []
        for stage, (nominal, count) in enumerate(zip(WIDTHS, block_counts, strict=True)):
            width = scaled(nominal, width_multiplier)
            for index in range(count):
                stride = 2 if stage and not index else 1
                blocks.append(
                    ResidualBlock(kind, channels, width, stride, norm, shared_norm=shared_norm)
                )
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.blocks(relu(self.stem(images), inplace=True))
        return self.classifier(maps.mean((2, 3)))
