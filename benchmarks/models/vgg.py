"""VGG-10 of the locality paper: Table II, its larger kernels (E3), its expansion (E4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from benchmarks.errors import UserError
from benchmarks.models.model import NormedModel
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn


class VGG10(NormedModel, tag="vgg10", frozen=True):
    """VGG-10 of Table II: k×k convolutions that keep the map's size, in stages that end in a 2×2
    max-pool, and one dense layer.

    ========================  ====  ==============  =========  ==========
    network                   side  last map        classes    parameters
    ========================  ====  ==============  =========  ==========
    Table II (the defaults)     32  (N, 512, 1, 1)         10   4,710,058
    kernels 5,5,5,5,5,3,3,3,3   32  (N, 512, 1, 1)         10   5,203,114
    kernels 7,7,7,5,5,3,3,3,3   32  (N, 512, 1, 1)         10   5,352,874
    expanded, TinyImageNet      64  (N, 512, 1, 1)        200   4,816,808
    expanded, DeepWeeds, gap   128  (N, 512, 2, 2)          9   4,718,825
    expanded, DeepWeeds, flat  128  (N, 512, 2, 2)          9   4,732,649
    ========================  ====  ==============  =========  ==========

    Attributes:
        stages: output channels of the convolutions, stage by stage.
        kernel_sizes: the odd k of each convolution from the first on; empty: 3 throughout.
        head: what leads a last map larger than 1×1 to the dense layer: its mean ("gap") or all of
            it ("flatten").
    """

    stages: ClassVar[tuple[tuple[int, ...], ...]] = (
        (32,), (64, 64), (128, 128), (256, 256), (512, 512),
    )  # fmt: skip

    kernel_sizes: tuple[Count, ...] = ()
    head: Literal["gap", "flatten"] = "gap"

    def fault(self) -> str | None:
        if any(size % 2 == 0 for size in self.kernel_sizes):
            return f"kernel_sizes must be odd, not {self.kernel_sizes}"
        if self.kernel_sizes and set(self.kernel_sizes) == {3}:
            # One experiment, one name.
            return "kernel_sizes: 3 throughout is the default; leave it empty"
        return None

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models.networks import Chain

        depth = sum(map(len, self.stages))
        kernels = list(self.kernel_sizes) or [3] * depth
        if len(kernels) != depth:
            raise UserError(f"kernel_sizes has {len(kernels)} entries for {depth} convolutions")
        least = 2 ** len(self.stages)
        if side < least:
            raise UserError(
                f"{len(self.stages)} poolings leave nothing of images of {side}×{side}: "
                f"give images of at least {least}×{least}"
            )
        layers: list[nn.Conv2d | nn.MaxPool2d] = []
        channels = 3
        for stage in self.stages:
            for width in map(self.width, stage):
                kernel = kernels.pop(0)
                padding = kernel // 2
                layers.append(nn.Conv2d(channels, width, kernel, padding=padding, bias=False))
                channels = width
            layers.append(nn.MaxPool2d(2))
        last = side // least
        # On a 1×1 map both heads are the same; flattening it costs nothing.
        averages = self.head == "gap" and last > 1
        inputs = channels if averages else channels * last**2
        return Chain(layers, self.norm, nn.Linear(inputs, classes), averages=averages)


class ExpandedVGG10(VGG10, tag="vgg10_expanded", frozen=True):
    """VGG-10 with one more convolution and pooling of 32 filters after the first, for larger images
    (L-18)."""

    stages: ClassVar[tuple[tuple[int, ...], ...]] = ((32,), *VGG10.stages)
