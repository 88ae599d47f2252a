"""A network layer by layer beside the rows that a paper prints of it.

Pure functions over plain mappings. A layer of ours has the attributes of
``benchmarks.models.describe.Layer`` as keys, a published row the columns of its CSV as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

SAME, DIFFERENT = "same", "different"
CLASSES = "nClasses"
# What a published column is called among our layers' keys.
COLUMNS = {
    "type": "kind",
    "kernel": "kernel",
    "stride": "stride",
    "in_ch": "in_channels",
    "out_ch": "out_channels",
    "input_hw": "side",
    "followed_by": "followed_by",
}
UNPRINTED = ("kernel", "stride")  # an empty field there says nothing
COUNTS = ("weights", "parameters", "multiply_adds")
TYPES = {"conv": "C", "dwconv": "C dw", "pwconv": "C", "maxpool": "MP", "fc": "FC"}

Layer = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A layer of ours and the published one at the same place; either may be missing."""

    index: int
    ours: Layer | None
    differences: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """ "same" or "different"."""
        return DIFFERENT if self.differences else SAME

    @property
    def type(self) -> str:
        """Type and stride as the paper writes them, such as "C dw/s2"."""
        return f"{TYPES[self.ours['kind']]}/s{self.ours['stride']}" if self.ours else "–"

    @property
    def filter(self) -> str:
        """The filter's shape as the paper writes it, such as "3×3×32×64"."""
        return filter_shape(self.ours) if self.ours else "–"


@dataclass(frozen=True)
class Architecture:
    """A network beside its published rows.

    Attributes:
        net: its name in the paper's table.
        rows: layer by layer, with the counts for the smallest number of classes.
        totals: see :func:`totals`.
        parameters: of the whole network, by number of classes.
    """

    net: str
    rows: tuple[Row, ...]
    totals: Mapping[str, int]
    parameters: Mapping[int, int]

    @property
    def verdict(self) -> str:
        """ "same" where every row is."""
        return DIFFERENT if any(row.differences for row in self.rows) else SAME


def compare(
    net: str, variants: Mapping[int, Sequence[Layer]], published: Sequence[Mapping[str, str]]
) -> Architecture:
    """Compare a network with the published rows, place by place.

    Args:
        net: the network's name in the published rows' column "net"; other rows are passed over.
        variants: our layers, by number of classes; the smallest number's are the ones compared.
        published: text fields by column, empty where nothing is printed.
    """
    classes = min(variants)
    rows = [row for row in published if row["net"] == net]
    pairs = zip_longest(variants[classes], rows)
    return Architecture(
        net,
        tuple(
            Row(index, ours, _differences(ours, printed, classes))
            for index, (ours, printed) in enumerate(pairs, start=1)
        ),
        totals(variants[classes]),
        {n: sum(layer["parameters"] for layer in layers) for n, layers in variants.items()},
    )


def totals(layers: Sequence[Layer]) -> dict[str, int]:
    """Counts over a network.

    Keys: "convolutions" (how many), "convolution_weights", "spatial_weights" (those in filters
    larger than 1×1, on which locality acts), "parameters" and "multiply_adds" (of everything).
    """
    convolutions = [layer for layer in layers if layer["kind"].endswith("conv")]
    return {
        "convolutions": len(convolutions),
        "convolution_weights": sum(layer["weights"] for layer in convolutions),
        "spatial_weights": sum(layer["weights"] for layer in convolutions if layer["kernel"] > 1),
        "parameters": sum(layer["parameters"] for layer in layers),
        "multiply_adds": sum(layer["multiply_adds"] for layer in layers),
    }


def filter_shape(layer: Layer) -> str:
    """Such as "3×3×32×64", "3×3×32" for depthwise filters, "2×2" for a pooling."""
    square = [layer["kernel"]] * 2
    if layer["kind"] == "maxpool":
        sizes = square
    elif layer["kind"] == "dwconv":
        sizes = [*square, layer["in_channels"]]
    elif layer["kind"] == "fc":
        sizes = [layer["in_channels"], layer["out_channels"]]
    else:
        sizes = [*square, layer["in_channels"], layer["out_channels"]]
    return "×".join(map(str, sizes))


def _differences(
    ours: Layer | None, printed: Mapping[str, str] | None, classes: int
) -> tuple[str, ...]:
    """Each difference in words, ours first; none where the two agree."""
    if ours is None:
        assert printed is not None
        return (f"missing here: {printed['type']} {printed['in_ch']}×{printed['out_ch']}",)
    if printed is None:
        return ("not in the paper",)
    found = []
    for column in COLUMNS:
        here, there = field(ours, column), printed[column]
        if there == CLASSES:
            there = str(classes)
        if here != there and not (column in UNPRINTED and not there):
            found.append(f"{column} {here or 'none'}, in the paper {there or 'none'}")
    return tuple(found)


def field(layer: Layer, column: str) -> str:
    """What a layer of ours has in a column of the published file."""
    value = layer[COLUMNS[column]]
    return " ".join(value) if isinstance(value, list | tuple) else str(value)


def overall(architectures: Sequence[Architecture]) -> str:
    """ "same" where every row of every network is."""
    return DIFFERENT if any(net.verdict == DIFFERENT for net in architectures) else SAME


def counted(net: Architecture) -> str:
    """The totals in a sentence."""
    share = net.totals["spatial_weights"] / net.totals["convolution_weights"]
    by_classes = " and ".join(f"{p:,} ({n} classes)" for n, p in sorted(net.parameters.items()))
    return (
        f"{net.totals['convolutions']} convolutions with {net.totals['convolution_weights']:,} "
        f"weights, {net.totals['spatial_weights']:,} ({100 * share:.2f} %) of them in filters "
        f"larger than 1×1; {by_classes} parameters; {net.totals['multiply_adds']:,} multiply-adds "
        "an image."
    )
