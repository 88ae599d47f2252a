"""What a weight file yields, and its reading by suffix; what is wrong with it becomes one line."""

from __future__ import annotations

import importlib
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.errors import UserError, one_line, reading

if TYPE_CHECKING:
    import numpy as np

READERS = {
    ".h5": "keras_file",
    ".hdf5": "keras_file",
    ".keras-hdf5": "keras_file",
    ".pt": "torch_file",
    ".pth": "torch_file",
    ".safetensors": "safetensors_file",
}

Kind = Literal["conv", "dwconv"]


class Order(Enum):
    """How a file tells which layer comes first; the value is a sentence's end for reports."""

    KERAS_LAYERS = "the file's list of layers, in which each layer follows its inputs"
    KERAS_NUMBERS = "the numbers in the layers' names, which count in order of construction"
    STATE_DICT = "the state dict, which lists modules in order of construction"
    MERGED = (
        "the network of the run that the file is of, its branches merged into one filter a block"
    )
    METADATA = "the order that the file's metadata state"
    FILE = "the order in which the file stores its tensors"
    NAMES = "the tensors' names with their numbers compared as numbers; the file states no order"


def is_spatial(height: int, width: int) -> bool:
    """Whether filters are square with an odd side over 1."""
    return height == width > 1 and height % 2 == 1


@dataclass(frozen=True)
class SpatialLayer:
    """A convolution's spatial filters: one for each pair of connected input and output channels.

    Attributes:
        name: as the file has it.
        kind: "dwconv" where every filter has an input channel of its own, else "conv".
        filters: float32 (N, kh, kw), N = inputs · outputs / groups; row, column as the network
            correlates them with its input, (0, 0) the upper left.
    """

    name: str
    kind: Kind
    filters: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the filters."""
        _, height, width = self.filters.shape
        return height, width


@dataclass(frozen=True)
class WeightFile:
    """The convolutions over more than one pixel of a weight file, in order of depth."""

    layers: tuple[SpatialLayer, ...]
    order: Order


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
    import numpy as np

    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path}: no weight file by its name; one of {', '.join(READERS)} was expected"
        )
    check_readable(path)
    module = importlib.import_module(f"benchmarks.weights.{reader}")
    with one_line(MemoryError, lambda _: f"{path} is larger than this machine's memory"):
        found: WeightFile = module.read_layers(path)
    if not found.layers:
        raise UserError(f"{path} holds no spatial filters: no convolution of 3×3, 5×5 or larger")
    for layer in found.layers:
        if not np.isfinite(layer.filters).all():
            raise UserError(
                f"{path}: layer {layer.name} holds weights that are infinite or no numbers"
            )
    return found


def check_readable(path: Path) -> None:
    """That a file can be opened and holds something; looks at its first byte.

    Raises:
        UserError: where not, or it is a folder, or a pipe or device, which may never end.
    """
    with reading(path), one_line(FileNotFoundError, lambda _: f"{path} does not exist"):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{path} is a folder: name the weight file itself")
        if not stat.S_ISREG(mode):
            raise UserError(f"{path} is a pipe or device, no file: save the weights in a file")
        with open(path, "rb") as file:
            start = file.read(1)
    if not start:
        raise UserError(f"{path} is empty: fetch it again")
