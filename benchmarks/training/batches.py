"""Batches made on the device, of images that are resident there or streamed to it.

Order, crops and flips of a pass over all images are drawn before it, from seed and the pass's
number alone, and applied on the device by the same code wherever the images lie
(:mod:`benchmarks.training.placed_splits`); so neither the number of workers that decode them nor
their place changes what a run sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.randomness import permutation
from benchmarks.training.placed_splits import PlacedSplit

if TYPE_CHECKING:
    from benchmarks.data.augmentation import Augmentation
    from benchmarks.data.dataset import Dataset

# Images evaluated at once: 500 of 32×32, and of larger ones so few that they take no more memory.
EVALUATION_BATCH = 500
EVALUATION_PIXELS = EVALUATION_BATCH * 32**2


def evaluation_batch(side: int) -> int:
    """How many images of that height and width are evaluated at once."""
    return max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // side**2))


class Normalizer:
    """(x/255 − mean)/std as one multiply-add, per channel.

    Computed along rows of W·C values: broadcasting over three channels alone took a CPU 15 times as
    long for the same numbers.

    Args:
        order: int64 (H·W,); where given, pixel i of an image is its pixel ``order[i]``, row by row.
        side: height and width of what is left of larger images, their middle; 0: all of them.
    """

    def __init__(
        self,
        normalization: str,
        dataset: Dataset,
        device: torch.device,
        order: np.ndarray | None = None,
        side: int = 0,
    ) -> None:
        mean, std = {
            "channel": (dataset.mean, dataset.std),
            "half": (np.full(3, 0.5), np.full(3, 0.5)),
            "unit": (np.zeros(3), np.ones(3)),
        }[normalization]
        self.side = side
        width = side or dataset.train.images.shape[2]
        self.scale = _row(1 / (255 * std), width).to(device)
        self.shift = _row(-mean / std, width).to(device)
        self.order = None if order is None else torch.from_numpy(order).to(device)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 (N, C, H, W), channels last in memory, of uint8 pixels (N, H, W, C)."""
        if self.side:
            top, left = ((length - self.side) // 2 for length in pixels.shape[1:3])
            pixels = pixels[:, top : top + self.side, left : left + self.side]
        if self.order is not None:
            pixels = pixels.flatten(1, 2).index_select(1, self.order).view(pixels.shape)
        rows = pixels.flatten(2).float().mul_(self.scale).add_(self.shift)
        return rows.view(pixels.shape).permute(0, 3, 1, 2)


def _row(channels: np.ndarray, width: int) -> torch.Tensor:
    return torch.tensor(channels, dtype=torch.float32).repeat(width)


def _passes(first: int, behind: int, size: int) -> Iterator[tuple[int, slice]]:
    """Which parts of which passes over ``size`` images the images ``first`` to ``behind``, counted
    over all passes, are."""
    while first < behind:
        number, start = divmod(first, size)
        count = min(size - start, behind - first)
        yield number, slice(start, start + count)
        first += count


class EpochBatches:
    """An epoch's batches, cut in order out of what was drawn for it, at addresses that stay.

    Order and draws are a function of (seed, pass) alone, drawn on the host for all images at once;
    an epoch is a part of the sequence of passes over the split, one whole pass as a rule.

    Args:
        largest: images a batch at most.
        length: of an epoch, in images.
    """

    def __init__(
        self,
        seed: int,
        augmentation: Augmentation,
        split: PlacedSplit,
        normalizer: Normalizer,
        largest: int,
        length: int,
    ) -> None:
        self.length = length
        self._last_pass: tuple[int, dict[str, np.ndarray]] = (-1, {})
        self.seed, self.augmentation = seed, augmentation
        self.split, self.normalizer = split, normalizer
        self.largest, self.source = largest, split.source(largest)
        self.first = torch.zeros((), dtype=torch.int64, device=split.device)
        self.span = torch.arange(largest, device=split.device)
        self.rows: dict[str, torch.Tensor] = {}

    def draw(self, first: int) -> dict[str, np.ndarray]:
        """Everything random of the epoch that begins behind ``first`` images, counted over all
        passes; ``""`` is the order of its images, int64 (N,)."""
        parts = [
            {name: rows[part] for name, rows in self._pass(number).items()}
            for number, part in _passes(first, first + self.length, len(self.split))
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _pass(self, number: int) -> dict[str, np.ndarray]:
        """What is drawn of a pass over the split; kept while epochs are parts of it."""
        kept, drawn = self._last_pass
        if kept != number:
            order = permutation(self.seed, "order", number, len(self.split))
            drawn = {**self.augmentation.draw(self.seed, number, order), "": order}
        if self.length < len(self.split):
            self._last_pass = number, drawn
        return drawn

    def load(self, drawn: Mapping[str, torch.Tensor], first: int = 0) -> None:
        """Begin an epoch with what :meth:`draw` gave, as tensors on the host, at its ``first``
        image."""
        self.source.begin(drawn[""][first:], self.largest)
        for name, rows in drawn.items():
            if name not in self.rows:
                self.rows[name] = torch.empty_like(rows, device=self.split.device)
            self.rows[name].copy_(rows, non_blocking=True)
        self.first.fill_(first)

    def feed(self, size: int) -> None:
        """The next ``size`` images are about to be asked for, on the current stream."""
        self.source.feed(size)

    def next(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Images float32 (size, C, H, W) and labels int64 (size,) of the next ``size`` places."""
        places = self.first + self.span[:size]
        self.first.add_(size)
        rows = {name: values.index_select(0, places) for name, values in self.rows.items()}
        pixels, labels = self.source.take(rows.pop(""))
        return self.normalizer(self.augmentation.apply(pixels, rows)), labels
