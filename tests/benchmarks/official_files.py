"""Writes small data sets exactly as the official ones are published, with a register entry each.

Every maker gives the entry, with the checksums of the files that it has just written, and what the
store has to hold: the images and labels of both splits, computed without the code under test.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from image_sources import add_file, python2_dumps, shuffled
from PIL import Image
from scipy.io import savemat

from benchmarks.data import DATASETS, DatasetInfo
from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.data.header import SPLITS

# Superclasses by fine label, as public tables of the official training file give them.
COARSE = [
    *(4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7),
    *(6, 13, 15, 3, 15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10),
    *(16, 4, 17, 4, 2, 0, 17, 4, 18, 17, 10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16),
    *(12, 9, 13, 15, 13, 16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13),
]

URL = "http://127.0.0.1:9"


class Made(NamedTuple):
    """``path`` is what a user would import."""

    path: Path
    info: DatasetInfo
    expected: dict[str, Split]


def noise(count: int, side: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def registered(entry: DatasetInfo, folder: Path, **changes: Any) -> DatasetInfo:
    """The entry with the checksums of the official files that lie in ``folder``."""
    archive = entry.archive
    sources = []
    for file in archive.sources:
        path = next(folder.rglob(file.name))
        kind = file.checksum.partition(":")[0]
        digest = hashlib.new(kind.removeprefix("text-"), path.read_bytes()).hexdigest()
        url = f"{URL}/{file.name}"
        sources.append(dataclasses.replace(file, url=url, checksum=f"{kind}:{digest}"))
    changes = {"archive": dataclasses.replace(archive, sources=tuple(sources)), **changes}
    return dataclasses.replace(entry, **changes)


def cifar100(folder: Path) -> Made:
    """Six images of each of five classes of as many superclasses, as a tar file of pickles."""
    names = DATASETS["cifar100"].classes[:5]
    expected = {
        "train": Split(noise(20, 32, 1), np.tile(np.arange(5), 4)),
        "test": Split(noise(10, 32, 2), np.tile(np.arange(5), 2)),
    }
    digest = build("cifar100", names, expected).digest
    entry = dataclasses.replace(DATASETS["cifar100"], classes=names, counts=(20, 10), digest=digest)
    return Made(*_write_cifar100(entry, expected, folder), expected)


def write_cifar100(dataset: Dataset, folder: Path, seed: int) -> tuple[Path, DatasetInfo]:
    """The real images, in another order, as a tar file; the entry has this file's checksums."""
    folder.mkdir()
    parts = {split: shuffled(getattr(dataset, split), seed) for split in SPLITS}
    return _write_cifar100(DATASETS["cifar100"], parts, folder)


def _write_cifar100(
    entry: DatasetInfo, parts: dict[str, Split], folder: Path
) -> tuple[Path, DatasetInfo]:
    path = folder / "cifar-100-python.tar.gz"
    files = {split: python2_dumps(cifar100_batch(part)) for split, part in parts.items()}
    files["meta"] = python2_dumps(
        {
            b"fine_label_names": [name.encode() for name in entry.classes],
            b"coarse_label_names": [name.encode() for name, _ in entry.superclasses],
        }
    )
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in (*files.items(), ("file.txt~", b"")):
            add_file(tar, f"cifar-100-python/{name}", content)
    info = registered(entry, folder)
    extracted = tuple(
        dataclasses.replace(f, checksum=f"md5:{hashlib.md5(files[f.name]).hexdigest()}")
        for f in info.archive.extracted
    )
    archive = dataclasses.replace(info.archive, extracted=extracted)
    return path, dataclasses.replace(info, archive=archive)


def cifar100_batch(split: Split) -> dict[bytes, Any]:
    pixels = split.images.transpose(0, 3, 1, 2).reshape(len(split), -1)
    return {
        b"filenames": [f"apple_s_{number:06}.png".encode() for number in range(len(split))],
        b"batch_label": b"training batch 1 of 1",
        b"fine_labels": split.labels.tolist(),
        b"coarse_labels": [COARSE[label] for label in split.labels.tolist()],
        b"data": np.ascontiguousarray(pixels),
    }


def fashion_mnist(folder: Path, name: str = "fashion-mnist") -> Made:
    """Four and two grey images of each class, as gzipped IDX files."""
    side = DATASETS[name].side
    expected = {}
    for split, stem, count in (("train", "train", 40), ("test", "t10k", 20)):
        grey = noise(count, 28, count)[..., 0]
        labels = np.arange(count) % 10
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", grey)
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels.astype(np.uint8))
        images = [Image.fromarray(g).resize((side, side), Image.Resampling.BILINEAR) for g in grey]
        pixels = np.stack([np.asarray(image.convert("RGB")) for image in images])
        expected[split] = Split(pixels, labels)
    return Made(folder, registered(DATASETS[name], folder, counts=(40, 20)), expected)


def mnist(folder: Path) -> Made:
    """The same files, whose images stay as large as they are."""
    return fashion_mnist(folder, "mnist")


def write_idx(path: Path, values: np.ndarray) -> None:
    head = struct.pack(f">{1 + values.ndim}I", 0x0800 + values.ndim, *values.shape)
    path.write_bytes(gzip.compress(head + values.tobytes(), 1))


def svhn(folder: Path) -> Made:
    """MATLAB files, in which the digit 0 has the label 10."""
    expected = {}
    for split, count in (("train", 30), ("test", 17)):
        images, digits = noise(count, 32, count), np.arange(count) % 10
        write_mat(folder / f"{split}_32x32.mat", images, np.where(digits == 0, 10, digits))
        expected[split] = Split(images, digits)
    return Made(folder, registered(DATASETS["svhn"], folder, counts=(30, 17)), expected)


def write_mat(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    columns = labels.astype(np.uint8)[:, None]
    savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": columns}, do_compression=True)


def jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def decoded(content: bytes, side: int) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        colour = picture.convert("RGB")
        if colour.size != (side, side):
            colour = colour.resize((side, side), Image.Resampling.BILINEAR)
        return np.asarray(colour)


def tiny_imagenet_files() -> dict[str, bytes]:
    """Members of the zip file: five training and three validation images of four classes, one in
    each class grey."""
    root, wnids = "tiny-imagenet-200", DATASETS["tiny-imagenet"].classes[40:44]
    files = {
        f"{root}/wnids.txt": "\n".join(reversed(wnids)).encode(),
        f"{root}/words.txt": b"n00001740\tentity\n",
        f"{root}/test/images/test_0.JPEG": jpeg(noise(1, 64, 0)[0]),
    }
    annotations = []
    for label, wnid in enumerate(wnids):
        for number, pixels in enumerate(noise(5, 64, label)):
            image = pixels[..., 0] if number == 4 else pixels
            files[f"{root}/train/{wnid}/images/{wnid}_{number}.JPEG"] = jpeg(image)
        files[f"{root}/train/{wnid}/{wnid}_boxes.txt"] = f"{wnid}_0.JPEG\t0\t0\t9\t9\n".encode()
        for number, pixels in enumerate(noise(3, 64, 100 + label)):
            name = f"val_{number * 4 + label}.JPEG"
            files[f"{root}/val/images/{name}"] = jpeg(pixels[..., 0] if number == 2 else pixels)
            annotations.append(f"{name}\t{wnid}\t0\t0\t9\t9\n")
    files[f"{root}/val/val_annotations.txt"] = "".join(sorted(annotations)).encode()
    return files


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tiny_imagenet(folder: Path, change: Callable[[dict[str, bytes]], Any] = id) -> Made:
    """``change`` may alter the members before they are written."""
    files = tiny_imagenet_files()
    wnids = DATASETS["tiny-imagenet"].classes[40:44]
    expected = {}
    for split in SPLITS:
        images, labels = [], []
        for name, content in files.items():
            parts = name.split("/")
            if split == "train" and parts[1] == "train" and name.endswith(".JPEG"):
                labels.append(wnids.index(parts[2]))
                images.append(decoded(content, 64))
            if split == "test" and name.startswith("tiny-imagenet-200/val/images/"):
                labels.append(int(parts[-1][4:-5]) % 4)
                images.append(decoded(content, 64))
        expected[split] = Split(np.stack(images), np.array(labels))
    change(files)
    path = write_zip(folder / "tiny-imagenet-200.zip", files)
    entry = DATASETS["tiny-imagenet"]
    return Made(path, registered(entry, folder, classes=wnids, counts=(20, 12)), expected)


WEEDS = 15
FOLDS = 2


def weed_name(number: int) -> str:
    return f"201609{number + 10:02}-1403{number:02}-{number % 4}.jpg"


def weed_fold(fold: int) -> dict[str, list[int]]:
    """Which images each list of a fold names: three fifths, one fifth, one fifth."""
    order = np.random.default_rng(fold).permutation(WEEDS).tolist()
    return {"train": order[:9], "val": order[9:12], "test": order[12:]}


def deepweeds(folder: Path, fold: int = 0) -> Made:
    """Fifteen images of nine classes in two folds, ``images.zip`` and ``labels/``."""
    labels = folder / "labels"
    labels.mkdir()
    images = {weed_name(n): jpeg(pixels) for n, pixels in enumerate(noise(WEEDS, 256, 3))}
    write_zip(folder / "images.zip", images)
    classes = DATASETS["deepweeds"].classes
    rows = [(name, n % 9, classes[n % 9]) for n, name in enumerate(images)]
    write_csv(labels / "labels.csv", ("Filename", "Label", "Species"), rows)
    entries, expected = [], {}
    for number in range(FOLDS):
        lists = weed_fold(number)
        for split, chosen in lists.items():
            names = [(weed_name(n), n % 9) for n in chosen]
            write_csv(labels / f"{split}_subset{number}.csv", ("Filename", "Label"), names)
        entries.append(_weed_entry(folder, number, lists))
        if number == fold:
            for split in SPLITS:
                pixels = np.stack([decoded(images[weed_name(n)], 128) for n in lists[split]])
                expected[split] = Split(pixels, np.array(lists[split]) % 9)
    entries[0] = dataclasses.replace(entries[0], folds=tuple(entries))
    return Made(folder, entries[fold], expected)


def _weed_entry(folder: Path, fold: int, lists: dict[str, list[int]]) -> DatasetInfo:
    entry = DATASETS["deepweeds"].of_fold(fold)
    endings = tuple(tuple(weed_name(n) for n in lists[split][-4:]) for split in SPLITS)
    archive = dataclasses.replace(entry.archive, endings=endings)
    counts = (len(lists["train"]), len(lists["test"]))
    return registered(dataclasses.replace(entry, archive=archive), folder, counts=counts)


def write_csv(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


MAKERS: dict[str, Callable[[Path], Made]] = {
    "cifar100": cifar100,
    "mnist": mnist,
    "fashion-mnist": fashion_mnist,
    "svhn": svhn,
    "tiny-imagenet": tiny_imagenet,
    "deepweeds": deepweeds,
}
