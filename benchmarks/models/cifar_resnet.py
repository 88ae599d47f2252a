"""He et al.'s narrow residual networks for 32×32 images: resnet-20, resnet-110 and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmarks.models.model import NormedModel
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn


class CifarResNet(NormedModel, tag="cifar_resnet", frozen=True):
    """A stem of stride 1, three stages of (depth − 2)/6 basic blocks, a mean and a dense layer:
    He et al., "Deep Residual Learning" (CVPR 2016), section 4.2.

    Parameters for 100 classes without a bias: 278,224 at depth 20 and 1,736,464 at 110, and with
    option A 275,472 and 1,733,712.

    Attributes:
        widths: channels of the stages; DH2L prints 16, 30, 64 (H-19).
        shortcuts: where they change the shape, "pad" is option A, no weights, and "project" option
            B, a 1×1 convolution with batch-norm.
        bias: of the dense layer.
    """

    depth: Count = 20
    widths: tuple[Count, ...] = (16, 32, 64)
    shortcuts: Literal["pad", "project"] = "project"
    bias: bool = False

    def fault(self) -> str | None:
        if self.depth < 8 or self.depth % 6 != 2:
            return f"depth must be 8, 14, 20 or another 6n + 2, not {self.depth}"
        if len(self.widths) != 3:
            return f"widths: three stages have a width each, not {len(self.widths)}"
        if self.shortcuts == "pad" and list(self.widths) != sorted(self.widths):
            return "shortcuts=pad: a stage cannot be narrower than the one before; use project"
        return None

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models import pointwise
        from benchmarks.models.networks import PaddedShortcut, Residual

        def convolution(channels: int, width: int, stride: int) -> nn.Module:
            return nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)

        def shortcut(channels: int, width: int, stride: int) -> nn.Module:
            if self.shortcuts == "pad":
                return PaddedShortcut(channels, width, stride)
            point = pointwise.convolution(channels, width, 1, stride, bias=False)
            return nn.Sequential(point, norm(width))

        norm, widths = self.norm, [self.width(nominal) for nominal in self.widths]
        blocks = ((self.depth - 2) // 6,) * 3
        made = Residual(classes, widths, blocks, convolution, shortcut, norm)
        made.classifier = nn.Linear(widths[-1], classes, bias=self.bias)
        return made
