"""Networks of two forms: layers in a row, and residual blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import nn
from torch.nn.functional import pad, relu

Norm = Callable[[int], nn.Module]
# Of channels, width and stride: (N, channels, s, s) → (N, width, s/stride, s/stride).
Layer = Callable[[int, int, int], nn.Module]


class Chain(nn.Module):
    """Layers in a row, each convolution with batch-norm and ReLU, and a dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). Modules are named ``features.conv1``,
    ``norm1``, ``relu1``, …, ``pool1``, and ``classifier``.

    Args:
        averages: whether the last map's mean leads to the dense layer, or all of it.
    """

    def __init__(
        self,
        layers: Iterable[nn.Conv2d | nn.MaxPool2d],
        norm: Norm,
        classifier: nn.Linear,
        *,
        averages: bool,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        convolutions = poolings = 0
        for layer in layers:
            if isinstance(layer, nn.MaxPool2d):
                poolings += 1
                self.features.add_module(f"pool{poolings}", layer)
                continue
            convolutions += 1
            self.features.add_module(f"conv{convolutions}", layer)
            self.features.add_module(f"norm{convolutions}", norm(layer.out_channels))
            self.features.add_module(f"relu{convolutions}", nn.ReLU(inplace=True))
        self.averages = averages
        self.classifier = classifier

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.features(images)
        return self.classifier(maps.mean((2, 3)) if self.averages else maps.flatten(1))


class ResidualBlock(nn.Module):
    """Two convolutions with batch-norm beside a shortcut, after He et al. (2016), Fig. 2; where the
    shapes differ, the shortcut is a projection.

    Input: (N, channels, s, s). Output: (N, width, s/stride, s/stride).
    """

    def __init__(
        self,
        channels: int,
        width: int,
        stride: int,
        convolution: Layer,
        projection: Layer,
        norm: Norm,
    ) -> None:
        super().__init__()
        self.conv1 = convolution(channels, width, stride)
        self.norm1 = norm(width)
        self.conv2 = convolution(width, width, 1)
        self.norm2 = norm(width)
        same = stride == 1 and channels == width
        self.shortcut = nn.Identity() if same else projection(channels, width, stride)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        inner = relu(self.norm1(self.conv1(maps)), inplace=True)
        return relu(self.norm2(self.conv2(inner)) + self.shortcut(maps), inplace=True)


class PaddedShortcut(nn.Module):
    """He et al.'s option A: every ``stride``-th row and column, new channels 0; no weights."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.added, self.stride = width - channels, stride

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        return pad(maps[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


class SingleLayer(nn.Module):
    """A convolution with norm and ReLU, without a shortcut."""

    def __init__(self, conv: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.conv, self.norm = conv, norm

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, width, s/stride, s/stride) of maps (N, channels, s, s)."""
        return relu(self.norm(self.conv(maps)), inplace=True)


class Paired(nn.Module):
    """A stem, blocks one after the other, the mean over the map, one dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes).
    """

    def __init__(
        self,
        stem: nn.Module,
        norm: nn.Module,
        pool: nn.Module,
        blocks: Iterable[nn.Module],
        classifier: nn.Linear,
    ) -> None:
        super().__init__()
        self.stem, self.norm, self.pool = stem, norm, pool
        self.blocks = nn.Sequential(*blocks)
        self.classifier = classifier

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.pool(relu(self.norm(self.stem(images)), inplace=True))
        return self.classifier(self.blocks(maps).mean((2, 3)))


class Residual(nn.Module):
    """A stem, stages of residual blocks, the mean over the map, one dense layer.

    Input: (N, 3, side, side). Output: logits, (N, classes). Every stage but the first halves the
    map.

    Args:
        widths: channels of each stage; the stem has the first stage's.
        depths: blocks of each stage.
    """

    def __init__(
        self,
        classes: int,
        widths: Sequence[int],
        depths: Sequence[int],
        convolution: Layer,
        projection: Layer,
        norm: Norm,
    ) -> None:
        super().__init__()
        channels = widths[0]
        self.stem = convolution(3, channels, 1)
        self.norm = norm(channels)
        self.blocks = nn.Sequential()
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for index in range(depth):
                stride = 2 if stage and not index else 1
                self.blocks.append(
                    ResidualBlock(channels, width, stride, convolution, projection, norm)
                )
                channels = width
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, 3, side, side)."""
        maps = self.blocks(relu(self.norm(self.stem(images)), inplace=True))
        return self.classifier(maps.mean((2, 3)))
