"""ResNet-10, which the locality paper names without describing it (L-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models.model import NormedModel

if TYPE_CHECKING:
    from torch import nn

WIDTHS = (64, 128, 256, 512)
DEPTHS = (1, 1, 1, 1)


class ResNet10(NormedModel, tag="resnet10", frozen=True):
    """A 3×3 stem without pooling, four stages of one basic block each, a mean and a dense layer:
    see :class:`benchmarks.models.networks.Residual`.

    32×32 images end in (N, 512, 4, 4). 4,903,242 parameters for 10 classes and 4,949,412 for 100.
    Shortcuts that change the shape are 1×1 convolutions with batch-norm, He et al.'s option B.
    """

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models.networks import Residual

        def convolution(channels: int, width: int, stride: int) -> nn.Module:
            return nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)

        def projection(channels: int, width: int, stride: int) -> nn.Module:
            point = nn.Conv2d(channels, width, 1, stride=stride, bias=False)
            return nn.Sequential(point, self.norm(width))

        widths = [self.width(nominal) for nominal in WIDTHS]
        return Residual(classes, widths, DEPTHS, convolution, projection, self.norm)
