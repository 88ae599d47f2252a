"""Official files that hold arrays: gzipped IDX (Fashion-MNIST) and MATLAB's (SVHN)."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS, SPLITS
from benchmarks.data.pictures import Chunk, decoded, read_grey
from benchmarks.errors import UserError, one_line

BLOCK = 4_096
UNSIGNED_BYTES = 0x0800


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
