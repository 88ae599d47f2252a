"""A network that sees handcrafted features in the place of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.errors import UserError
from benchmarks.models.model import Model
from benchmarks.models.resnet import ResNet18

if TYPE_CHECKING:
    from torch import nn


class Handcrafted(Model, tag="handcrafted", frozen=True):
    """Another network behind the channels of :class:`benchmarks.models.hog_lbp.HogLbp`.

    Its first convolution has as many input channels as there are, and its images an eighth of the
    side. Pixels are to lie in [0, 1]: data with the normalization "unit". ``initialization`` is
    that of ``network_behind``.

    Attributes:
        network_behind: the network.
    """

    protocol: ClassVar[int] = 2  # since which pixels are whole numbers to the features

    network_behind: Model = ResNet18()

    def complete(self) -> None:
        import msgspec

        behind = self.network_behind.initialization
        msgspec.structs.force_setattr(self, "initialization", behind)

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        from benchmarks.models.hog_lbp import CELL, HogLbp

        if side % CELL:
            raise UserError(f"images of {side}×{side} have no whole cells of {CELL}×{CELL} pixels")
        network, front = self.network_behind.network(classes, side // CELL), HogLbp()
        path, first = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
        parent, _, name = path.rpartition(".")
        wide = nn.Conv2d(
            front.channels,
            first.out_channels,
            first.kernel_size,  # type: ignore[arg-type]
            first.stride,  # type: ignore[arg-type]
            first.padding,  # type: ignore[arg-type]
            bias=first.bias is not None,
        )
        setattr(network.get_submodule(parent), name, wide)
        return nn.Sequential(OrderedDict(front=front, network=network))
