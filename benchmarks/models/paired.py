"""Layers in a row with shortcuts around pairs of them, or without: the base networks of "Optimal
Convolutional Architectures Via Structured Sparsity Regularizers", Table 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmarks.errors import UserError
from benchmarks.models.model import NormedModel
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn


class PairedNet(NormedModel, tag="paired", frozen=True):
    """k×k convolutions with norm and ReLU, a mean over the map and one dense layer.

    From the second layer on, shortcuts lead around pairs of layers; a last layer that is left over
    has none. ``shortcuts="none"`` is the plain equivalent.

    Attributes:
        widths: kernels of each layer.
        kernel_sizes: the odd k of each layer; empty: 3 throughout; one number: of all.
        halve_at: numbers, from 1, of the layers with a stride of 2.
        pool: whether a 3×3 max-pool of stride 2 follows the first layer.
        shortcuts: where they change the shape, "pad" is He et al.'s option A, no weights, and
            "project" option B, a 1×1 convolution with batch-norm.
        batch_norm: "affine" is eqs. 30 and 31, "plain" eq. 30 alone, "none" gives biases instead.
    """

    widths: tuple[Count, ...] = (*(16,) * 7, *(32,) * 6, *(64,) * 6)
    kernel_sizes: tuple[Count, ...] = ()
    halve_at: tuple[Count, ...] = (8, 14)
    pool: bool = False
    shortcuts: Literal["none", "pad", "project"] = "pad"
    batch_norm: Literal["affine", "plain", "none"] = "affine"

    def fault(self) -> str | None:
        if not self.widths:
            return "widths: a network needs at least one layer"
        if len(self.kernel_sizes) not in (0, 1, len(self.widths)):
            return f"kernel_sizes has {len(self.kernel_sizes)} entries for {self.depth} layers"
        if any(size % 2 == 0 for size in self.kernel_sizes):
            return f"kernel_sizes must be odd, not {', '.join(map(str, self.kernel_sizes))}"
        if self.halve_at and max(self.halve_at) > self.depth:
            return f"halve_at: there is no layer {max(self.halve_at)}, only {self.depth}"
        if self.shortcuts == "none":
            return None
        for first in self.pairs:
            before, inner, width = self.widths[first - 1 : first + 2]
            if inner != width:
                return f"widths: the layers of a pair must be alike, not {inner} and {width}"
            if width < before and self.shortcuts == "pad":
                return f"shortcuts=pad: {width} kernels cannot be added to {before}; use project"
        return None

    @property
    def pairs(self) -> range:
        """The first layer of each pair, counted from 0."""
        return range(1, self.depth - 1, 2)

    @property
    def depth(self) -> int:
        """Convolutions."""
        return len(self.widths)

    @property
    def kernels(self) -> tuple[int, ...]:
        """The k of each layer."""
        given = self.kernel_sizes or (3,)
        return tuple(given) if len(given) == self.depth else tuple(given) * self.depth

    def stride(self, layer: int) -> int:
        """Of a layer, counted from 0."""
        return 2 if layer + 1 in self.halve_at else 1

    def sides(self, side: int) -> list[int]:
        """Height and width of the map that leaves each layer, before the pool."""
        found = []
        for layer in range(self.depth):
            side = -(-side // self.stride(layer))
            found.append(side)
            side = -(-side // 2) if self.pool and not layer else side
        return found

    def multiply_adds(self, side: int) -> int:
        """Eq. 10: r·c·d₍ᵢ₋₁₎·s² summed over the kernels of an image (3, side, side)."""
        widths = [self.width(nominal) for nominal in self.widths]
        layers = zip(self.sides(side), [3, *widths], widths, self.kernels, strict=False)
        return sum(s * s * before * width * k * k for s, before, width, k in layers)

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from torch import nn

        from benchmarks.models import networks

        widths = [self.width(nominal) for nominal in self.widths]
        last = self.sides(side)[-1]
        if side < 2 ** (len(self.halve_at) + self.pool) or last < 1:
            raise UserError(f"images of {side}×{side} are too small for so many strides")
        classifier = nn.Linear(widths[-1], classes)
        pool = nn.MaxPool2d(3, 2, padding=1)
        if self.shortcuts == "none":
            layers = [self._convolution(i, w) for i, w in enumerate([3, *widths[:-1]])]
            first: list[nn.Conv2d | nn.MaxPool2d] = [layers[0]]
            chain = [*first, *([pool] if self.pool else []), *layers[1:]]
            return networks.Chain(chain, self._norm, classifier, averages=True)
        stem, norm = self._convolution(0, 3), self._norm(widths[0])
        blocks: list[nn.Module] = [self._pair(first, widths[first - 1]) for first in self.pairs]
        if self.depth > 1 and self.depth % 2 == 0:
            single = self._convolution(self.depth - 1, widths[-2])
            blocks.append(networks.SingleLayer(single, self._norm(widths[-1])))
        return networks.Paired(stem, norm, pool if self.pool else nn.Identity(), blocks, classifier)

    def _convolution(self, layer: int, channels: int) -> nn.Conv2d:
        from benchmarks.models import pointwise

        kernel, bias = self.kernels[layer], self.batch_norm == "none"
        width = self.width(self.widths[layer])
        stride, padding = self.stride(layer), kernel // 2
        return pointwise.convolution(channels, width, kernel, stride, padding=padding, bias=bias)

    def _norm(self, channels: int) -> nn.Module:
        from torch import nn

        if self.batch_norm == "none":
            return nn.Identity()
        if self.batch_norm == "affine":
            return self.norm(channels)
        return nn.BatchNorm2d(channels, affine=False, **self._norm_settings())

    def _pair(self, first: int, channels: int) -> nn.Module:
        """The block of the layers ``first`` and the next, counted from 0."""
        from torch import nn

        from benchmarks.models import networks, pointwise

        stride = self.stride(first) * self.stride(first + 1)
        width = self.width(self.widths[first + 1])
        made = iter((first, first + 1))

        def convolution(channels: int, _width: int, _stride: int) -> nn.Module:
            return self._convolution(next(made), channels)

        def shortcut(channels: int, width: int, stride: int) -> nn.Module:
            if self.shortcuts == "pad":
                return networks.PaddedShortcut(channels, width, stride)
            bias = self.batch_norm == "none"
            point = pointwise.convolution(channels, width, 1, stride, bias=bias)
            return nn.Sequential(point, self._norm(width))

        return networks.ResidualBlock(channels, width, stride, convolution, shortcut, self._norm)


# Table 2's lines. The strides, which it leaves open, are where the widths change, and in the square
# network, where they do not change, at the same layers.
BASES = {
    "ImageNet, 7 layers": PairedNet(
        widths=(64, *(64,) * 2, *(128,) * 2, *(256,) * 2),
        kernel_sizes=(7, *(3,) * 6),
        halve_at=(1, 4, 6),
        pool=True,
        shortcuts="project",
    ),
    "ImageNet, 17 layers": PairedNet(
        widths=(64, *(64,) * 4, *(128,) * 4, *(256,) * 4, *(512,) * 4),
        kernel_sizes=(7, *(3,) * 16),
        halve_at=(1, 6, 10, 14),
        pool=True,
        shortcuts="project",
    ),
    "CIFAR-10": PairedNet(),
    "CIFAR-10, square": PairedNet(widths=(64,) * 19, kernel_sizes=(5,)),
}
