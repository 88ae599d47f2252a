"""Batches made on the device, of images that are resident there or streamed to it.

A split that is resident lies on the device as a whole, once for all runs of a pack: whatever fits.
One that is streamed (:mod:`benchmarks.training.streaming`) is decoded by worker processes as it is
needed, and a batch lies at one address while it is used. Order, crops and flips of an epoch are
drawn before it for all of its images, from seed and epoch alone, and applied on the device, in
both cases by the same code; so neither the number of workers nor where the images lie changes what
a run sees. What trains asks a split for its :class:`Source` and tells it what comes next, which
means nothing to a resident one.

Small images (CIFAR, SVHN, digits, TinyImageNet) are resident; so are collections of some thousand
photographs at 256², from which windows are cut (scenes, birds, cars). ILSVRC 2012 and a user's own
folders are streamed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from benchmarks.errors import UserError
from benchmarks.randomness import permutation
from benchmarks.training.device import services
from benchmarks.training.host_memory import release_pages

if TYPE_CHECKING:
    from benchmarks.data.augmentation import Augmentation
    from benchmarks.data.store import Dataset, Split
    from benchmarks.run import Run

# Images evaluated at once: 500 of 32×32, and of larger ones so few that they take no more memory.
EVALUATION_BATCH = 500
EVALUATION_PIXELS = EVALUATION_BATCH * 32**2


def evaluation_batch(side: int) -> int:
    """How many images of that height and width are evaluated at once."""
    return max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // side**2))


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


def _tensor(array: np.ndarray) -> torch.Tensor:
    # A copy: torch warns of read-only memory maps, and the pages are wanted in memory anyway, once.
    copied = torch.from_numpy(np.array(array))
    release_pages(array)
    return copied


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


class EpochBatches:
    """An epoch's batches, cut in order out of what was drawn for it, at addresses that stay.

    Order and draws are a function of (seed, epoch) alone, drawn on the host for all images at once.

    Args:
        largest: images a batch at most.
    """

    def __init__(
        self,
        seed: int,
        augmentation: Augmentation,
        split: PlacedSplit,
        normalizer: Normalizer,
        largest: int,
    ) -> None:
        self.seed, self.augmentation = seed, augmentation
        self.split, self.normalizer = split, normalizer
        self.largest, self.source = largest, split.source(largest)
        self.first = torch.zeros((), dtype=torch.int64, device=split.device)
        self.span = torch.arange(largest, device=split.device)
        self.rows: dict[str, torch.Tensor] = {}

    def draw(self, epoch: int) -> dict[str, np.ndarray]:
        """Everything random of an epoch; ``""`` is the order of the images, int64 (N,)."""
        order = permutation(self.seed, "order", epoch, len(self.split))
        return {**self.augmentation.draw(self.seed, epoch, order), "": order}

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


# The kept weights of a run that another starts from, by the network's own names.
WeightsOf = Callable[["Run"], dict[str, torch.Tensor]]


def no_weights(run: Run) -> dict[str, torch.Tensor]:
    """Where the caller keeps none.

    Raises:
        UserError: always.
    """
    raise UserError(f"the weights of run {run.hash} are not at hand: train it with --save-weights")


# The tensors of a published weight file, by its name and published sum.
FileOf = Callable[[str, str], dict[str, torch.Tensor]]


def no_file(name: str, checksum: str) -> dict[str, torch.Tensor]:
    """Where the caller has none.

    Raises:
        UserError: always.
    """
    raise UserError(
        f"the weight file {name} is not at hand: train in a command that has its folder"
    )


class Resident:
    """A data set on a device, or as much of it as is needed, shared by all runs of a pack."""

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        weights_of: WeightsOf,
        file_of: FileOf = no_file,
    ) -> None:
        self.dataset, self.device = dataset, device
        self.weights_of, self.file_of = weights_of, file_of
        self.services = services(device)
        self.train = dataset.train.placed(device)
        self.test = dataset.test.placed(device)


class Context:
    """A run's share of what is resident, with the images that it holds out.

    Attributes:
        side: height and width of what the network gets.
        evaluated: the splits on which accuracy is taken, by the word that names the measurement.
        services, stream: how the run's work reaches the device; whatever is made for the run
            after this is made on that stream.

    Raises:
        UserError: where it holds out more than there are.
    """

    def __init__(self, run: Run, resident: Resident) -> None:
        dataset = resident.dataset
        self.device = resident.device
        self.weights_of, self.file_of = resident.weights_of, resident.file_of
        self.services = resident.services
        self.classes = len(dataset.classes)
        self.side = run.data.side(dataset.side)
        self.train: PlacedSplit = resident.train
        self.test: PlacedSplit = resident.test
        self.evaluated = {"test": self.test}
        shuffled = permutation(run.seed, "pixels", 0, self.side**2)
        order = shuffled if run.data.permute_pixels else None
        self.normalizer = Normalizer(
            run.data.normalization, dataset, self.device, order, run.data.window
        )
        if held := run.data.held_out:
            size = len(self.train)
            if held >= size:
                raise UserError(f"held_out is {held} of {size} training images: hold less")
            order = permutation(run.seed, "held out", 0, size)
            self.evaluated["validation"] = self.train.only(order[:held])
            self.train = self.train.only(order[held:])
        # From here on, so that everything of the above is there before it reads it.
        self.stream = self.services.stream()
