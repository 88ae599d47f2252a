"""Images on disk: memory-mapped uint8 arrays in an order that depends on their content alone.

A store is a folder ``DATA/<name>/`` with ``{train,test}_{images,labels}.npy`` and ``store.json``.
Images are sorted by (label, SHA-256 of the pixels), so that a download, an archive and a folder
import of the same data set give byte-identical files and one digest. Training only reads.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import DatasetInfo
from benchmarks.errors import UserError

SPLITS = ("train", "test")
STORE_VERSION = 1


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
        mean = first / total
        means.append(mean / 255)
        deviations.append((second * total - first * first) ** 0.5 / total / 255)
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


def check_digest(dataset: Dataset, info: DatasetInfo, fix: str) -> None:
    """Compare with the register.

    Raises:
        UserError: with ``fix``, where the content is not the register's.
    """
    if dataset.digest != info.digest:
        raise UserError(
            f"wrong digest {dataset.digest[:12]} for {info.name}, not {info.digest[:12]}: {fix}"
        )


def write(dataset: Dataset, root: Path, source: str) -> Path:
    """Publish a store under ``root`` by one rename; a second writer of the same data is harmless.

    Raises:
        UserError: where a store of that name with other content is there already.
    """
    target = root / dataset.name
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{dataset.name}-", dir=root))
    except OSError as error:
        raise UserError(f"cannot write data under {root}: {error.strerror}") from error
    try:
        _write_files(dataset, scratch, source)
        os.chmod(scratch, 0o755)
        try:
            os.rename(scratch, target)
        except OSError as error:
            if not (target / "store.json").exists():
                raise UserError(f"cannot write {target}: {error.strerror}") from error
            present = read_header(root, dataset.name)["digest"]
            if present != dataset.digest:
                raise UserError(
                    f"{target} already holds other images (digest {present[:12]}, "
                    f"not {dataset.digest[:12]}); remove that folder to replace it"
                ) from error
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _write_files(dataset: Dataset, folder: Path, source: str) -> None:
    for name in SPLITS:
        split: Split = getattr(dataset, name)
        np.save(folder / f"{name}_images.npy", split.images)
        np.save(folder / f"{name}_labels.npy", split.labels)
    header = {
        "store_version": STORE_VERSION,
        "name": dataset.name,
        "classes": list(dataset.classes),
        "digest": dataset.digest,
        "mean": dataset.mean.tolist(),
        "std": dataset.std.tolist(),
        "counts": {name: len(getattr(dataset, name)) for name in SPLITS},
        "source": source,
    }
    (folder / "store.json").write_text(json.dumps(header, indent=1) + "\n")


def read_header(root: Path, name: str) -> dict:
    """``store.json`` of a store.

    Raises:
        UserError: where it is missing (the message names the command) or unreadable.
    """
    path = root / name / "store.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(
            f"no data set {name} under {root}: run `reproduce data get {name}` "
            f"or `reproduce data import {name} PATH`"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): remove {path.parent} and get it again"
        ) from error


def read(root: Path, name: str) -> Dataset:
    """Open a store; the arrays stay memory-mapped and read-only."""
    header = read_header(root, name)
    splits = {}
    for split in SPLITS:
        arrays = []
        for part in ("images", "labels"):
            path = root / name / f"{split}_{part}.npy"
            try:
                arrays.append(np.load(path, mmap_mode="r"))
            except (OSError, ValueError) as error:
                raise UserError(
                    f"{path} cannot be read ({error}): remove {path.parent} and get it again"
                ) from error
        splits[split] = Split(*arrays)
    return Dataset(
        name=name,
        classes=tuple(header["classes"]),
        train=splits["train"],
        test=splits["test"],
        mean=np.array(header["mean"]),
        std=np.array(header["std"]),
        digest=header["digest"],
    )


def open_known(info: DatasetInfo, root: Path) -> Dataset:
    """:func:`read` of a registered data set, whose digest must be the register's."""
    dataset = read(root, info.name)
    check_digest(dataset, info, f"remove {root / info.name} and get it again")
    return dataset
