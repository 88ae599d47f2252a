"""Data sets on disk: memory-mapped uint8 arrays, written once, checked and read.

A store is a folder ``DATA/<name>/`` with ``{train,test}_{images,labels}.npy`` and ``store.json``.
Images are sorted by (label, SHA-256 of the pixels), so that a download, an archive and a folder
import of the same data set give byte-identical files and one digest. Training only reads.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from benchmarks.data import folders
from benchmarks.data.array_files import read_array, save_array
from benchmarks.data.dataset import Dataset, Split, blocks
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
    read_header,
)
from benchmarks.errors import UserError, first_line, reading


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
