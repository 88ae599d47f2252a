"""The locality paper's adaptation of MobileNet, Table II."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models.model import NormedModel

if TYPE_CHECKING:
    from torch import nn

STEM = 32
# Stride of the depthwise and output channels of the pointwise convolution, block by block.
BLOCKS = (
    (1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512),
)  # fmt: skip


class MobileNet(NormedModel, tag="mobilenet", frozen=True):
    """A 3×3 convolution, pairs of a 3×3 depthwise and a 1×1 convolution, and one dense layer.

    The last depthwise convolution has stride 2 and no pointwise one after it; five halvings leave
    of 32×32 images a map of (N, 512, 1, 1), of larger ones a map that is averaged. 555,050
    parameters for 10 classes; 541,984 of them are weights of the 20 convolutions, and only 18,720
    of these lie in 3×3 filters, on which LOCO-Reg acts.
    """

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models.networks import Chain

        def depthwise(width: int, stride: int) -> nn.Conv2d:
            return nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=width, bias=False)

        channels = self.width(STEM)
        layers = [nn.Conv2d(3, channels, 3, padding=1, bias=False)]
        for stride, nominal in BLOCKS:
            width = self.width(nominal)
            layers += [depthwise(channels, stride), nn.Conv2d(channels, width, 1, bias=False)]
            channels = width
        layers.append(depthwise(channels, 2))
        return Chain(layers, self.norm, nn.Linear(channels, classes), averages=True)
