"""Convolutions, each with batch-norm, ReLU and a max-pool, and a linear classifier of a spatial
pyramid's maxima.

Source: Lobel, Vidal and Soto, "CompactNets", section 3; its SimpleNet, CompressedNet and CompactNet
are this network under different penalties.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

from benchmarks.errors import UserError
from benchmarks.models.model import NormedModel
from benchmarks.parts import Count, Whole

if TYPE_CHECKING:
    from torch import nn

SIZES = (128, 256, 512)  # filters in section 5.3
# From this depth on `allocation` says how many layers have which of them.
ALLOCATED_FROM = 9


class PyramidNet(NormedModel, tag="pyramid", frozen=True):
    """L − 1 feature layers and the classifier.

    A feature layer is a convolution without bias that keeps the map's side, batch-norm, ReLU and a
    3×3 max-pool. The side changes in the first convolution and in the pools of the layers whose
    filters double, which have a stride of 2 (C-05, C-06). Modules are named ``features.conv1``,
    ``norm1``, ``relu1``, ``pool1``, …, ``features.pyramid`` and ``classifier``.

    Weights of convolutions and classifier for 1,000 classes:

    ==========================  ==========
    network                        weights
    ==========================  ==========
    depth 2, 256 filters         5,413,632
    depth 7, 256 filters         8,362,752
    depth 10, 3/2/4 layers      20,208,000
    depth 12, 3/4/4 layers      21,387,648
    depth 12, 4/4/3 layers      19,175,808
    ==========================  ==========

    Attributes:
        depth: L, which counts the classifier (C-04).
        filters: of every feature layer; 0 for 128, 256 and 512 in the order of the layers.
        widths: the filters of each layer instead, in order; pools have a stride of 2 where they
            double.
        allocation: how many layers of depth 12 have 128, 256 and 512 filters (C-07). Other depths
            from 9 on have more or fewer of 256; smaller ones have about a third of each.
        strides: "none" leaves the map's side as it is behind the first convolution.
        first_kernel, first_stride: of the first convolution, 7 and 2 for images of 224×224.
        pyramid_depth: levels of the spatial pyramid; 3 has 21 regions (C-02).
    """

    initialization: Literal["torch", "he_normal", "glorot_uniform"] = "he_normal"
    depth: Count = 12
    filters: Whole = 0
    widths: tuple[Count, ...] = ()
    allocation: Literal["3/4/4", "4/4/3"] = "3/4/4"
    strides: Literal["doubling", "none"] = "doubling"
    first_kernel: Count = 7
    first_stride: Count = 2
    pyramid_depth: Count = 3

    def fault(self) -> str | None:
        if self.depth < 2:
            return f"depth must be at least 2 with the classifier, not {self.depth}"
        if self.widths and len(self.widths) != self.depth - 1:
            return f"widths has {len(self.widths)} entries for {self.depth - 1} feature layers"
        if self.widths and self.filters:
            return "filters and widths say the same twice: give one of them"
        if self.first_kernel % 2 == 0:
            return f"first_kernel must be odd, not {self.first_kernel}"
        return None

    @property
    def split(self) -> tuple[int, int, int]:
        """How many feature layers have the first, second and third number of filters."""
        layers = self.depth - 1
        first, _, last = (int(count) for count in self.allocation.split("/"))
        if self.depth >= ALLOCATED_FROM:
            return first, layers - first - last, last
        if layers < 3:
            return 1, layers - 1, 0
        return layers // 3, (layers + 1) // 3, (layers + 2) // 3

    @property
    def nominal_widths(self) -> tuple[int, ...]:
        """Filters of each feature layer, before the width multiplier."""
        if self.widths:
            return self.widths
        if self.filters:
            return (self.filters,) * (self.depth - 1)
        return self._growing

    @property
    def _growing(self) -> tuple[int, ...]:
        pairs = zip(SIZES, self.split, strict=True)
        return tuple(size for size, count in pairs for _ in range(count))

    @property
    def pool_strides(self) -> tuple[int, ...]:
        """Of each feature layer; with filters of one number those of the network that grows."""
        widths = self.widths or self._growing
        doubles = (after >= 2 * before for before, after in itertools.pairwise(widths))
        if self.strides == "none":
            return (1,) * (self.depth - 1)
        return (1, *(2 if double else 1 for double in doubles))

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        from benchmarks.models.spatial_pyramid import SpatialPyramid

        self._check(side)
        features: OrderedDict[str, nn.Module] = OrderedDict()
        channels, kernel, stride = 3, self.first_kernel, self.first_stride
        layers = zip(map(self.width, self.nominal_widths), self.pool_strides, strict=True)
        for number, (width, pool) in enumerate(layers, start=1):
            features[f"conv{number}"] = nn.Conv2d(
                channels, width, kernel, stride, padding=kernel // 2, bias=False
            )
            features[f"norm{number}"] = self.norm(width)
            features[f"relu{number}"] = nn.ReLU(inplace=True)
            features[f"pool{number}"] = nn.MaxPool2d(3, pool, padding=1)
            channels, kernel, stride = width, 3, 1
        pyramid = features["pyramid"] = SpatialPyramid(self.pyramid_depth)
        classifier = nn.Linear(channels * pyramid.regions, classes, bias=False)
        named = OrderedDict(features=nn.Sequential(features), classifier=classifier)
        return nn.Sequential(named)

    def _check(self, side: int) -> None:
        """Raise UserError where the last map has fewer pixels than regions."""
        last = -(-side // self.first_stride)
        for stride in self.pool_strides:
            last = -(-last // stride)
        if last < (least := 2 ** (self.pyramid_depth - 1)):
            raise UserError(
                f"images of {side}×{side} end in a map of {last}×{last}, smaller than the "
                f"pyramid's {least}×{least} regions: give larger ones, or fewer strides"
            )
