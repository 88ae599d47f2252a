"""Image files that stay where they are: an index of them on disk, decoded while a run trains.

An index is a store whose ``store.json`` names a folder with ``train/<class>/**`` and
``val/<class>/**``, as torchvision's ``ImageFolder`` reads them. ``{train,test}_files.npy`` list the
files in the order of (label, SHA-256 of the file). What a run sees of a file is the image squashed
to ``side`` by ``side`` pixels, or the square in its middle.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.data.array_files import read_array
from benchmarks.data.dataset import Dataset, Split
from benchmarks.data.description import STORE_VERSION
from benchmarks.data.header import CHANNELS, SPLITS, Header, damaged, gone, index_path
from benchmarks.data.pictures import RESIZINGS
from benchmarks.errors import UserError, reading

FOLDERS = {"train": ("train",), "test": ("val", "test")}
THREADS = min(32, (os.cpu_count() or 1) + 2)


@dataclass(frozen=True)
class ImageFiles:
    """A split's image files, as an array uint8 (N, side, side, 3) that is read when it is indexed.

    Attributes:
        folder: below which they lie.
        files: in order, a structured array (N,): ``path`` below ``folder``, ``label``, ``bytes``
            and ``sha256``.
        side: height and width to which they are brought.
        resizing: how; a name of :data:`benchmarks.data.pictures.RESIZINGS`.
    """

    folder: Path
    files: np.ndarray
    side: int
    resizing: str = "squash"

    def __len__(self) -> int:
        return len(self.files)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, side, side, 3)."""
        return len(self), self.side, self.side, CHANNELS

    def path(self, place: int) -> Path:
        """Where the image at a place lies."""
        return self.folder / os.fsdecode(self.files["path"][place])

    def read(self, place: int) -> np.ndarray:
        """The pixels of the image at a place, uint8 (side, side, 3).

        Raises:
            UserError: where it is gone or can no longer be read.
        """
        path = self.path(place)
        return RESIZINGS[self.resizing](path, str(path), self.side)

    def __getitem__(self, places: slice | np.ndarray) -> np.ndarray:
        chosen = np.arange(len(self))[places]
        pixels = np.empty((len(chosen), *self.shape[1:]), dtype=np.uint8)
        for row, place in enumerate(chosen.tolist()):
            pixels[row] = self.read(place)
        return pixels

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self[:]

    def check(self) -> None:
        """Compare every file with the index.

        Raises:
            UserError: naming the first file that is gone or another.
        """
        with ThreadPoolExecutor(max_workers=THREADS) as executor:
            for _ in executor.map(self._check, range(len(self))):
                pass

    def _check(self, place: int) -> None:
        path = self.path(place)
        with reading(path):
            content = path.read_bytes()
        if hashlib.sha256(content).digest() != self.files["sha256"][place].tobytes():
            raise UserError(f"{path} is not the file that was imported: restore or import it again")


class FileSplit(Split):
    """A split whose images are files."""

    @classmethod
    def of(cls, files: ImageFiles) -> FileSplit:
        """The split of all of the files."""
        return cls(cast(np.ndarray, files), files.files["label"].astype(np.int64))

    @property
    def source(self) -> ImageFiles:
        """The files."""
        return cast(ImageFiles, self.images)


def file_kind(longest: int) -> np.dtype:
    """The entries of an index whose longest path has so many bytes."""
    path = ("path", f"S{max(1, longest)}")
    return np.dtype([path, ("label", "<i8"), ("bytes", "<i8"), ("sha256", "V32")])


def content_digest(classes: tuple[str, ...], side: int, splits: Mapping[str, ImageFiles]) -> str:
    """SHA-256 over the classes, the labels and the files' own digests, whatever their names."""
    digest = hashlib.sha256(json.dumps([STORE_VERSION, "files", list(classes), side]).encode())
    for name in SPLITS:
        files = splits[name].files
        digest.update(json.dumps([name, len(files)]).encode())
        digest.update(np.ascontiguousarray(files["label"]).tobytes())
        digest.update(np.ascontiguousarray(files["sha256"]).tobytes())
    return digest.hexdigest()


class FileDataset(Dataset):
    """A data set of which there is an index."""

    def content(self) -> str:
        """The digest of the index; opens no image."""
        splits = {name: getattr(self, name).source for name in SPLITS}
        return content_digest(self.classes, self.side, splits)

    def resized(self, how: str) -> FileDataset:
        """The same files, each brought to its size so; mean and deviation stay the index's."""
        train, test = (
            FileSplit.of(replace(getattr(self, split).source, resizing=how)) for split in SPLITS
        )
        return replace(self, train=train, test=test)

    def fault(self) -> str:
        """Nothing; raises UserError where a file is not the one that was imported."""
        for name in SPLITS:
            getattr(self, name).source.check()
        return ""


def opened(root: Path, header: Header) -> FileDataset:
    """The data set that an index is of; opens no image.

    Raises:
        UserError: where the folder has gone or the index is damaged.
    """
    if not Path(header.folder).is_dir():
        raise gone(header.folder, header.name)
    splits = {}
    for split in SPLITS:
        path = index_path(root, header.name, split)
        files = read_array(path)
        count = getattr(header.counts, split)
        if files.dtype.names != file_kind(1).names or files.shape != (count,):
            raise damaged(path, f"{files.dtype} {files.shape}, no list of {count:,} images")
        folder = Path(header.folder) / folder_of(Path(header.folder), split)
        splits[split] = FileSplit.of(ImageFiles(folder, files, header.side))
    found = FileDataset(
        name=header.name,
        classes=header.classes,
        **splits,
        mean=np.array(header.mean),
        std=np.array(header.std),
        digest=header.digest,
        sources_identity="" if header.identity == header.digest else header.identity,
    )
    if found.content() != header.digest:
        raise damaged(root / header.name, "its lists have another digest than store.json names")
    return found


def folder_of(folder: Path, split: str) -> str:
    """The name of a split's folder: "train"; "val" or, where there is none, "test"."""
    names = FOLDERS[split]
    return next((name for name in names if (folder / name).is_dir()), names[0])
