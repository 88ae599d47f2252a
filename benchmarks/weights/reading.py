"""Reads a weight file by its suffix; whatever is wrong with it becomes one line."""

from __future__ import annotations

import importlib
import stat
from pathlib import Path

from benchmarks.errors import UserError
from benchmarks.weights.layers import Order, SpatialLayer, WeightFile

__all__ = ["Order", "SpatialLayer", "WeightFile", "read", "read_file"]

READERS = {
    ".h5": "keras_file",
    ".hdf5": "keras_file",
    ".keras-hdf5": "keras_file",
    ".pt": "torch_file",
    ".pth": "torch_file",
    ".safetensors": "safetensors_file",
}


def read(path: Path) -> list[SpatialLayer]:
    """The convolutions of a weight file in order of depth; see :func:`read_file`."""
    return list(read_file(path).layers)


def read_file(path: Path) -> WeightFile:
    """The convolutions of a weight file, and how their order of depth is known.

    Layers whose filters are square with an odd side over 1 are returned; 1×1, 1×7 and the like
    are left out.

    Args:
        path: a Keras weight file or model (.h5, .hdf5), a torch state dict (.pt, .pth; loaded
            with ``weights_only``, so that no code in it runs) or a .safetensors file.

    Raises:
        UserError: where there is no such file, it cannot be read, is damaged, no weight file, or
            holds no such filters.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path}: no weight file by its name; one of {', '.join(READERS)} was expected"
        )
    check_readable(path)
    module = importlib.import_module(f"benchmarks.weights.{reader}")
    try:
        found: WeightFile = module.read_layers(path)
    except MemoryError as error:
        raise UserError(f"{path} is larger than this machine's memory") from error
    _check_content(found, path)
    return found


def check_readable(path: Path) -> None:
    """That a file can be opened and holds something; looks at its first byte.

    Raises:
        UserError: where not, or it is a folder, or a pipe or device, which may never end.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{path} is a folder: name the weight file itself")
        if not stat.S_ISREG(mode):
            raise UserError(f"{path} is a pipe or device, no file: save the weights in a file")
        with open(path, "rb") as file:
            start = file.read(1)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if not start:
        raise UserError(f"{path} is empty: fetch it again")


def _check_content(found: WeightFile, path: Path) -> None:
    import numpy as np

    if not found.layers:
        raise UserError(f"{path} holds no spatial filters: no convolution of 3×3, 5×5 or larger")
    for layer in found.layers:
        if not np.isfinite(layer.filters).all():
            raise UserError(
                f"{path}: layer {layer.name} holds weights that are infinite or no numbers"
            )
