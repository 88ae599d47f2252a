"""torchvision's residual networks for large images, whose published weights fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.models.model import Model
from benchmarks.parts import Count

if TYPE_CHECKING:
    from torch import nn

DEPTHS = (18, 34, 50, 101, 152)


class TorchvisionResNet(Model, tag="torchvision_resnet", frozen=True):
    """``torchvision.models.resnet18`` and its deeper relatives, with a last layer of its own.

    A 7×7 stem of stride 2, a max-pool, four stages of basic (18, 34) or bottleneck blocks, a mean
    and a dense layer, ``fc``. Parameters without it: 11,176,512 at depth 18, 23,508,032 at 50.

    Attributes:
        bias: of the dense layer.
    """

    depth: Count = 18
    bias: bool = False

    def fault(self) -> str | None:
        if self.depth not in DEPTHS:
            return f"depth: {self.depth} is none of {', '.join(map(str, DEPTHS))}"
        return None

    def network(self, classes: int, side: int = 224) -> nn.Module:
        from torch import nn
        from torchvision.models import get_model

        made = get_model(f"resnet{self.depth}", weights=None, num_classes=1)
        made.fc = nn.Linear(made.fc.in_features, classes, bias=self.bias)
        return made
