"""All-convolutional networks with their locally and fully connected counterparts.

Source: Neyshabur, "Towards Learning Convolutions from Scratch", Figure 1, Tables 3 and 4, A.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from benchmarks.errors import UserError
from benchmarks.models.model import BatchNormed
from benchmarks.parts import Count, NotNegative

if TYPE_CHECKING:
    from torch import nn

Named = Iterator[tuple[str, "nn.Module"]]


class WithDropout(BatchNormed, frozen=True):
    """Layers in a row, each but the last with batch-norm and ReLU and without a bias.

    Modules are named ``features.conv1``, ``features.conv1_norm``, ``features.conv1_relu``, …,
    ``features.fc1``, … and ``classifier``.
    What is dense, a convolution's counterpart too, has a batch-norm of each unit, everything else
    one of each channel.

    Attributes:
        dropout: the probability with which an input of each of the last two dense layers is zeroed
            in training; 0: no dropout.
    """

    dropout: NotNegative = Decimal(0)

    def fault(self) -> str | None:
        return None if self.dropout < 1 else f"dropout must be below 1, not {self.dropout}"

    def dropped(self, number: int) -> Named:
        """The dropout before a dense layer, where there is one."""
        if self.dropout:
            from benchmarks.models.dropout import CountedDropout

            yield f"dropout{number}", CountedDropout(float(self.dropout))

    def closed(self, name: str, layer: nn.Module) -> Named:
        """A layer with the batch-norm and the ReLU that follow it."""
        from torch import nn

        yield name, layer
        if isinstance(layer, nn.Linear):
            yield f"{name}_norm", self.unit_norm(layer.out_features)
        else:
            yield f"{name}_norm", self.norm(layer.out_channels)  # type: ignore[arg-type]
        yield f"{name}_relu", nn.ReLU(inplace=True)


class AllConvolutional(WithDropout, frozen=True):
    """Convolutions that keep the map's side or halve it, and two dense layers.

    Attributes:
        connectivity: what stands in a convolution's place: itself, a locally connected layer (the
            same windows, no shared weights) or a dense layer from all of the map to all of the
            next.
        alpha: the base channels α.
        dense_width: units of the first dense layer for each base channel.
        padding: "same" pads by ⌊kernel/2⌋, so that the map's side is divided by the stride, as the
            paper's formulas have it; "valid" not at all, as public re-implementations do (B-08).
    """

    introduced: ClassVar[Mapping[str, Any]] = {"padding": "same"}
    kernel: ClassVar[int]
    # Channels, in multiples of α, and stride, layer by layer.
    plan: ClassVar[tuple[tuple[int, int], ...]]

    connectivity: Literal["conv", "local", "fc"] = "conv"
    alpha: Count = 1
    dense_width: Count = 1
    padding: Literal["same", "valid"] = "same"

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        self._check(side)
        features = nn.Sequential(OrderedDict(self._features(side)))
        classifier = nn.Linear(self.units, classes)
        return nn.Sequential(OrderedDict(features=features, classifier=classifier))

    def _check(self, side: int) -> None:
        least = math.prod(stride for _, stride in self.plan)
        if self.padding == "same" and side % least:
            raise UserError(
                f"the network's strides divide the side of images by {least}, which does not "
                f"divide {side}: give images whose side is a multiple of {least}"
            )
        last = side
        for _, stride in self.plan:
            last = self.next_side(last, stride)
        if last < 1:
            raise UserError(
                f"of images of {side}×{side} the network leaves nothing without padding: give "
                'larger ones, or padding "same"'
            )

    def next_side(self, side: int, stride: int) -> int:
        """The side of a layer's output."""
        around = self.kernel // 2 if self.padding == "same" else 0
        return (side + 2 * around - self.kernel) // stride + 1

    @property
    def units(self) -> int:
        """Units of the first dense layer."""
        return self.dense_width * self.alpha

    def _features(self, side: int) -> Named:
        from torch import nn

        if self.connectivity == "fc":
            yield "flatten", nn.Flatten()
        channels = 3
        for number, (width, stride) in enumerate(self.plan, start=1):
            layer = self._layer(channels, width * self.alpha, side, stride)
            yield from self.closed(f"conv{number}", layer)
            channels, side = width * self.alpha, self.next_side(side, stride)
        if self.connectivity != "fc":
            yield "flatten", nn.Flatten()
        yield from self.dropped(1)
        dense = nn.Linear(channels * side**2, self.units, bias=False)
        yield from self.closed("fc1", dense)
        yield from self.dropped(2)

    def _layer(self, channels: int, width: int, side: int, stride: int) -> nn.Module:
        from torch import nn

        from benchmarks.models.layers import DenseMaps, LocallyConnected2d

        padding = self.kernel // 2 if self.padding == "same" else 0
        if self.connectivity == "conv":
            return nn.Conv2d(channels, width, self.kernel, stride, padding, bias=False)
        if self.connectivity == "local":
            return LocallyConnected2d(
                channels, width, self.kernel, side, stride=stride, padding=padding, bias=False
            )
        return DenseMaps(channels * side**2, width * self.next_side(side, stride) ** 2, bias=False)


class Deep(AllConvolutional, tag="d_net", frozen=True):
    """D-CONV, D-LOCAL and D-FC: eight 3×3 layers, Table 3.

    Weights for 32×32 images, 10 classes and α = 15 (B-04): 1,445,955 as "conv", 11,713,920 as
    "local" (the printed formula says 3.42 million, B-03), 282,203,520 as "fc".
    """

    kernel: ClassVar[int] = 3
    plan: ClassVar[tuple[tuple[int, int], ...]] = (
        (1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2),
    )  # fmt: skip

    alpha: Count = 15
    dense_width: Count = 64


class Shallow(AllConvolutional, tag="s_net", frozen=True):
    """S-CONV, S-LOCAL and S-FC: one 9×9 layer of stride 2, Table 4.

    Weights for 32×32 images, 10 classes and α = 150 (B-05): 138,312,450 as "conv", 147,607,200 as
    "local", 256,240,800 as "fc".
    """

    kernel: ClassVar[int] = 9
    plan: ClassVar[tuple[tuple[int, int], ...]] = ((1, 2),)

    alpha: Count = 150
    dense_width: Count = 24


class ThreeFC(WithDropout, tag="3_fc", frozen=True):
    """3-FC: two hidden dense layers of the same width.

    256,095,248 weights for 32×32 images, 10 classes and 14,536 units (B-16).

    Attributes:
        hidden: units of each hidden layer.
    """

    hidden: Count = 14_536

    def network(self, classes: int, side: int = 32) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        def features() -> Named:
            yield "flatten", nn.Flatten()
            yield from self.closed("fc1", nn.Linear(3 * side**2, self.hidden, bias=False))
            yield from self.dropped(1)
            yield from self.closed("fc2", nn.Linear(self.hidden, self.hidden, bias=False))
            yield from self.dropped(2)

        classifier = nn.Linear(self.hidden, classes)
        named = OrderedDict(features=nn.Sequential(OrderedDict(features())), classifier=classifier)
        return nn.Sequential(named)
