"""The network of :class:`benchmarks.models.ResNet10`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

import torch
from torch import nn
from torch.nn.functional import relu

from benchmarks.models.sizes import scaled

WIDTHS = (64, 128, 256, 512)
DEPTHS = (1, 1, 1, 1)

Norm = Callable[[int], nn.BatchNorm2d]


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut, after He et al. (2016), Fig. 2.

    Input: (N, channels, s, s). Output: (N, width, s/stride, s/stride). Where the two differ in
    shape, the shortcut is a 1×1 convolution with batch-norm, their option B.
    """

    def __init__(self, channels: int, width: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.norm1 = norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = norm(width)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride=stride, bias=False), norm(width)
            )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        inner = relu(self.norm1(self.conv1(maps)), inplace=True)
        return relu(self.norm2(self.conv2(inner)) + self.shortcut(maps), inplace=True)


class ResNet(nn.Module):
    """A 3×3 stem without pooling, stages of basic blocks, the mean over the map, one dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). Every stage but the first halves the
    map: 32×32 images end in (N, 512, 4, 4). Convolutions have no bias (L-16). One block a stage
    makes ResNet-10, with 4,903,242 parameters for 10 classes and 4,949,412 for 100.

    Args:
        widths: channels of each stage; the stem has the first stage's.
        depths: blocks of each stage.
        width_multiplier: what every width is multiplied by.
    """

    def __init__(
        self,
        classes: int,
        *,
        widths: Sequence[int] = WIDTHS,
        depths: Sequence[int] = DEPTHS,
        width_multiplier: Decimal = Decimal(1),
        batch_norm_momentum: float = 0.1,
        batch_norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=batch_norm_eps, momentum=batch_norm_momentum)
        channels = scaled(widths[0], width_multiplier)
        self.stem = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.norm = norm(channels)
        blocks: list[nn.Module] = []
        for stage, (nominal, depth) in enumerate(zip(widths, depths, strict=True)):
            width = scaled(nominal, width_multiplier)
            for block in range(depth):
                stride = 2 if stage and not block else 1
                blocks.append(BasicBlock(channels, width, stride, norm))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.blocks(relu(self.norm(self.stem(images)), inplace=True))
        return self.classifier(maps.mean((2, 3)))
