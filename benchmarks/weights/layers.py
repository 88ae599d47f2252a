"""What a weight file yields: layers of spatial filters in order of depth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

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
