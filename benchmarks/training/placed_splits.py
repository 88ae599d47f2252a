"""Splits of a data set ready for training on a device, and where batches of them come from.

A split that is resident lies on the device as a whole, once for all runs of a pack: whatever fits.
One that is streamed (:mod:`benchmarks.training.streaming`) is decoded by worker processes as it is
needed, and a batch lies at one address while it is used. What trains asks a split for its
:class:`Source` and tells it what comes next, which means nothing to a resident one.

Small images (CIFAR, SVHN, digits, TinyImageNet) are resident; so are collections of some thousand
photographs at 256², from which windows are cut (scenes, birds, cars). ILSVRC 2012 and a user's own
folders are streamed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch

from benchmarks.data.dataset import Split
from benchmarks.data.folders import FileSplit
from benchmarks.training.host_memory import release_pages
from benchmarks.training.streaming import StreamedSplit


class Source(Protocol):
    """Where one function of a run has its batches from."""

    def begin(self, order: torch.Tensor, size: int) -> None:
        """Batches of ``size`` images at the places ``order``, int64 (n,) on the host, and a smaller
        last one will be asked for, one after another."""
        ...

    def feed(self, size: int) -> None:
        """The next ``size`` of them are about to be taken on the current stream.

        Raises:
            UserError: where one of them cannot be read.
        """
        ...

    def take(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Their pixels, uint8 (B, H, W, C), and labels; ``index``, int64 (B,) on the device, are
        their places. May be recorded and replayed."""
        ...


class PlacedSplit(Protocol):
    """A split ready for training on a device.

    Attributes:
        labels: int64 (N,) on the device.
    """

    device: torch.device
    labels: torch.Tensor

    def __len__(self) -> int: ...

    def only(self, places: np.ndarray) -> PlacedSplit:
        """The images at ``places``, int64, shape (n,); no pixel is copied."""
        ...

    def source(self, largest: int) -> Source:
        """A new source of batches of at most so many images."""
        ...

    def windows(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pixels and labels in order, ``size`` images at a time."""
        ...


class ResidentSplit:
    """A split's uint8 pixels (N, H, W, C) and labels (N,) on a device, shared by all runs there.

    A part of a split, see :meth:`only`, shares the pixels and has places of its own.
    """

    def __init__(self, split: Split, device: torch.device) -> None:
        self.pixels = _tensor(split.images).to(device)
        self.labels = _tensor(split.labels).to(device)
        self.device = device
        self._places: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, places: np.ndarray) -> ResidentSplit:
        """The images at ``places``, int64, shape (n,); no pixel is copied."""
        part = copy.copy(self)
        chosen = torch.from_numpy(places).to(self.device)
        part._places = chosen if self._places is None else self._places.index_select(0, chosen)
        part.labels = self.labels.index_select(0, chosen)
        return part

    def source(self, largest: int) -> Source:
        """Itself: all is at hand."""
        return self

    def begin(self, order: torch.Tensor, size: int) -> None:
        """See :meth:`Source.begin`."""

    def feed(self, size: int) -> None:
        """See :meth:`Source.feed`."""

    def take(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A copy of the pixels and labels at ``index``, int64 (B,), on the device."""
        places = index if self._places is None else self._places.index_select(0, index)
        return self.pixels.index_select(0, places), self.labels.index_select(0, index)

    def windows(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pixels and labels in order, ``size`` images at a time."""
        for first in range(0, len(self), size):
            window = slice(first, min(first + size, len(self)))
            places = window if self._places is None else self._places[window]
            yield self.pixels[places], self.labels[window]


def placed(split: Split, device: torch.device) -> PlacedSplit:
    """The split for training on a device: stored images are all put there, image files are brought
    batch by batch."""
    if isinstance(split, FileSplit):
        return StreamedSplit(split, device)
    return ResidentSplit(split, device)


def _tensor(array: np.ndarray) -> torch.Tensor:
    # A copy: torch warns of read-only memory maps, and the pages are wanted in memory anyway, once.
    copied = torch.from_numpy(np.array(array))
    release_pages(array)
    return copied
