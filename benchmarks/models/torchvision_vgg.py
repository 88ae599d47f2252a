"""torchvision's VGG networks as they are there, with this suite's initial weights and dropout."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from benchmarks.models.model import Model
from benchmarks.parts import Count, Positive

if TYPE_CHECKING:
    from torch import nn

DEPTHS = (11, 13, 16, 19)
AREA = 49  # pixels of the last map


class TorchvisionVGG(Model, tag="torchvision_vgg", frozen=True):
    """``torchvision.models.vgg11`` and its deeper relatives, made for images of 224×224.

    132,863,336 parameters at depth 11 for 1,000 classes. Dropout's masks follow from the run's seed
    (:class:`benchmarks.models.dropout.CountedDropout`).

    Attributes:
        batch_norm: whether convolutions have one.
        width_multiplier: what all widths are multiplied by; 1 is torchvision's network.
    """

    depth: Count = 11
    batch_norm: bool = False
    width_multiplier: Positive = Decimal(1)

    def fault(self) -> str | None:
        if self.depth not in DEPTHS:
            return f"depth: {self.depth} is none of {', '.join(map(str, DEPTHS))}"
        return None

    def network(self, classes: int, side: int = 224) -> nn.Module:
        import torch
        from torch import nn
        from torchvision.models import vgg

        from benchmarks.models.dropout import CountedDropout

        plan = vgg.cfgs["ABDE"[DEPTHS.index(self.depth)]]
        scaled = [width if isinstance(width, str) else self._width(width) for width in plan]
        features = vgg.make_layers(scaled, batch_norm=self.batch_norm)
        with torch.device("meta"):  # its own dense layers are not needed
            made = vgg.VGG(features, num_classes=classes, init_weights=False)
        hidden = self._width(4096)
        made.classifier = nn.Sequential(
            *(nn.Linear(self._width(512) * AREA, hidden), nn.ReLU(True), CountedDropout(0.5)),
            *(nn.Linear(hidden, hidden), nn.ReLU(True), CountedDropout(0.5)),
            nn.Linear(hidden, classes),
        )
        return made

    def _width(self, nominal: int) -> int:
        return max(1, int((nominal * self.width_multiplier).to_integral_value(ROUND_HALF_UP)))
