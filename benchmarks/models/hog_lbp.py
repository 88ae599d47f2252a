"""Histograms of oriented gradients and of local binary patterns, as channels of a map."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, pad

ORIENTATIONS, CELL = 9, 8
CLIP, EPSILON = 0.2, 1e-5  # of the L2-Hys norm
POINTS = 8
PATTERNS = POINTS + 2
GREY = (2125, 7154, 721)  # in 10,000ths: of 8 bits the sum is a whole number
# Interpolation rounds: neighbours that are as bright as the centre count as such.
TIE = 1.0  # of the 2,550,000 of white


class HogLbp(nn.Module):
    """HoG of 8-pixel cells and uniform LBP of their pixels (C-29); learns nothing.

    Input: float32 (N, 3, H, W), 8-bit pixels over 255, which are taken as whole numbers again: what
    is equal in the image, such as the changes of two channels, is equal here. Output:
    (N, 19, H/8, W/8), nine orientations and ten patterns. The numbers are those of scikit-image's
    ``hog`` (9 orientations, cells of 8×8, blocks of one cell, "L2-Hys") and of cells' histograms of
    its ``local_binary_pattern`` (8 points at radius 1, "uniform").
    """

    channels = ORIENTATIONS + PATTERNS

    def __init__(self) -> None:
        super().__init__()
        grey = torch.tensor(GREY, dtype=torch.float32).view(1, 3, 1, 1)
        self.register_buffer("grey", grey, persistent=False)
        self.register_buffer("neighbours", _neighbours(), persistent=False)
        self.grey: torch.Tensor
        self.neighbours: torch.Tensor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The channels of images (N, 3, H, W)."""
        kind = images.device.type.replace("meta", "cpu")
        with torch.no_grad(), torch.autocast(kind, enabled=False):
            pixels = (images.float() * 255).round()
            return torch.cat([self._gradients(pixels), self._patterns(pixels)], 1)

    def _gradients(self, pixels: torch.Tensor) -> torch.Tensor:
        down = pad(pixels[:, :, 2:] - pixels[:, :, :-2], (0, 0, 1, 1))
        across = pad(pixels[..., 2:] - pixels[..., :-2], (1, 1, 0, 0))
        # Of each pixel the channel that changes most.
        strongest = (down.square() + across.square()).argmax(1, keepdim=True)
        down, across = down.gather(1, strongest), across.gather(1, strongest)
        size = torch.hypot(down, across)
        degrees = torch.rad2deg(torch.atan2(down, across)).remainder(180)
        number = (degrees * (ORIENTATIONS / 180)).floor().long().remainder(ORIENTATIONS)
        cells = avg_pool2d(_one_hot(number, ORIENTATIONS) * size, CELL)
        cells = cells / (cells.square().sum(1, keepdim=True) + EPSILON**2).sqrt()
        cells = cells.clamp(max=CLIP)
        return cells / (cells.square().sum(1, keepdim=True) + EPSILON**2).sqrt()

    def _patterns(self, pixels: torch.Tensor) -> torch.Tensor:
        grey = (pixels * self.grey).sum(1, keepdim=True)
        brighter = conv2d(grey, self.neighbours, padding=1) >= grey - TIE
        changes = (brighter != brighter.roll(1, 1)).sum(1, keepdim=True)
        number = torch.where(changes <= 2, brighter.sum(1, keepdim=True), POINTS + 1)
        return avg_pool2d(_one_hot(number, PATTERNS), CELL)


def _one_hot(numbers: torch.Tensor, count: int) -> torch.Tensor:
    """float32 (N, count, H, W) of numbers (N, 1, H, W)."""
    every = torch.arange(count, device=numbers.device).view(1, count, 1, 1)
    return (numbers == every).float()


def _neighbours() -> torch.Tensor:
    """Bilinear weights (8, 1, 3, 3) of the points on the circle around a pixel."""
    weights = torch.zeros(POINTS, 1, 3, 3)
    for point in range(POINTS):
        angle = 2 * math.pi * point / POINTS
        row, column = round(-math.sin(angle), 5), round(math.cos(angle), 5)
        top, left = math.floor(row), math.floor(column)
        for y, down in ((top, 1 - (row - top)), (top + 1, row - top)):
            for x, across in ((left, 1 - (column - left)), (left + 1, column - left)):
                if down * across:
                    weights[point, 0, y + 1, x + 1] = down * across
    return weights
