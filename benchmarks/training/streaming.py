"""Splits whose images are decoded by worker processes while a run trains.

Each source has a :class:`torch.utils.data.DataLoader` of its own, which gives images in the order
that it was asked for, whatever the number of its workers. They hand over a few images at a time,
so that shared memory of some hundred megabytes does, and stay some batches ahead.
"""

from __future__ import annotations

import atexit
import copy
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.errors import UserError
from benchmarks.training.device_services import services

if TYPE_CHECKING:
    from benchmarks.data.folders import FileSplit, ImageFiles

# How many processes decode for one source; by default one a CPU that this process may use.
VARIABLE = "REPRODUCE_DECODERS"
MOST = 32
# Images that a worker hands over at once, and such portions that it is ahead.
PORTION, AHEAD = 16, 4
# Batches that the host may be ahead of a device.
LEAD = 3


def decoders() -> int:
    """How many processes decode images for a source; 0 decodes in this one.

    Raises:
        UserError: where the environment says something else than a number.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        return min(MOST, len(os.sched_getaffinity(0)))
    if not given.isdecimal():
        raise UserError(f"{VARIABLE} is {given!r}: set it to a number of processes or unset it")
    return int(given)


class StreamedSplit:
    """See :class:`benchmarks.training.placed_splits.PlacedSplit`."""

    def __init__(self, split: FileSplit, device: torch.device) -> None:
        self.files, self.device = split.source, device
        self.labels = torch.from_numpy(split.labels).to(device)
        self._places: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, places: np.ndarray) -> StreamedSplit:
        part = copy.copy(self)
        part._places = places if self._places is None else self._places[places]
        part.labels = self.labels.index_select(0, torch.from_numpy(places).to(self.device))
        return part

    def source(self, largest: int) -> StreamedSource:
        return StreamedSource(self, largest)

    def places(self, order: np.ndarray) -> np.ndarray:
        """Which files lie at the places ``order`` of this part."""
        return order if self._places is None else self._places[order]

    def windows(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.arange(len(self))
        source = self.source(min(size, len(order)))
        source.begin(order, size)
        for places in order.split(size):
            source.feed(len(places))
            pixels, labels = source.take(places.to(self.device))
            yield pixels.clone(), labels


class StreamedSource:
    """See :class:`benchmarks.training.placed_splits.Source`.

    Attributes:
        buffer: where the device finds the batch, uint8 (largest, side, side, 3).
    """

    def __init__(self, split: StreamedSplit, largest: int) -> None:
        self.split, self.services = split, services(split.device)
        _, *shape = split.files.shape
        self.buffer = torch.empty((largest, *shape), dtype=torch.uint8, device=split.device)
        self._portions: Iterator[torch.Tensor | str] = iter(())
        self._left = 0
        _OPEN.add(self)
        self._passed: deque[Callable[[], object]] = deque()

    def begin(self, order: torch.Tensor, size: int) -> None:
        places = self.split.places(order.numpy())
        self.end()
        self._portions = _portions(self.split.files, places, size, self.split.device)
        self._left = len(places)

    def end(self) -> None:
        """End the workers, if there are any."""
        self._portions = iter(())

    def feed(self, size: int) -> None:
        if len(self._passed) >= LEAD:
            self._passed.popleft()()
        first = 0
        while first < size:
            portion = next(self._portions)
            if isinstance(portion, str):
                raise UserError(f"{portion}; restore it, and run the same command again")
            self.buffer[first : first + len(portion)].copy_(portion, non_blocking=True)
            first += len(portion)
        self._left -= size
        if not self._left:
            self.end()
        self._passed.append(self.services.fetch(self.buffer.view(-1)[:1]))

    def take(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.buffer[: len(index)], self.split.labels.index_select(0, index)


_OPEN: WeakSet[StreamedSource] = WeakSet()


@atexit.register
def _end_all() -> None:
    """Before the interpreter ends the workers itself, of which torch complains with a traceback."""
    for source in tuple(_OPEN):
        source.end()


class _Portions(Dataset[torch.Tensor | str]):
    """Consecutive images of batches, as a worker hands them over: uint8 (n, side, side, 3), or what
    is wrong with one of them."""

    def __init__(self, files: ImageFiles, places: np.ndarray, size: int) -> None:
        self.files, self.places = files, places
        starts = range(0, len(places), size)
        ends = [min(start + size, len(places)) for start in starts]
        self.slices = [
            slice(first, min(first + PORTION, end))
            for start, end in zip(starts, ends, strict=True)
            for first in range(start, end, PORTION)
        ]

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, number: int) -> torch.Tensor | str:
        try:
            return torch.from_numpy(self.files[self.places[self.slices[number]]])
        except UserError as error:
            return str(error)


def _portions(
    files: ImageFiles, places: np.ndarray, size: int, device: torch.device
) -> Iterator[torch.Tensor | str]:
    workers = decoders()
    loader = DataLoader(
        _Portions(files, places, size),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        pin_memory=device.type == "cuda",
        worker_init_fn=_begin_worker,
    )
    return iter(loader)


def _begin_worker(number: int) -> None:
    """Signals are the training process's to answer, whose handlers a worker has inherited; it ends
    its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)
