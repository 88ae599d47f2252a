"""The network of :class:`benchmarks.models.MobileNet`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal

import torch
from torch import nn

from benchmarks.models.sizes import scaled

STEM = 32
# Stride of the depthwise and output channels of the pointwise convolution, block by block.
BLOCKS = (
    (1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512),
)  # fmt: skip


class MobileNetwork(nn.Module):
    """A 3×3 convolution, pairs of a 3×3 depthwise and a 1×1 convolution, and one dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). The last depthwise convolution has
    stride 2 and no pointwise one after it; five halvings leave of 32×32 images a map of
    (N, 512, 1, 1), of larger ones a map that is averaged. All 20 convolutions are followed by
    batch-norm and ReLU and have no bias (L-16). 555,050 parameters for 10 classes; 541,984 of them
    are convolution weights, and only 18,720 of these lie in 3×3 filters, on which LOCO-Reg acts.

    Args:
        blocks: stride and output channels of each pair.
        width_multiplier: what every width is multiplied by.
    """

    def __init__(
        self,
        classes: int,
        *,
        blocks: Sequence[tuple[int, int]] = BLOCKS,
        width_multiplier: Decimal = Decimal(1),
        batch_norm_momentum: float = 0.1,
        batch_norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()

        def add(convolution: nn.Conv2d) -> None:
            index = len(layers) // 3 + 1
            layers[f"conv{index}"] = convolution
            layers[f"norm{index}"] = nn.BatchNorm2d(
                convolution.out_channels, eps=batch_norm_eps, momentum=batch_norm_momentum
            )
            layers[f"relu{index}"] = nn.ReLU(inplace=True)

        channels = scaled(STEM, width_multiplier)
        add(nn.Conv2d(3, channels, 3, padding=1, bias=False))
        for stride, nominal in blocks:
            width = scaled(nominal, width_multiplier)
            add(_depthwise(channels, stride))
            add(nn.Conv2d(channels, width, 1, bias=False))
            channels = width
        add(_depthwise(channels, 2))
        self.features = nn.Sequential(layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        return self.classifier(self.features(images).mean((2, 3)))


def _depthwise(channels: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
