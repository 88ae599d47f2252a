"""The largest values of maps in the regions of a spatial pyramid."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import adaptive_max_pool2d, max_pool2d


class SpatialPyramid(nn.Module):
    """Max-pooling over 1, 4, 16, … regions of a map, after Lazebnik, Schmid and Ponce (2006).

    Input: (N, channels, s, s). Output: (N, channels · regions), channel by channel, the whole map's
    maximum first. A map whose side the regions do not divide has regions that overlap by a row.

    Args:
        depth: levels; level i from 0 has 2^i × 2^i regions.
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth

    @property
    def regions(self) -> int:
        """Of all levels: 21 for a depth of 3."""
        return sum(4**level for level in range(self.depth))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maxima (N, channels · regions) of maps (N, channels, s, s)."""
        finest = adaptive_max_pool2d(maps, 2 ** (self.depth - 1))
        levels = [finest]
        for _ in range(self.depth - 1):
            # A region is the union of the four below it, whatever the map's side.
            levels.append(max_pool2d(levels[-1], 2))
        return torch.cat([level.flatten(2) for level in reversed(levels)], 2).flatten(1)

    def extra_repr(self) -> str:
        """The settings, as torch's layers show theirs."""
        return f"depth={self.depth}"
