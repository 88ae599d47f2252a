"""VGG-10 of the locality paper, Table II."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

# Output channels of the convolutions, stage by stage; every stage ends in a 2×2 max-pool.
STAGES = ((32,), (64, 64), (128, 128), (256, 256), (512, 512))


class VGG10(nn.Module):
    """Nine 3×3 convolutions, each with batch-norm and ReLU, and one dense layer.

    Input: (N, 3, 32, 32). Output: logits, (N, classes). 4,710,058 parameters for 10 classes.
    Convolutions have no bias, since batch-norm follows (L-16). Five poolings reduce 32×32 to 1×1.
    """

    def __init__(
        self, classes: int, *, batch_norm_momentum: float = 0.1, batch_norm_eps: float = 1e-5
    ) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels, index = 3, 0
        for stage, widths in enumerate(STAGES, start=1):
            for width in widths:
                index += 1
                layers[f"conv{index}"] = nn.Conv2d(channels, width, 3, padding=1, bias=False)
                layers[f"norm{index}"] = nn.BatchNorm2d(
                    width, eps=batch_norm_eps, momentum=batch_norm_momentum
                )
                layers[f"relu{index}"] = nn.ReLU(inplace=True)
                channels = width
            layers[f"pool{stage}"] = nn.MaxPool2d(2)
        self.features = nn.Sequential(layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, 32, 32)."""
        return self.classifier(self.features(images).flatten(1))
