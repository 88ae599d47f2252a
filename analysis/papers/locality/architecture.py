"""A network layer by layer beside the rows that the paper prints of it, and both as a document.

A layer of ours has the attributes of ``benchmarks.models.describe.Layer`` as keys, a published row
the columns of its CSV as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from analysis.documents import blocks
from analysis.documents.blocks import (
    MISSING,
    Block,
    Cell,
    Column,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
)
from analysis.documents.printed import Statement

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
LAYOUT = ("Type/Stride", "Filter shape", "Parameters", "Mult.-adds")
LEGEND = (
    "C: convolution, dw: depthwise, MP: max-pooling, FC: dense. Parameters: weights, biases and "
    "the batch-norm that follows. Multiply-adds: products in one image's forward pass, without "
    "batch-norm and pooling."
)
DATA = ("net", "idx", *COLUMNS, "output_hw", *COUNTS, "module", "verdict", "differs")

Layer = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A layer of ours and how the published one at the same place differs; either may be missing.

    Attributes:
        differences: in words, ours first.
    """

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
        return f"{TYPES[self.ours['kind']]}/s{self.ours['stride']}" if self.ours else MISSING

    @property
    def filter(self) -> str:
        """As the paper writes it: "3×3×32×64", "3×3×32" for depthwise filters, "2×2" pooling."""
        if not self.ours:
            return MISSING
        square = [self.ours["kernel"]] * 2
        channels = [self.ours["in_channels"], self.ours["out_channels"]]
        sizes = {"maxpool": square, "dwconv": square + channels[:1], "fc": channels}
        return "×".join(map(str, sizes.get(self.ours["kind"], square + channels)))


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
    pairs = zip_longest(variants[classes], [row for row in published if row["net"] == net])
    rows = (
        Row(index, ours, _differences(ours, printed, classes))
        for index, (ours, printed) in enumerate(pairs, start=1)
    )
    parameters = {n: sum(layer["parameters"] for layer in found) for n, found in variants.items()}
    return Architecture(net, tuple(rows), totals(variants[classes]), parameters)


def _differences(
    ours: Layer | None, printed: Mapping[str, str] | None, classes: int
) -> tuple[str, ...]:
    if printed is None:
        return ("not in the paper",)
    if ours is None:
        return (f"missing here: {printed['type']} {printed['in_ch']}×{printed['out_ch']}",)
    found = []
    for column in COLUMNS:
        there = str(classes) if printed[column] == CLASSES else printed[column]
        stated = Statement("", column, "=", there, computed=field(ours, column))
        if not stated.agrees and not (column in UNPRINTED and not there):
            found.append(stated.difference)
    return tuple(found)


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


def field(layer: Layer, column: str) -> str:
    """What a layer of ours has in a column of the published file."""
    value = layer[COLUMNS[column]]
    return " ".join(value) if isinstance(value, list | tuple) else str(value)


def overall(networks: Sequence[Architecture]) -> str:
    """ "same" where every row of every network is."""
    return DIFFERENT if any(net.verdict == DIFFERENT for net in networks) else SAME


def document(networks: Sequence[Architecture], notes: Sequence[Note]) -> Document:
    """Each network's layers with their verdicts, and all side by side in the paper's layout."""
    layers: list[Block] = []
    for net in networks:
        layers += [_layers(net), Notes(tuple(_sums(net)))]
    return Document(
        id="locality/table2",
        title="Table II",
        caption="Architectures for images of 32×32",
        blocks=(
            *layers,
            _layout(networks),
            Notes((Note(LEGEND), *notes)),
            Data(DATA, tuple(_data(networks))),
        ),
        facts={"verdict": overall(networks), "networks": networks},
        holds=overall(networks) == SAME,
    )


def _layers(net: Architecture) -> Grid:
    same = sum(found.verdict == SAME for found in net.rows)
    heading = f"{net.net}: {same} of {len(net.rows)} rows as printed"
    titles = columns(
        *("#", "type", "filter", "input", "then", "parameters", "mult.-adds", "paper"),
        right=("#", "parameters", "mult.-adds"),
    )
    rows = []
    for found in net.rows:
        about, layer = [MISSING, MISSING], found.ours
        if layer:
            about = [f"{layer['side']}×{layer['side']}×{layer['in_channels']}"]
            about.append(" ".join(layer["followed_by"]))
        verdict = Cell(found.verdict, tone="good" if found.verdict == SAME else "bad")
        start = (str(found.index), found.type, found.filter, *about)
        rows.append(blocks.row(*start, *_counts(layer), verdict))
    return Grid(net.net.lower(), titles, tuple(rows), heading, shown="terminal")


def _counts(layer: Layer | None) -> Iterator[Cell]:
    """Parameters and multiply-adds of a layer, or of a network's totals."""
    for name in ("parameters", "multiply_adds"):
        yield Cell(f"{layer[name]:,}", layer[name]) if layer else Cell(MISSING)


def _sums(net: Architecture) -> Iterator[Note]:
    """The totals in a sentence, and a note on each row that differs."""
    counts = net.totals
    share = counts["spatial_weights"] / counts["convolution_weights"]
    by_classes = " and ".join(f"{p:,} ({n} classes)" for n, p in sorted(net.parameters.items()))
    yield Note(
        f"{counts['convolutions']} convolutions with {counts['convolution_weights']:,} weights, "
        f"{counts['spatial_weights']:,} ({100 * share:.2f} %) of them in filters larger than 1×1; "
        f"{by_classes} parameters; {counts['multiply_adds']:,} multiply-adds an image.",
        net.net,
    )
    for found in net.rows:
        if found.differences:
            topic = f"{net.net}, row {found.index} differs"
            yield Note("; ".join(found.differences), topic, tone="bad")


def _layout(networks: Sequence[Architecture]) -> Grid:
    """All networks side by side as in the paper, their last layers on one line, sums below."""
    height = max(len(net.rows) for net in networks)
    titles = [Column(t, net.net, right=t in LAYOUT[2:]) for net in networks for t in LAYOUT]
    parts = [_column(net, height) for net in networks]
    lines = [sum(cells, ()) for cells in zip(*parts, strict=True)]
    rows = [blocks.Row(line, total=index == height) for index, line in enumerate(lines)]
    caption = (
        f"{LEGEND} A dagger marks a row that differs from the printed one. Counts for "
        f"{min(networks[0].parameters)} classes."
    )
    return Grid("layout", tuple(titles), tuple(rows), caption=caption, shown="latex")


def _column(net: Architecture, height: int) -> list[tuple[Cell, ...]]:
    lines: list[tuple[Cell, ...]] = []
    for found in net.rows:
        kind = Cell(found.type, mark="†" if found.differences else "")
        lines.append((kind, Cell(found.filter), *_counts(found.ours)))
    gap = [(Cell(),) * len(LAYOUT)] * (height - len(lines))
    return [*lines[:-1], *gap, lines[-1], (Cell(), Cell("total"), *_counts(net.totals))]


def _data(networks: Sequence[Architecture]) -> Iterator[tuple[Any, ...]]:
    """One row a layer, under the published file's columns, with counts and verdicts after them."""
    for net in networks:
        for found in net.rows:
            body: list[Any] = [""] * len(DATA[2:-2])
            if layer := found.ours:
                body = [field(layer, column) for column in COLUMNS]
                body += [layer[name] for name in ("out_side", *COUNTS, "name")]
            yield (net.net, found.index, *body, found.verdict, "; ".join(found.differences))
