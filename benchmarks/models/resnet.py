"""Residual networks of basic blocks, with a stem for small images."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.models.model import NormedModel
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn

WIDTHS = (64, 128, 256, 512)


class BasicResNet(NormedModel, frozen=True):
    """A stem of stride 1 without pooling, four stages of basic blocks, a mean and a dense layer:
    see :class:`benchmarks.models.networks.Residual`.

    32×32 images end in (N, 512, 4, 4). Shortcuts that change the shape are 1×1 convolutions with
    batch-norm, He et al.'s option B.
    """

    depths: ClassVar[tuple[int, ...]]

    @property
    def kernel(self) -> int:
        """The side of all filters but those of shortcuts."""
        return 3

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models import pointwise
        from benchmarks.models.networks import Residual

        kernel = self.kernel

        def convolution(channels: int, width: int, stride: int) -> nn.Module:
            return nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False)

        def projection(channels: int, width: int, stride: int) -> nn.Module:
            point = pointwise.convolution(channels, width, 1, stride, bias=False)
            return nn.Sequential(point, self.norm(width))

        widths = [self.width(nominal) for nominal in WIDTHS]
        return Residual(classes, widths, self.depths, convolution, projection, self.norm)


class ResNet10(BasicResNet, tag="resnet10", frozen=True):
    """One block a stage: ResNet-10, which the locality paper names without describing it (L-17).

    4,903,242 parameters for 10 classes and 4,949,412 for 100.
    """

    depths: ClassVar[tuple[int, ...]] = (1, 1, 1, 1)


class ResNet18(BasicResNet, tag="resnet18", frozen=True):
    """Two blocks a stage: ResNet-18 of He et al. (2016), with a stem for small images as
    Neyshabur's "Towards Learning Convolutions from Scratch" describes it (A.1).

    11,173,962 parameters for 10 classes and 3×3 filters.

    Attributes:
        kernel_size: the odd side of all filters, the stem's included, but not of the shortcuts'
            1×1 ones; the paper varies it (Figure 5).
    """

    depths: ClassVar[tuple[int, ...]] = (2, 2, 2, 2)

    kernel_size: Count = 3

    def fault(self) -> str | None:
        return None if self.kernel_size % 2 else f"kernel_size must be odd, not {self.kernel_size}"

    @property
    def kernel(self) -> int:
        return self.kernel_size
