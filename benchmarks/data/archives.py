"""Data sets published as arrays, gzipped IDX (Fashion-MNIST) or MATLAB's (SVHN), and as zip files
of images, whose members are read in memory and never extracted (Tiny ImageNet, DeepWeeds).
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS, SPLITS
from benchmarks.data.pictures import Chunk, decoded, read_grey, read_picture
from benchmarks.errors import UserError, one_line

BLOCK = 4_096
UNSIGNED_BYTES = 0x0800
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError)
UNKNOWN = (NotImplementedError, RuntimeError)  # another compression, encryption


def read_idx(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits, grey images and their labels in a file each; resized, in three equal channels.

    Raises:
        UserError: where a file is cut off, of other sizes than the register's, or no IDX file.
    """
    names, side = (info.archive.train, info.archive.test), info.source_side
    for split, count, (images, labels) in zip(SPLITS, info.counts, names, strict=True):
        values = _read_idx(files[labels], (count,))
        if values.max(initial=0) >= len(info.classes):
            raise UserError(f"{files[labels]} has labels beyond 0 to {len(info.classes) - 1}")
        pixels = _read_idx(files[images], (count, side, side))
        jobs = zip(pixels, values, strict=True)
        yield from decoded(split, jobs, lambda grey: read_grey(grey, info))


def _read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The array uint8 of that shape; no more is read than it needs."""
    head = struct.pack(f">{1 + len(shape)}I", UNSIGNED_BYTES + len(shape), *shape)
    size = len(head) + math.prod(shape)
    damage = (OSError, EOFError, zlib.error)
    with (
        one_line(damage, lambda why: f"{path} is not a whole gzip file ({why})"),
        gzip.open(path) as file,
    ):
        content = file.read(size)
    if len(content) >= len(head) and not content.startswith(head):
        sizes = (shape, struct.unpack_from(f">{len(shape)}I", content, 4))
        expected, found = ("×".join(map(str, size)) for size in sizes)
        raise UserError(f"{path} is no IDX file of {expected} bytes (found {found})")
    if len(content) < size:
        raise UserError(f"{path} ends too early")
    return np.frombuffer(content, dtype=np.uint8, offset=len(head)).reshape(shape)


def read_matlab(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """Both splits of ``X`` uint8 (H, W, 3, N) and ``y`` (N, 1), where 10 stands for the digit 0.

    Raises:
        UserError: where a file is no MATLAB file, is cut off, or holds something else.
    """
    for split, (name,) in zip(SPLITS, (info.archive.train, info.archive.test), strict=True):
        images, labels = _read_matlab(files[name], info)
        for start in range(0, len(labels), BLOCK):
            window = slice(start, start + BLOCK)
            yield Chunk(split, np.ascontiguousarray(images[window]), labels[window])


def _read_matlab(path: Path, info: DatasetInfo) -> tuple[np.ndarray, np.ndarray]:
    """A view uint8 (N, H, W, 3) and labels int64 (N,)."""
    from scipy.io import loadmat

    # A garbled file may raise anything.
    with one_line(
        Exception, lambda why: f"{path} is not a file of {info.title} ({why})", with_type=True
    ):
        fields = loadmat(path, variable_names=["X", "y"])
        pixels, labels = fields["X"], fields["y"].reshape(-1)
        if pixels.dtype != np.uint8 or pixels.ndim != 4:
            raise ValueError(f"X is {pixels.dtype} {pixels.shape}")
        if pixels.shape != (info.side, info.side, CHANNELS, len(labels)):
            raise ValueError(f"X of shape {pixels.shape} for {len(labels)} labels")
        if not np.issubdtype(labels.dtype, np.number) or set(np.unique(labels)) - set(range(1, 11)):
            raise ValueError("labels beyond 1 to 10")
    return pixels.transpose(3, 0, 1, 2), labels.astype(np.int64) % 10


class Zip:
    """A zip file, every trouble with which is one line of ``UserError``."""

    def __init__(self, path: Path, info: DatasetInfo) -> None:
        self.path, self.info = path, info
        # Neither an image nor a list of all of them needs more, which keeps zip bombs out.
        self.limit = max(4 * CHANNELS * info.source_side**2, 200 * sum(info.counts)) + 100_000
        with self._told():
            self.file = zipfile.ZipFile(path)
        files = [member for member in self.file.infolist() if not member.is_dir()]
        self.members = {member.filename: member for member in files}
        if len(self.members) < len(files):
            raise UserError(f"{path} holds a file twice; fetch it again")

    def read(self, name: str) -> bytes:
        """The content of a member."""
        if name not in self.members:
            raise UserError(f"{self.path} lacks {name}: it is cut off, or not the official file")
        member = self.members[name]
        if member.file_size > self.limit:
            where = f"{name} of {self.path}"
            raise UserError(f"{where} has {member.file_size:,} bytes: too large for what it is")
        with self._told(), self.file.open(member) as content:
            return content.read(self.limit)

    def text(self, name: str) -> list[str]:
        """The lines of a member."""
        with one_line(UnicodeDecodeError, lambda _: f"{name} of {self.path} is not text"):
            return self.read(name).decode().splitlines()

    def images(self, split: str, labelled: Iterable[tuple[str, int]]) -> Iterator[Chunk]:
        """The members with those names and labels."""

        def decode(job: tuple[str, bytes]) -> np.ndarray:
            name, content = job
            return read_picture(io.BytesIO(content), f"{name} of {self.path}", self.info)

        jobs = (((name, self.read(name)), label) for name, label in labelled)
        return decoded(split, jobs, decode)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        with (
            one_line(DAMAGE, lambda why: f"{self.path} is not a whole zip file ({why})"),
            one_line(UNKNOWN, lambda why: f"{self.path} cannot be read ({why})"),
        ):
            yield


def read_tiny_imagenet(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """``train/<wnid>/images/*.JPEG``, and as test split ``val/images`` with its annotations.

    The official test images come without labels and are left alone.

    Raises:
        UserError: where it is no zip file, is cut off, or holds other classes or images.
    """
    (path,) = files.values()
    archive, root = Zip(path, info), info.archive.folder
    wnids = {line.strip() for line in archive.text(f"{root}/wnids.txt")} - {""}
    if wnids != set(info.classes):
        missing = ", ".join(sorted(set(info.classes) - wnids)[:3]) or "none"
        extra = ", ".join(sorted(wnids - set(info.classes))[:3]) or "none"
        raise UserError(
            f"{path} lists {len(wnids)} classes, not the {len(info.classes)} of {info.title}; "
            f"missing: {missing}; not expected: {extra}"
        )
    labels = {wnid: label for label, wnid in enumerate(info.classes)}
    for split, listed in zip(SPLITS, (_train_images, _validation_images), strict=True):
        images = listed(archive, root)
        if unknown := [wnid for _, wnid in images if wnid not in labels]:
            raise UserError(f"{path} has images of {unknown[0]!r}, which is no class of it")
        yield from archive.images(split, ((name, labels[wnid]) for name, wnid in images))


def _train_images(archive: Zip, root: str) -> list[tuple[str, str]]:
    """(member, class) of each."""
    found = []
    for name in archive.members:
        match PurePosixPath(name).parts:
            case (top, "train", wnid, "images", file) if top == root and file.endswith(".JPEG"):
                found.append((name, wnid))
    return found


def _validation_images(archive: Zip, root: str) -> list[tuple[str, str]]:
    """(member, class) of each; a line also has the object's box."""
    found = {}
    where = f"val_annotations.txt of {archive.path}"
    for number, line in enumerate(archive.text(f"{root}/val/val_annotations.txt"), start=1):
        file, _, rest = line.partition("\t")
        if not rest:
            raise UserError(f"{where}: line {number} is not a file and its class")
        if file in found:
            raise UserError(f"{where} names an image twice")
        found[file] = rest.partition("\t")[0]
    return [(f"{root}/val/images/{file}", wnid) for file, wnid in found.items()]


def read_deepweeds(files: dict[str, Path], info: DatasetInfo) -> Iterator[Chunk]:
    """A fold's training and test images, resized, from ``images.zip``.

    What an image shows is what ``labels.csv`` says, whose checksum is published. Of the five
    folds, each with 60 % of the images to train on, 20 % to validate and 20 % to test on, the lists
    ``train_subset<fold>.csv`` and ``test_subset<fold>.csv`` beside it only say which images are in
    it. The validation images are not used.

    Raises:
        UserError: where a file is missing, cut off, or of another fold or data set.
    """
    label_file = files["labels.csv"]
    labels = {}
    for name, label in _rows(label_file, info):
        if not label.isdecimal() or int(label) >= len(info.classes):
            raise UserError(f"{label_file} gives {name} the label {label!r}")
        labels[name] = int(label)
    lists = {split: _listed(label_file.parent, split, info) for split in SPLITS}
    names = [name for listed in lists.values() for name in listed]
    if unknown := [name for name in names if name not in labels]:
        raise UserError(f"the fold lists {unknown[0]}, which {label_file} does not")
    if len(set(names)) < len(names):
        raise UserError(f"the fold's lists in {label_file.parent} name an image twice")
    archive = Zip(files["images.zip"], info)
    members = {PurePosixPath(name).name: name for name in archive.members}
    for split, listed in lists.items():
        pairs = ((members.get(name, name), labels[name]) for name in listed)
        yield from archive.images(split, pairs)


def _listed(folder: Path, split: str, info: DatasetInfo) -> list[str]:
    """The images in a split's list, which is told by its length and its last rows."""
    (name,) = getattr(info.archive, split)
    place = SPLITS.index(split)
    count, last = info.counts[place], info.archive.endings[place]
    names = [name for name, _ in _rows(folder / name, info)]
    if len(names) != count or tuple(names[-len(last) :]) != last:
        raise UserError(
            f"{folder / name} lists {len(names):,} images up to {names[-1] if names else 'none'}, "
            f"not the official {count:,} up to {last[-1]}; fetch it again from "
            f"{info.archive.sources[-1].url}"
        )
    return names


def _rows(path: Path, info: DatasetInfo) -> list[tuple[str, str]]:
    """Filename and label of each image."""
    if not path.exists():
        raise UserError(f"{path} is missing: fetch it from {info.archive.sources[-1].url}")
    with (
        one_line(
            (OSError, UnicodeDecodeError, csv.Error), lambda why: f"cannot read {path}: {why}"
        ),
        open(path, encoding="utf-8", newline="") as file,
    ):
        rows = list(csv.DictReader(file, strict=True))
    columns = ("Filename", "Label")
    if any(row.get(column) is None for row in rows for column in columns):
        raise UserError(f"{path} lacks the columns {', '.join(columns)}")
    return [(row["Filename"], row["Label"]) for row in rows]
