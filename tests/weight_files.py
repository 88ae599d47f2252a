"""Weight files with the layouts of Keras' own, of Table I's networks, made from noise or to order.

Names of layers and arrays are those of the published files: VGG16's and the older ResNet50's were
written by Keras 1 (``block1_conv1_W_1:0``), the others by Keras 2 (``conv2d_1/kernel:0``).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from reproduce.store.paths import PAPER_TABLES

Layer = tuple[str, list[tuple[str, np.ndarray]]]
Make = Callable[["Conv"], np.ndarray]
NETWORKS = ("VGG16", "ResNet50", "InceptionV3", "Xception", "MobileNet")


@dataclass(frozen=True)
class Conv:
    """A 3×3 layer of a network: a line of table1_layers.csv, perhaps narrower."""

    name: str
    kind: str
    inputs: int
    outputs: int
    filters: int


def convs(arch: str, narrow: int = 1) -> list[Conv]:
    """The 3×3 layers of a network, its widths divided by ``narrow``."""
    found = []
    with open(PAPER_TABLES / "locality" / "table1_layers.csv", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["arch"] == arch:
                inputs = max(1, int(row["inputs"]) // narrow)
                outputs = max(1, int(row["outputs"]) // narrow)
                groups = inputs if int(row["groups"]) > 1 else 1
                filters = inputs * outputs // groups
                found.append(Conv(row["name"], row["kind"], inputs, outputs, filters))
    return found


def noise(seed: int = 0) -> Make:
    """Filters (N, 3, 3) of normal noise, whose shares are one half but for chance."""
    random = np.random.default_rng(seed)
    return lambda conv: random.standard_normal((conv.filters, 3, 3)).astype(np.float32)


def to_order(counts: dict[str, tuple[int, int]]) -> Make:
    """Filters of which the first counts[name] have centre > neighbour and neighbour > corner."""

    def make(conv: Conv) -> np.ndarray:
        centre, neighbour = counts[conv.name]
        filters = np.zeros((conv.filters, 3, 3), np.float32)
        order = np.arange(conv.filters)
        filters[:, 1, 1] = np.where(order < centre, 1, -1)
        filters[:, 0, 0] = np.where(order < neighbour, -1, 1)
        return filters

    return make


def kernel(conv: Conv, filters: np.ndarray) -> np.ndarray:
    """Filters (N, kh, kw) as Keras keeps them: (kh, kw, inputs, outputs or multiplier)."""
    _, height, width = filters.shape
    shape = (1, conv.inputs) if conv.kind == "dwconv" else (conv.outputs, conv.inputs)
    return filters.reshape(*shape, height, width).transpose(2, 3, 1, 0)


def keras_layers(arch: str, make: Make, narrow: int = 1) -> list[Layer]:
    """A network's layers as its Keras file has them, 1×1 convolutions and others in between."""
    layers: list[Layer] = [("input_1", [])]
    for number, conv in enumerate(convs(arch, narrow), start=1):
        weights = kernel(conv, make(conv))
        layers.append((conv.name, _arrays(arch, conv, weights)))
        beside = f"other_{number}"
        layers += [
            (beside, [(f"{beside}/kernel:0", np.ones((1, 1, conv.outputs, 2), np.float32))]),
            (f"{beside}_bn", [(f"{beside}_bn/beta:0", np.zeros(conv.outputs, np.float32))]),
            (f"{beside}_act", []),
        ]
        if arch == "InceptionV3":
            for name, shape in (("_1x7", (1, 7, 2, 2)), ("_5x5", (5, 5, 2, 2))):
                array = np.ones(shape, np.float32)
                layers.append((beside + name, [(f"{beside}{name}/kernel:0", array)]))
    dense = [("predictions/kernel:0", np.ones((4, 10), np.float32))]
    return [*layers, ("flatten", []), ("predictions", dense)]


def _arrays(arch: str, conv: Conv, weights: np.ndarray) -> list[tuple[str, np.ndarray]]:
    name = conv.name
    if arch in ("VGG16", "ResNet50"):
        old = "_1:0" if arch == "VGG16" else ":0"
        return [(f"{name}_W{old}", weights), (f"{name}_b{old}", np.zeros(conv.outputs))]
    if conv.kind == "conv":
        return [(f"{name}/kernel:0", weights)]
    arrays = [(f"{name}/depthwise_kernel:0", weights)]
    if arch == "Xception":
        pointwise = np.ones((1, 1, conv.inputs, 2), np.float32)
        arrays.append((f"{name}/pointwise_kernel:0", pointwise))
    return arrays


def write_keras(
    path: Path,
    layers: Iterable[Layer],
    *,
    chunks: int = 1,
    backend: str = "tensorflow",
    inside: str = "",
) -> Path:
    """A Keras HDF5 file; groups come sorted by name, as HDF5 keeps them.

    Args:
        chunks: over how many attributes ``layer_names`` is split.
        inside: the group of the weights, "model_weights" in a file of ``model.save``.
    """
    layers = list(layers)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        root = file.create_group(inside) if inside else file
        root.attrs["backend"] = backend.encode()
        _names(root, "layer_names", [name for name, _ in layers], chunks)
        for name, arrays in layers:
            group = root.create_group(name)
            _names(group, "weight_names", [weight for weight, _ in arrays], 1)
            for weight, values in arrays:
                group.create_dataset(weight, data=values)
    return path


def _names(group: h5py.Group, attribute: str, names: Sequence[str], chunks: int) -> None:
    encoded = np.array([name.encode() for name in names]) if names else np.zeros(0)
    if chunks == 1:
        group.attrs[attribute] = encoded
        return
    for number, chunk in enumerate(np.array_split(encoded, chunks)):
        group.attrs[f"{attribute}{number}"] = chunk


def write_network(path: Path, arch: str, make: Make | None = None, narrow: int = 1) -> Path:
    """A whole Keras file of one of :data:`NETWORKS`."""
    return write_keras(path, keras_layers(arch, make or noise(), narrow))


def printed_mobilenet() -> Make:
    """Filters that give MobileNet's printed row: made to, as its real weights are not at hand."""
    layers = convs("MobileNet")
    half = len(layers) // 2
    counts = {}
    for part, larger in ((layers[:half], (773, 744)), (layers[half:], (2410, 2064))):
        total = sum(conv.filters for conv in part)
        before = 0
        for conv in part:
            after = before + conv.filters
            centre, neighbour = (k * after // total - k * before // total for k in larger)
            counts[conv.name] = (centre, neighbour)
            before = after
    return to_order(counts)
