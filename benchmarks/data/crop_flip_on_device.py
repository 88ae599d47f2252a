"""Windows and mirror images of batches on a device, without a host read or a shape that depends on
what was drawn."""

from __future__ import annotations

import torch
from torch.nn import functional


def mirror(pixels: torch.Tensor, mirrored: torch.Tensor) -> torch.Tensor:
    """The images (B, H, W, C), flipped left to right where ``mirrored``, bool (B,)."""
    return torch.where(mirrored[:, None, None, None], pixels.flip(2), pixels)


def crop(
    pixels: torch.Tensor,
    top: torch.Tensor,
    left: torch.Tensor,
    mirrored: torch.Tensor,
    padding: int,
    cut: int = 0,
) -> torch.Tensor:
    """Windows at (top, left) of the padded images, ``cut`` pixels smaller than these were, flipped
    where ``mirrored``: all (B,) on one device. One gather of pixels does it for the whole batch."""
    count, height, width, channels = pixels.shape
    height, width = height - cut, width - cut
    padded = functional.pad(pixels, (0, 0, padding, padding, padding, padding))
    rows, columns = padded.shape[1:3]
    image = torch.arange(count, device=pixels.device)
    down = torch.arange(height, device=pixels.device)
    across = torch.arange(width, device=pixels.device)
    across = torch.where(mirrored[:, None], width - 1 - across, across)
    places = ((image * rows + top)[:, None] + down) * columns
    places = places[:, :, None] + (left[:, None] + across)[:, None, :]
    return (
        padded.view(-1, channels)
        .index_select(0, places.view(-1))
        .view(count, height, width, channels)
    )


def shift_colours(pixels: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """The images uint8 (B, H, W, 3), all pixels of each shifted, float32 (B, 3) in grey levels, and
    cut to what a byte holds."""
    return (pixels + shifts[:, None, None]).round().clamp(0, 255).to(torch.uint8)


def ten_crops(pixels: torch.Tensor, size: int) -> list[torch.Tensor]:
    """The corners, the middle and the mirror images of all five: ten windows (B, size, size, C) of
    images (B, S, S, C)."""
    margin = pixels.shape[1] - size
    places = [(0, 0), (0, margin), (margin, 0), (margin, margin), (margin // 2, margin // 2)]
    found = [pixels[:, y : y + size, x : x + size] for y, x in places]
    return [*found, *(view.flip(2) for view in found)]
