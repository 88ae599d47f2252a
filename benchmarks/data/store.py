"""Images on disk: memory-mapped uint8 arrays in an order that depends on their content alone.

A store is a folder ``DATA/<name>/`` with ``{train,test}_{images,labels}.npy`` and ``store.json``.
Images are sorted by (label, SHA-256 of the pixels), so that a download, an archive and a folder
import of the same data set give byte-identical files and one digest. Training only reads.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from benchmarks.data.description import STORE_VERSION, DatasetInfo
from benchmarks.data.fetching import scratch_folder, writing
from benchmarks.data.header import (
    CHANNELS,
    HEADER,
    SPLITS,
    Counts,
    Header,
    array_path,
    check_header,
    damaged,
    has_header,
    looking_at,
    read_header,
)
from benchmarks.errors import UserError, first_line, reading

if TYPE_CHECKING:
    import torch

    from benchmarks.training.batches import PlacedSplit

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

    def placed(self, device: torch.device) -> PlacedSplit:
        """The split for training on a device: all of its images are put there."""
        from benchmarks.training.batches import ResidentSplit

        return ResidentSplit(self, device)


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


def write(dataset: Dataset, root: Path) -> Path:
    """Publish a store under ``root``; a second writer of the same data is harmless.

    Raises:
        UserError: where ``root`` cannot be written, or something else lies there already.
    """
    with scratch_folder(root, dataset.name) as folder:
        with writing(root):
            for name in SPLITS:
                split: Split = getattr(dataset, name)
                save_split(folder, name, split.images, blocks(split.images), split.labels)
        return publish(dataset, folder, root)


def publish(
    dataset: Dataset,
    folder: Path,
    root: Path,
    made_with: str = "",
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Path:
    """Add the header to the arrays in ``folder`` and rename it to its place under ``root``.

    All bytes are on the disk before the rename, so that neither a kill nor a power cut leaves a
    store that only looks whole.

    Args:
        about: further fields of the header.
    """
    target = root / dataset.name
    with writing(root):
        _write_header(dataset, folder, made_with, about)
        _sync_folder(folder)
    try:
        os.rename(folder, target)
        _sync_folder(root)
    except OSError as error:
        _accept_present(dataset, root, error)
    return target


def _accept_present(dataset: Dataset, root: Path, error: OSError) -> None:
    """Another process was faster: fine, where it wrote the same."""
    target = root / dataset.name
    if not target.exists():
        raise UserError(f"cannot write {target}: {first_line(error)}") from error
    check_is_store(root, dataset.name)
    present = read_header(root, dataset.name).digest
    if present != dataset.digest:
        raise UserError(
            f"{target} already holds other images (digest {present[:12]}, "
            f"not {dataset.digest[:12]}); remove that folder to replace it"
        ) from error


def check_is_store(root: Path, name: str) -> None:
    """Refuse to go on where something that is no store has the place of one.

    Raises:
        UserError: where ``root/name`` is a file, or a folder with files but no header.
    """
    target = root / name
    if has_header(root, name):
        return
    with reading(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(
                f"{target} is in the way: it is no data store (no {HEADER}); "
                "move it, or choose another folder with --data"
            )


def _write_header(dataset: Dataset, folder: Path, made_with: str, about: Mapping[str, Any]) -> None:
    header = Header(
        store_version=STORE_VERSION,
        name=dataset.name,
        classes=dataset.classes,
        digest=dataset.digest,
        sources_identity=dataset.sources_identity,
        mean=tuple(dataset.mean.tolist()),
        std=tuple(dataset.std.tolist()),
        counts=Counts(len(dataset.train), len(dataset.test)),
        made_with=made_with,
        **about,
    )
    with open(folder / HEADER, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(header), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def save_split(
    folder: Path, name: str, like: np.ndarray, images: Iterable[np.ndarray], labels: np.ndarray
) -> Split:
    """Write a split's two arrays, and open them.

    Args:
        like: an array of the images' shape and type as a whole.
        images: the whole, cut along its first axis.
    """
    pixels = save_array(folder / f"{name}_images.npy", like, images)
    return Split(pixels, save_array(folder / f"{name}_labels.npy", labels, [labels]))


def save_array(path: Path, like: np.ndarray, parts: Iterable[np.ndarray]) -> np.ndarray:
    """Write an array of that shape and type in parts, and open it.

    The bytes of ``np.save``, which on a full disk says "requested and written" and not why."""
    layout = np.lib.format
    with open(path, "wb") as file:
        layout.write_array_header_1_0(file, layout.header_data_from_array_1_0(like))
        for part in parts:
            file.write(np.ascontiguousarray(part).data)
        file.flush()
        os.fsync(file.fileno())
    return read_array(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot, for folders
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(root: Path, name: str) -> Dataset:
    """Open a store; the arrays are read-only and stay on disk.

    Raises:
        UserError: where it is missing, or where shapes, types, sizes or labels contradict
            ``store.json``; the message names the fix.
    """
    header = read_header(root, name)
    if header.folder:
        from benchmarks.data import folders

        return folders.opened(root, header)
    train, test = (_read_split(root, header, split) for split in SPLITS)
    mean, std = np.array(header.mean), np.array(header.std)
    identity = "" if header.identity == header.digest else header.identity
    return Dataset(name, header.classes, train, test, mean, std, header.digest, identity)


def open_known(info: DatasetInfo, root: Path) -> Dataset:
    """:func:`read` of a registered data set, which must be what the register says."""
    check_header(read_header(root, info.store), info, root)
    dataset = read(root, info.store)
    for split in SPLITS:
        shape = getattr(dataset, split).images.shape
        if shape[1:3] != (info.side, info.side):
            path = array_path(root, info.store, split, "images")
            raise damaged(path, f"images of {shape[1]}×{shape[2]}, not {info.side}×{info.side}")
    return dataset


def verify(info: DatasetInfo, root: Path) -> str:
    """Read every byte of a store again and compare with its header and the register.

    Returns:
        The content digest.

    Raises:
        UserError: naming what is wrong.
    """
    dataset = open_known(info, root)
    digest = dataset.content()
    if digest != dataset.digest:
        reason = (
            f"its images or labels have digest {digest[:12]}, where {HEADER} names "
            f"{dataset.digest[:12]}"
        )
        raise damaged(root / info.store, reason)
    if fault := dataset.fault():
        raise damaged(root / info.store / HEADER, fault)
    return digest


def _read_split(root: Path, header: Header, split: str) -> Split:
    paths = [array_path(root, header.name, split, part) for part in ("images", "labels")]
    images, labels = map(read_array, paths)
    count = getattr(header.counts, split)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[::3] != (count, CHANNELS):
        found = f"{images.dtype} {images.shape}"
        raise damaged(paths[0], f"{found}, not uint8 ({count}, H, W, {CHANNELS})")
    if labels.dtype != np.int64 or labels.shape != (count,):
        raise damaged(paths[1], f"{labels.dtype} {labels.shape}, not int64 ({count},)")
    if count and not 0 <= labels.min() <= labels.max() < len(header.classes):
        raise damaged(paths[1], f"labels beyond 0 to {len(header.classes) - 1}")
    return Split(images, labels)


def read_array(path: Path) -> np.ndarray:
    """The array of a whole ``.npy`` file with nothing behind it, on disk and read-only."""
    with looking_at(path, Exception):  # a garbled file may raise anything
        array = np.lib.format.open_memmap(path, mode="r")
        if array.offset + array.nbytes != path.stat().st_size:
            raise ValueError(f"{path.stat().st_size:,} bytes, too many")
    return array
