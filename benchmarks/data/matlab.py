"""MATLAB files, as SVHN's cropped digits are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data.chunks import Chunk, OnCount, nobody
from benchmarks.data.description import DatasetInfo
from benchmarks.data.header import CHANNELS, SPLITS, first_line
from benchmarks.errors import UserError

BLOCK = 4_096


def read_matlab(folder: Path, info: DatasetInfo, on_image: OnCount = nobody) -> Iterator[Chunk]:
    """Both splits of ``X`` uint8 (H, W, 3, N) and ``y`` (N, 1), where 10 stands for the digit 0.

    Raises:
        UserError: where a file is no MATLAB file, is cut off, or holds something else.
    """
    assert info.archive is not None
    done, names = 0, (info.archive.train, info.archive.test)
    for split, (name,) in zip(SPLITS, names, strict=True):
        images, labels = _read(folder / name, info)
        for start in range(0, len(labels), BLOCK):
            window = slice(start, start + BLOCK)
            yield Chunk(split, np.ascontiguousarray(images[window]), labels[window])
            done += len(labels[window])
            on_image(done, sum(info.counts))


def _read(path: Path, info: DatasetInfo) -> tuple[np.ndarray, np.ndarray]:
    """A view uint8 (N, H, W, 3) and labels int64 (N,)."""
    from scipy.io import loadmat

    try:
        fields = loadmat(path, variable_names=["X", "y"])
        pixels, labels = fields["X"], fields["y"].reshape(-1)
        if pixels.dtype != np.uint8 or pixels.ndim != 4:
            raise ValueError(f"X is {pixels.dtype} {pixels.shape}")
        if pixels.shape != (info.side, info.side, CHANNELS, len(labels)):
            raise ValueError(f"X of shape {pixels.shape} for {len(labels)} labels")
        if not np.issubdtype(labels.dtype, np.number) or set(np.unique(labels)) - set(range(1, 11)):
            raise ValueError("labels beyond 1 to 10")
    except Exception as error:  # a garbled file may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(f"{path} is not a file of {info.title} ({reason})") from error
    return pixels.transpose(3, 0, 1, 2), labels.astype(np.int64) % 10
