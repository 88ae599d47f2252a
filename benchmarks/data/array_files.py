"""``.npy`` files, written in parts and read as memory maps."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.data.header import looking_at


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


def read_array(path: Path) -> np.ndarray:
    """The array of a whole ``.npy`` file with nothing behind it, on disk and read-only."""
    with looking_at(path, Exception):  # a garbled file may raise anything
        array = np.lib.format.open_memmap(path, mode="r")
        if array.offset + array.nbytes != path.stat().st_size:
            raise ValueError(f"{path.stat().st_size:,} bytes, too many")
    return array
