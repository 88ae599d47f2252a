"""A data set as training sees it: arrays of images and labels in an order that depends on their
content alone, their statistics and their digest. Where they lie on disk: :mod:`.store`, and for
image files :mod:`.folders`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.data.description import STORE_VERSION
from benchmarks.data.header import SPLITS
from benchmarks.errors import UserError

# A block of images that is read, hashed or written at once.
BLOCK_BYTES = 2**24


@dataclass(frozen=True)
class Split:
    """``images``: uint8 (N, H, W, C). ``labels``: int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def side(self) -> int:
        """Height and width of the images in pixels."""
        return int(self.images.shape[1])


@dataclass(frozen=True)
class Dataset:
    """A data set as training sees it.

    Attributes:
        name: of its store's folder, such as "deepweeds-fold0".
        mean, std: the training pixels' channel statistics in [0, 1], float64 (C,).
        digest: of the content, :func:`content_digest`.
        sources_identity: what runs name it by where that is not the digest, see
            :attr:`benchmarks.data.DatasetInfo.identity`.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    mean: np.ndarray
    std: np.ndarray
    digest: str
    sources_identity: str = ""

    @property
    def identity(self) -> str:
        """What runs name it by."""
        return self.sources_identity or self.digest

    @property
    def side(self) -> int:
        """Height and width of the images in pixels."""
        return self.train.side

    def resized(self, how: str) -> Dataset:
        """The images brought to their size in another way, where they are resized when they are
        read; stored ones are "squash" alone.

        Raises:
            UserError: for another one.
        """
        if how != "squash":
            raise UserError(f"images of {self.name} are stored at their size: resizing is squash")
        return self

    def content(self) -> str:
        """The digest of what is there now; reads every byte that is in the store."""
        return content_digest(self.classes, {"train": self.train, "test": self.test})

    def fault(self) -> str:
        """What else is wrong with it, found by reading every image; empty where nothing is."""
        statistics = channel_statistics(self.train.images)
        same = np.array_equal(statistics, (self.mean, self.std))
        return "" if same else "its mean or std is not that of the images"


def in_canonical_order(split: Split) -> Split:
    """The same images sorted by (label, SHA-256 of the pixels)."""
    order = canonical_order(split.labels, image_keys(split.images))
    return Split(split.images[order], split.labels[order].astype(np.int64))


def image_keys(images: np.ndarray) -> list[bytes]:
    """SHA-256 of each image's pixels."""
    return [hashlib.sha256(image).digest() for image in np.ascontiguousarray(images)]


def canonical_order(labels: np.ndarray, keys: list[bytes]) -> np.ndarray:
    """Places of the images by (label, key), int64 (N,)."""
    classes = labels.tolist()
    order = sorted(range(len(keys)), key=lambda i: (classes[i], keys[i]))
    return np.array(order, dtype=np.int64)


def blocks(images: np.ndarray, bytes_each: int = 0) -> Iterator[np.ndarray]:
    """Consecutive parts of some 16 MiB, so that a memory map is never held as a whole.

    Args:
        bytes_each: how much a row stands for, where that is not its own size.
    """
    size = max(1, BLOCK_BYTES // max(1, bytes_each or images[:1].nbytes))
    return (images[start : start + size] for start in range(0, len(images), size))


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population standard deviation per channel, pixels scaled to [0, 1], float64 (C,).

    Computed from the exact histogram of the 256 values, so the result has no rounding history.
    """
    histogram = np.zeros((images.shape[-1], 256), dtype=np.int64)
    for block in blocks(images):
        for channel, counts in enumerate(histogram):
            counts += np.bincount(block[..., channel].ravel(), minlength=256)
    means, deviations = [], []
    for exact in histogram.tolist():
        total = sum(exact)
        first = sum(value * n for value, n in enumerate(exact))
        second = sum(value * value * n for value, n in enumerate(exact))
        means.append(first / total / 255)
        deviations.append(math.sqrt(second * total - first * first) / total / 255)
    return np.array(means), np.array(deviations)


def content_digest(classes: tuple[str, ...], splits: Mapping[str, Split]) -> str:
    """SHA-256 over class names, shapes, labels and pixels, both splits in canonical order."""
    digest = hashlib.sha256(json.dumps([STORE_VERSION, list(classes)]).encode())
    for name in SPLITS:
        split = splits[name]
        digest.update(json.dumps([name, list(split.images.shape)]).encode())
        digest.update(np.ascontiguousarray(split.labels, dtype="<i8").tobytes())
        for block in blocks(split.images):
            digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def described(
    name: str, classes: tuple[str, ...], splits: Mapping[str, Split], sources_identity: str = ""
) -> Dataset:
    """A data set of splits in canonical order, with its statistics and digest."""
    train, test = (splits[split] for split in SPLITS)
    mean, std = channel_statistics(train.images)
    digest = content_digest(classes, splits)
    return Dataset(name, classes, train, test, mean, std, digest, sources_identity)


def build(name: str, classes: tuple[str, ...], splits: Mapping[str, Split]) -> Dataset:
    """A data set in memory from raw splits in any order."""
    return described(name, classes, {s: in_canonical_order(splits[s]) for s in SPLITS})
