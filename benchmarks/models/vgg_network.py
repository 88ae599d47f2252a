"""The network of :class:`benchmarks.models.VGG10`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal

import torch
from torch import nn

from benchmarks.errors import UserError
from benchmarks.models.sizes import pooled_side, scaled
from benchmarks.models.vgg import STAGES


class VGG(nn.Module):
    """k×k convolutions, each with batch-norm and ReLU, in stages that end in a pooling, and one
    dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). Convolutions have no bias, since
    batch-norm follows (L-16), and keep the map's size.

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

    Args:
        stages: widths of the convolutions of each stage.
        kernel_sizes: the odd k of each convolution from the first on; 3 throughout by default.
        side: height and width of the images in pixels.
        head: what leads a last map larger than 1×1 to the dense layer: its mean ("gap") or all of
            it ("flatten").
        width_multiplier: what every width is multiplied by.

    Raises:
        UserError: where the kernels are not as many as the convolutions, or the images too small.
    """

    def __init__(
        self,
        classes: int,
        *,
        stages: Sequence[Sequence[int]] = STAGES,
        kernel_sizes: Sequence[int] = (),
        side: int = 32,
        head: str = "gap",
        width_multiplier: Decimal = Decimal(1),
        batch_norm_momentum: float = 0.1,
        batch_norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        depth = sum(len(widths) for widths in stages)
        kernels = list(kernel_sizes) or [3] * depth
        if len(kernels) != depth:
            raise UserError(f"kernel_sizes has {len(kernels)} entries for {depth} convolutions")
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels, index = 3, 0
        for stage, widths in enumerate(stages, start=1):
            for nominal in widths:
                width, kernel = scaled(nominal, width_multiplier), kernels[index]
                index += 1
                layers[f"conv{index}"] = nn.Conv2d(
                    channels, width, kernel, padding=kernel // 2, bias=False
                )
                layers[f"norm{index}"] = nn.BatchNorm2d(
                    width, eps=batch_norm_eps, momentum=batch_norm_momentum
                )
                layers[f"relu{index}"] = nn.ReLU(inplace=True)
                channels = width
            layers[f"pool{stage}"] = nn.MaxPool2d(2)
        self.features = nn.Sequential(layers)
        last = pooled_side(side, len(stages))
        # On a 1×1 map both heads are the same; flattening it costs nothing.
        self.averages = head == "gap" and last > 1
        self.classifier = nn.Linear(channels if self.averages else channels * last**2, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.features(images)
        return self.classifier(maps.mean((2, 3)) if self.averages else maps.flatten(1))
