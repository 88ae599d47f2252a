"""Gzipped IDX files, as MNIST and Fashion-MNIST are published: images and labels apart."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from benchmarks.data.chunks import Chunk, OnCount, in_threads, nobody
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import SPLITS, first_line
from benchmarks.data.pictures import read_grey
from benchmarks.errors import UserError

# Two zero bytes, the type (8: unsigned bytes), the number of dimensions.
IMAGES_MAGIC, LABELS_MAGIC = 0x0803, 0x0801


def read_idx(folder: Path, info: DatasetInfo, on_image: OnCount = nobody) -> Iterator[Chunk]:
    """Both splits, resized and in three equal channels.

    Raises:
        UserError: where a file is cut off, of other sizes than the register's, or no IDX file.
    """
    assert info.archive is not None
    done, names = 0, (info.archive.train, info.archive.test)
    for split, count, (images, labels) in zip(SPLITS, info.counts, names, strict=True):
        values = np.frombuffer(_whole(folder / labels, LABELS_MAGIC, (count,)), dtype=np.uint8)
        if values.max(initial=0) >= len(info.classes):
            raise UserError(f"{folder / labels} has labels beyond 0 to {len(info.classes) - 1}")
        start = 0
        pixels = _images(folder / images, count, info.source_side)
        for block in in_threads(lambda grey: read_grey(grey, info), pixels):
            yield Chunk(split, block, values[start : start + len(block)].astype(np.int64))
            start += len(block)
            done += len(block)
            on_image(done, sum(info.counts))


def _images(path: Path, count: int, side: int) -> Iterator[np.ndarray]:
    """uint8 (side, side) each."""
    with _Idx(path, IMAGES_MAGIC, (count, side, side)) as file:
        for _ in range(count):
            yield np.frombuffer(file.read(side * side), dtype=np.uint8).reshape(side, side)


def _whole(path: Path, magic: int, shape: tuple[int, ...]) -> bytes:
    with _Idx(path, magic, shape) as file:
        return file.read(int(np.prod(shape)))


class _Idx:
    """A file whose header is as expected, and of which no more is read than that says."""

    def __init__(self, path: Path, magic: int, shape: tuple[int, ...]) -> None:
        self.path = path
        self.expected = struct.pack(f">{1 + len(shape)}I", magic, *shape)

    def __enter__(self) -> _Idx:
        try:
            self.file: BinaryIO = gzip.open(self.path, "rb")  # type: ignore[assignment]
        except OSError as error:
            raise UserError(f"cannot read {self.path}: {first_line(error)}") from error
        if (head := self.read(len(self.expected))) != self.expected:
            sizes = [struct.unpack(f">{len(h) // 4}I", h)[1:] for h in (head, self.expected)]
            found, expected = ("×".join(map(str, size)) for size in sizes)
            self.file.close()
            raise UserError(f"{self.path} is no IDX file of {expected} bytes (found {found})")
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, size: int) -> bytes:
        try:
            content = self.file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(
                f"{self.path} is not a whole gzip file ({first_line(error)})"
            ) from error
        if len(content) != size:
            raise UserError(f"{self.path} ends too early")
        return content
