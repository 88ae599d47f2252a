"""What one would use instead of the suite's parts; see :mod:`benchmarks.throughput.parts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.models import LocallyConnected2d

BATCH, SIDE = 512, 32


def by_position(layer: LocallyConnected2d, maps: torch.Tensor) -> torch.Tensor:
    """The layer as a product for each position."""
    (kh, kw), (down, across) = layer.kernel_size, layer.stride
    top, left = layer.padding
    padded = functional.pad(maps, (left, left, top, top))
    height, width = layer.output_size
    outputs = []
    for position, weight in enumerate(layer.weight):
        row, column = position // width * down, position % width * across
        window = padded[:, :, row : row + kh, column : column + kw]
        outputs.append(window.permute(0, 2, 3, 1).flatten(1) @ weight.T)
    return torch.stack(outputs, 2).view(len(maps), -1, height, width)


def by_groups(layer: LocallyConnected2d, maps: torch.Tensor) -> torch.Tensor:
    """The layer as one convolution of unfolded maps, with a group for each position."""
    positions, width, _ = layer.weight.shape
    unfolded = functional.unfold(
        maps, layer.kernel_size, padding=layer.padding, stride=layer.stride
    )
    inputs = unfolded.transpose(1, 2).reshape(len(maps), -1, 1, 1)
    # unfold keeps channels outermost, the layer innermost.
    weight = layer.filters().flatten(0, 1).flatten(2).reshape(positions * width, -1, 1, 1)
    outputs = functional.conv2d(inputs, weight, groups=positions).view(len(maps), positions, width)
    return outputs.transpose(1, 2).reshape(len(maps), width, *layer.output_size)


def torchvision_loader(batches: int) -> DataLoader[torch.Tensor]:
    """What torchvision's transforms make of noise, so many batches a pass, by two workers."""
    from torchvision import transforms

    steps = transforms.Compose(
        [
            transforms.ToPILImage(),
            transforms.AutoAugment(transforms.AutoAugmentPolicy.CIFAR10),
            transforms.RandomCrop(SIDE, padding=4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.RandomErasing(1.0, scale=(0.25, 0.25), ratio=(1.0, 1.0)),
        ]
    )
    noise = torch.randint(0, 256, (batches * BATCH, 3, SIDE, SIDE), dtype=torch.uint8)
    return DataLoader(_Transformed(noise, steps), BATCH, num_workers=2, persistent_workers=True)


class _Transformed(Dataset[torch.Tensor]):
    def __init__(self, pixels: torch.Tensor, steps: Callable[[Any], torch.Tensor]) -> None:
        self.pixels, self.steps = pixels, steps

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, place: int) -> torch.Tensor:
        return self.steps(self.pixels[place])
