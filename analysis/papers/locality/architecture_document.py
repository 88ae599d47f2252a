"""Networks layer by layer beside the printed rows, as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

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
    Row,
    columns,
    row,
)
from analysis.papers.locality.architecture import (
    COLUMNS,
    COUNTS,
    SAME,
    Architecture,
    counted,
    field,
    overall,
)
from analysis.papers.locality.architecture import Row as Compared

LAYOUT = ("Type/Stride", "Filter shape", "Parameters", "Mult.-adds")
LEGEND = (
    "C: convolution, dw: depthwise, MP: max-pooling, FC: dense. Parameters: weights, biases and "
    "the batch-norm that follows. Multiply-adds: products in one image's forward pass, without "
    "batch-norm and pooling."
)
DATA = ("net", "idx", *COLUMNS, "output_hw", *COUNTS, "module", "verdict", "differs")


def document(networks: Sequence[Architecture], notes: Sequence[Note]) -> Document:
    """Each network's layers with their verdicts, and all side by side in the paper's layout."""
    blocks: list[Block] = []
    for net in networks:
        blocks += [_layers(net), Notes(tuple(_sums(net)))]
    return Document(
        id="locality/table2",
        title="Table II",
        caption="Architectures for images of 32×32",
        blocks=(
            *blocks,
            _layout(networks),
            Notes((Note(LEGEND), *notes)),
            Data(DATA, tuple(_data(networks))),
        ),
        facts={"verdict": overall(networks), "networks": networks},
    )


def _layers(net: Architecture) -> Grid:
    same = sum(found.verdict == SAME for found in net.rows)
    heading = f"{net.net}: {same} of {len(net.rows)} rows as printed"
    right = ("#", "parameters", "mult.-adds")
    titles = columns(
        *("#", "type", "filter", "input", "then", "parameters", "mult.-adds", "paper"), right=right
    )
    rows = [
        row(
            str(found.index),
            found.type,
            found.filter,
            *_counts(found),
            Cell(found.verdict, tone="good" if found.verdict == SAME else "bad"),
        )
        for found in net.rows
    ]
    return Grid(net.net.lower(), titles, tuple(rows), heading, shown="terminal")


def _counts(found: Compared) -> tuple[str | Cell, ...]:
    """Input, successors, parameters and multiply-adds."""
    layer = found.ours
    if layer is None:
        return (MISSING,) * 4
    side = f"{layer['side']}×{layer['side']}×{layer['in_channels']}"
    counts = (Cell(f"{layer[name]:,}", layer[name]) for name in ("parameters", "multiply_adds"))
    return side, " ".join(layer["followed_by"]), *counts


def _sums(net: Architecture) -> Iterator[Note]:
    yield Note(counted(net), net.net)
    for found in net.rows:
        if found.differences:
            text = "; ".join(found.differences)
            yield Note(text, f"{net.net}, row {found.index} differs", tone="bad")


def _layout(networks: Sequence[Architecture]) -> Grid:
    """All networks side by side as in the paper, their last layers on one line, sums below."""
    height = max(len(net.rows) for net in networks)
    columns = tuple(
        Column(title, net.net, right=title in LAYOUT[2:]) for net in networks for title in LAYOUT
    )
    parts = [_column(net, height) for net in networks]
    lines = [sum(cells, ()) for cells in zip(*parts, strict=True)]
    rows = [Row(line, total=index == height) for index, line in enumerate(lines)]
    caption = (
        f"{LEGEND} A dagger marks a row that differs from the printed one. Counts for "
        f"{min(networks[0].parameters)} classes."
    )
    return Grid("layout", columns, tuple(rows), caption=caption, shown="latex")


def _column(net: Architecture, height: int) -> list[tuple[Cell, ...]]:
    lines = [_line(found) for found in net.rows]
    gap = [(Cell(),) * len(LAYOUT)] * (height - len(lines))
    sums = (net.totals[name] for name in ("parameters", "multiply_adds"))
    total = (Cell(), Cell("total"), *(Cell(f"{count:,}", count) for count in sums))
    return [*lines[:-1], *gap, lines[-1], total]


def _line(found: Compared) -> tuple[Cell, ...]:
    *_, parameters, products = row(*_counts(found)).cells
    kind = Cell(found.type, mark="†" if found.differences else "")
    return kind, Cell(found.filter), parameters, products


def _data(networks: Sequence[Architecture]) -> Iterator[tuple[Any, ...]]:
    """One row a layer, under the published file's columns, with counts and verdicts after them."""
    for net in networks:
        for found in net.rows:
            body: list[Any] = [""] * (len(COLUMNS) + 1 + len(COUNTS) + 1)
            if layer := found.ours:
                body = [field(layer, column) for column in COLUMNS]
                body += [layer["out_side"], *(layer[count] for count in COUNTS), layer["name"]]
            yield (net.net, found.index, *body, found.verdict, "; ".join(found.differences))
