"""Images on disk: memory-mapped uint8 arrays in an order that depends on their content alone.

A store is a folder ``DATA/<name>/`` with ``{train,test}_{images,labels}.npy`` and ``store.json``.
Images are sorted by (label, SHA-256 of the pixels), so that a download, an archive and a folder
import of the same data set give byte-identical files and one digest. Training only reads.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import DatasetInfo
from benchmarks.datasets.header import (
    CHANNELS,
    HEADER,
    SPLITS,
    STORE_VERSION,
    Header,
    array_path,
    check_header,
    damaged,
    first_line,
    has_header,
    read_header,
)
from benchmarks.datasets.scratch import scratch_folder
from benchmarks.errors import UserError


@dataclass(frozen=True)
class Split:
    """``images``: uint8 (N, H, W, C). ``labels``: int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A data set as training sees it.

    ``mean`` and ``std`` are the training pixels' channel statistics in [0, 1], float64 (C,).
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    mean: np.ndarray
    std: np.ndarray
    digest: str


def in_canonical_order(split: Split) -> Split:
    """The same images sorted by (label, SHA-256 of the pixels)."""
    images = np.ascontiguousarray(split.images)
    keys = [hashlib.sha256(image.tobytes()).digest() for image in images]
    order = sorted(range(len(keys)), key=lambda i: (int(split.labels[i]), keys[i]))
    return Split(images[order], split.labels[order].astype(np.int64))


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population standard deviation per channel, pixels scaled to [0, 1], float64 (C,).

    Computed from the exact histogram of the 256 values, so the result has no rounding history.
    """
    means, deviations = [], []
    for channel in range(images.shape[-1]):
        counts = np.bincount(images[..., channel].ravel(), minlength=256)
        total = int(counts.sum())
        first = sum(value * int(n) for value, n in enumerate(counts))
        second = sum(value * value * int(n) for value, n in enumerate(counts))
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
        digest.update(np.ascontiguousarray(split.images).tobytes())
    return digest.hexdigest()


def build(name: str, classes: tuple[str, ...], splits: Mapping[str, Split]) -> Dataset:
    """A data set in memory from raw splits in any order."""
    ordered = {split: in_canonical_order(splits[split]) for split in SPLITS}
    mean, std = channel_statistics(ordered["train"].images)
    digest = content_digest(classes, ordered)
    return Dataset(name, classes, ordered["train"], ordered["test"], mean, std, digest)


def write(dataset: Dataset, root: Path) -> Path:
    """Publish a store under ``root``; a second writer of the same data is harmless.

    Raises:
        UserError: where ``root`` cannot be written, or something else lies there already.
    """
    with scratch_folder(root, dataset.name) as folder:
        return publish(dataset, folder, root)


def publish(dataset: Dataset, folder: Path, root: Path) -> Path:
    """Write a store's files into ``folder`` and rename it to its place under ``root``.

    All bytes are on the disk before the rename, so that neither a kill nor a power cut leaves a
    store that only looks whole.
    """
    target = root / dataset.name
    try:
        _write_files(dataset, folder)
        _sync_folder(folder)
    except OSError as error:
        raise UserError(
            f"cannot write under {root} ({first_line(error)}): choose a folder with --data"
        ) from error
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
    present = read(root, dataset.name)
    if present.digest != dataset.digest:
        raise UserError(
            f"{target} already holds other images (digest {present.digest[:12]}, "
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
    try:
        in_the_way = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    except OSError as error:
        raise UserError(f"cannot read {target}: {first_line(error)}") from error
    if in_the_way:
        raise UserError(
            f"{target} is in the way: it is no data store (no {HEADER}); "
            "move it, or choose another folder with --data"
        )


def _write_files(dataset: Dataset, folder: Path) -> None:
    for name in SPLITS:
        split: Split = getattr(dataset, name)
        _save(folder / f"{name}_images.npy", split.images)
        _save(folder / f"{name}_labels.npy", split.labels)
    header = Header(
        store_version=STORE_VERSION,
        name=dataset.name,
        classes=list(dataset.classes),
        digest=dataset.digest,
        mean=dataset.mean.tolist(),
        std=dataset.std.tolist(),
        counts={name: len(getattr(dataset, name)) for name in SPLITS},
    )
    with open(folder / HEADER, "w", encoding="utf-8") as file:
        file.write(json.dumps(header, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _save(path: Path, array: np.ndarray) -> None:
    """The bytes of ``np.save``, which on a full disk says "requested and written" and not why."""
    layout = np.lib.format
    with open(path, "wb") as file:
        layout.write_array_header_1_0(file, layout.header_data_from_array_1_0(array))
        file.write(np.ascontiguousarray(array).data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems cannot, for folders
    finally:
        os.close(descriptor)


def read(root: Path, name: str, *, mapped: bool = True) -> Dataset:
    """Open a store; the arrays are read-only and stay on disk where ``mapped``.

    Raises:
        UserError: where it is missing, or where shapes, types, sizes or labels contradict
            ``store.json``; the message names the fix.
    """
    header = read_header(root, name)
    splits = {split: _read_split(root, header, split, mapped) for split in SPLITS}
    return Dataset(
        name=name,
        classes=tuple(header["classes"]),
        train=splits["train"],
        test=splits["test"],
        mean=np.array(header["mean"]),
        std=np.array(header["std"]),
        digest=header["digest"],
    )


def open_known(info: DatasetInfo, root: Path, *, mapped: bool = True) -> Dataset:
    """:func:`read` of a registered data set, which must be what the register says."""
    check_header(read_header(root, info.name), info, root)
    dataset = read(root, info.name, mapped=mapped)
    for split in SPLITS:
        shape = getattr(dataset, split).images.shape
        if shape[1:3] != (info.side, info.side):
            path = array_path(root, info.name, split, "images")
            raise damaged(path, f"images of {shape[1]}×{shape[2]}, not {info.side}×{info.side}")
    return dataset


def verify(info: DatasetInfo, root: Path) -> None:
    """Read every byte of a store again and compare with its header and the register.

    Raises:
        UserError: naming what is wrong.
    """
    dataset = open_known(info, root, mapped=False)
    splits = {split: getattr(dataset, split) for split in SPLITS}
    digest = content_digest(dataset.classes, splits)
    if digest != info.digest:
        reason = f"its images or labels have digest {digest[:12]}, not {info.digest[:12]}"
        raise damaged(root / info.name, reason)
    statistics = channel_statistics(dataset.train.images)
    if not np.array_equal(statistics, (dataset.mean, dataset.std)):
        raise damaged(root / info.name / HEADER, "its mean or std is not that of the images")


def _read_split(root: Path, header: Header, split: str, mapped: bool) -> Split:
    images_path = array_path(root, header["name"], split, "images")
    labels_path = array_path(root, header["name"], split, "labels")
    images, labels = _read_array(images_path, mapped), _read_array(labels_path, mapped)
    count = header["counts"][split]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[::3] != (count, CHANNELS):
        found = f"{images.dtype} {images.shape}"
        raise damaged(images_path, f"{found}, not uint8 ({count}, H, W, {CHANNELS})")
    if labels.dtype != np.int64 or labels.shape != (count,):
        raise damaged(labels_path, f"{labels.dtype} {labels.shape}, not int64 ({count},)")
    if count and not 0 <= labels.min() <= labels.max() < len(header["classes"]):
        raise damaged(labels_path, f"labels beyond 0 to {len(header['classes']) - 1}")
    return Split(images, labels)


def _read_array(path: Path, mapped: bool) -> np.ndarray:
    """A whole ``.npy`` file and nothing behind it."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
        if array.offset + array.nbytes != path.stat().st_size:
            raise ValueError(f"{path.stat().st_size:,} bytes, too many")
        if not mapped:
            array = np.load(path, allow_pickle=False)
            array.flags.writeable = False
    except Exception as error:  # a garbled file may raise anything
        raise damaged(path, first_line(error)) from error
    return array
