"""Small images side by side, such as the filters of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.documents.panels import Images

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_images(axis: Axes, panel: Images, _together: Sequence[Images]) -> None:
    """The images on white, a pixel apart; the largest weight is white or black by its sign."""
    tiles = np.asarray(panel.tiles, dtype=np.float64)
    if tiles.ndim == 3:
        tiles = np.repeat(tiles[..., None], 3, axis=-1)
    largest = np.abs(tiles).max(axis=(1, 2, 3) if panel.apart else None, keepdims=True)
    tiles = 0.5 + tiles / np.where(largest > 0, 2 * largest, 1)
    count, height, width, _ = tiles.shape
    across = min(panel.across, count)
    page = np.ones((-(-count // across) * (height + 1) - 1, across * (width + 1) - 1, 3))
    for index, tile in enumerate(tiles):
        top, left = index // across * (height + 1), index % across * (width + 1)
        page[top : top + height, left : left + width] = tile
    axis.imshow(page, interpolation="nearest", zorder=1)
    axis.set_axis_off()
