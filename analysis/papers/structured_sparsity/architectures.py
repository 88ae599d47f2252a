"""Table 1: known architectures as they are built, beside the printed numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    Row,
    columns,
    context_notes,
    row,
)
from analysis.documents.printed import compare, facts, fields, tabled, tally

PRINTED = ("network", "top1", "top5", "depth", "widths", "kernels", "parameters", "multiply_adds")
UNKNOWN = "??"  # the draft's own mark of what is to be filled in
HOW = (
    "Counted in the modules, built without memory for their weights. Depth: convolutions and dense "
    "layers on the longest way through the network, with the classifier. Parameters are all that "
    "are trained, multiply-adds the products of convolutions and dense layers for one image."
)


@dataclass(frozen=True)
class Counted:
    """A built network.

    Attributes:
        depth: layers with weights on the longest way, the classifier among them.
        layers: width and kernel size of each convolution in the order of execution, without
            projections of shortcuts.
        weights: of these convolutions.
        multiply_adds: of everything; ``convolution_multiply_adds`` of ``layers``.
    """

    depth: int
    layers: tuple[tuple[int, int], ...]
    weights: int
    parameters: int
    convolution_parameters: int
    multiply_adds: int
    convolution_multiply_adds: int

    @property
    def widths(self) -> list[int]:
        """Each that a convolution has, once."""
        return sorted({width for width, _ in self.layers})

    @property
    def kernels(self) -> list[int]:
        """Each size, once."""
        return sorted({kernel for _, kernel in self.layers})


Versions = Mapping[str, Counted]  # of one network, the published one first


def document(
    id: str,
    printed: Sequence[Mapping[str, str]],
    statements: Sequence[Mapping[str, str]],
    counted: Mapping[str, Versions],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The printed rows beside every version, what agrees, and what the draft left open.

    Args:
        statements: see :mod:`analysis.documents.printed`.
        counted: by network and version.

    Raises:
        ValueError: where a row is damaged.
    """
    rows = {fields(line, PRINTED)[0]: line for line in printed}
    if set(rows) != set(counted):
        raise ValueError(f"its networks are {', '.join(rows)}, not {', '.join(counted)}")
    found = compare(statements, _quantities(rows, counted), "network")
    grid, data = tabled(
        found, "statements", "What is printed", "Printed and counted numbers.", "network"
    )
    filled = _filled(rows, counted)
    notes = [
        Note(f"{tally(found)}. {HOW}"),
        *(Note(text, f"filled in: {name}") for name, text in filled.items()),
    ]
    return Document(
        id=id,
        title="Table 1",
        caption="Known architectures: depth, widths, kernels, parameters, multiply-adds",
        blocks=(
            _grid(rows, counted),
            _widths(rows, counted),
            grid,
            Notes((*notes, *context_notes(context))),
            _data(rows, counted),
            Data(data.columns, data.rows, "statements"),
        ),
        facts={
            "networks": counted,
            "statements": facts(found, "network"),
            "filled_in": filled,
            **context,
        },
        holds=all(statement.is_expected for statement in found),
    )


def _quantities(
    rows: Mapping[str, Mapping[str, str]], counted: Mapping[str, Versions]
) -> dict[tuple[str, str], str]:
    """What may be stated of the published versions."""
    found: dict[tuple[str, str], str] = {}
    for network, versions in counted.items():
        own = next(iter(versions.values()))
        widths = _numbers(rows[network]["widths"])
        there = sum(width in own.widths for width in widths)
        found |= {
            (network, "depth without the classifier"): str(own.depth - 1),
            (network, "printed widths that are there"): f"{there} of {len(widths)}",
            (network, "widths that are not printed"): _listed(set(own.widths) - set(widths)),
            (network, "kernel sizes that are not printed"): _listed(
                set(own.kernels) - set(_numbers(rows[network]["kernels"]))
            ),
            (network, "parameters, in millions"): str(Decimal(own.parameters) / 10**6),
            (network, "mult.-adds, in billions"): str(Decimal(own.multiply_adds) / 10**9),
            (network, "mult.-adds of convolutions, in billions"): str(
                Decimal(own.convolution_multiply_adds) / 10**9
            ),
        }
    return found


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split("|")]


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"


def _filled(
    rows: Mapping[str, Mapping[str, str]], counted: Mapping[str, Versions]
) -> dict[str, str]:
    """What is printed as open, by network."""
    found = {}
    for network, line in rows.items():
        for name in ("parameters", "multiply_adds"):
            if line[name] == UNKNOWN:
                word = name.replace("_", "-")
                values = [
                    f"{getattr(version, name):,} {word} ({title})"
                    for title, version in counted[network].items()
                ]
                found[network] = f"{'; '.join(values)}."
    return found


def _grid(rows: Mapping[str, Mapping[str, str]], counted: Mapping[str, Versions]) -> Grid:
    titles = columns(
        *("version", "depth", "convs", "kernels", "parameters", "mult.-adds"),
        right=("depth", "convs", "parameters", "mult.-adds"),
    )
    lines: list[Row] = []
    for network, versions in counted.items():
        line = rows[network]
        kernels = line["kernels"].replace("|", ", ")
        printed = (line["depth"], MISSING, kernels, line["parameters"], line["multiply_adds"])
        lines.append(row("printed", *printed, group=network))
        for title, version in versions.items():
            cells = (
                Cell(str(version.depth), version.depth),
                Cell(str(len(version.layers)), len(version.layers)),
                ", ".join(map(str, version.kernels)),
                Cell(f"{version.parameters:,}", version.parameters),
                Cell(f"{version.multiply_adds / 1e9:.3f}B", version.multiply_adds),
            )
            lines.append(row(title, *cells, group=network))
    caption = "The printed rows and the networks as they are built. Depth with the classifier."
    return Grid("networks", titles, tuple(lines), caption=caption, headed=True)


def _widths(rows: Mapping[str, Mapping[str, str]], counted: Mapping[str, Versions]) -> Grid:
    """The widths that layers have, and the errors that are printed."""
    lines: list[Row] = []
    for network, versions in counted.items():
        line = rows[network]
        widths = {"printed": _numbers(line["widths"])}
        widths |= {title: version.widths for title, version in versions.items()}
        for title, found in widths.items():
            errors = (line["top1"], line["top5"]) if title == "printed" else ("", "")
            lines.append(row(title, " ".join(map(str, found)), *errors, group=network))
    titles = columns("version", "widths", "top-1", "top-5", right=("top-1", "top-5"))
    caption = "Widths that layers have, and the printed errors, of one crop / of ten."
    return Grid("widths", titles, tuple(lines), "widths and errors", caption, headed=True)


def _data(rows: Mapping[str, Mapping[str, str]], counted: Mapping[str, Versions]) -> Data:
    lines: list[tuple[Any, ...]] = []
    for network, versions in counted.items():
        line = rows[network]
        lines.append((network, "printed", *(line[name] for name in PRINTED[1:]), "", ""))
        for title, version in versions.items():
            sets = ("|".join(map(str, values)) for values in (version.widths, version.kernels))
            counts = (version.parameters, version.multiply_adds)
            rest = (version.convolution_parameters, version.convolution_multiply_adds)
            lines.append((network, title, "", "", version.depth, *sets, *counts, *rest))
    names = ("network", "version", *PRINTED[1:])
    more = ("convolution_parameters", "convolution_multiply_adds")
    return Data((*names, *more), tuple(lines))
