"""Figure 2: nested supports of a kernel, and what is left of it without the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.documents.blocks import (
    Cell,
    Data,
    Document,
    Grid,
    Note,
    Notes,
    columns,
    context_notes,
    row,
)
from analysis.documents.panels import FigureBlock, Map
from analysis.documents.printed import Statement, compare, facts, tabled, tally

SHADED = (
    "A group holds the positions marked 1, in every channel. Where all its weights are 0, the "
    "kernel has the size of what the group leaves."
)
HEADING = "Groups, shaded, and the kernel that each leaves"
PANEL = (1.5, 1.6)  # inches of a kernel of five


@dataclass(frozen=True)
class Supports:
    """Nested groups of one kernel.

    Attributes:
        rings: by row and column, the first group that holds the position, from 1.
        sizes: of what is left without the first 0, 1, … groups.
    """

    rings: list[list[int]]
    sizes: list[int]

    @property
    def count(self) -> int:
        """Groups."""
        return len(self.sizes) - 1

    def positions(self, group: int) -> int:
        """In a group."""
        return sum(ring <= group for line in self.rings for ring in line)

    def left(self, group: int) -> str:
        """What is left without a group, in words."""
        size = self.sizes[group]
        return f"{size}×{size}" if size else "nothing"

    def shown(self, group: int) -> tuple[tuple[int, ...], ...]:
        """1 at the group's positions, 0 elsewhere."""
        return tuple(tuple(int(ring <= group) for ring in line) for line in self.rings)


def document(
    id: str,
    side: int,
    schemes: Mapping[str, Supports],
    statements: Sequence[Mapping[str, str]],
    context: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Document:
    """The supports, counted and drawn.

    Args:
        statements: what is printed of kernels of this size, if anything.

    Raises:
        ValueError: where a statement is damaged.
    """
    quantities: dict[tuple[str, str], str] = {}
    for name, found in schemes.items():
        quantities |= {
            (name, "groups"): str(found.count),
            (name, "sizes of what is left"): ", ".join(map(str, sorted(found.sizes))),
            (name, "size of a whole kernel by eq. 20"): str(found.count),
        }
    stated = compare(statements, quantities, "groups")
    blocks, notes = _stated(stated)
    tidy = tuple(
        (name, group, r, c, ring, int(ring <= group))
        for name, found in schemes.items()
        for group in range(1, found.count + 1)
        for r, line in enumerate(found.rings, start=1)
        for c, ring in enumerate(line, start=1)
    )
    return Document(
        id=id,
        title="Figure 2",
        caption=f"Nested supports of {side}×{side} kernels",
        blocks=(
            _grid(schemes),
            *blocks,
            Notes((*notes, Note(SHADED), *context_notes(context))),
            _figure(side, schemes),
            Data(("groups", "group", "row", "column", "first_group", "in_group"), tidy),
        ),
        facts={"side": side, "supports": schemes, "statements": facts(stated, "groups"), **context},
        holds=all(found.is_expected for found in stated),
    )


def _stated(stated: Sequence[Statement]) -> tuple[tuple[Grid | Data, ...], tuple[Note, ...]]:
    """Nothing where nothing is printed of a size."""
    if not stated:
        return (), ()
    grid, data = tabled(
        stated, "statements", "What is printed", "Printed and computed numbers.", "groups"
    )
    return (grid, Data(data.columns, data.rows, "statements")), (Note(f"{tally(stated)}."),)


def _grid(schemes: Mapping[str, Supports]) -> Grid:
    rows = []
    for name, found in schemes.items():
        for group in range(1, found.count + 1):
            size = found.sizes[group]
            cells = (found.positions(group), found.positions(group) - found.positions(group - 1))
            counts = (Cell(str(count), count) for count in cells)
            rows.append(row(str(group), *counts, Cell(found.left(group), size), group=name))
    titles = columns("group", "positions", "added", "leaves", right=("group", "positions", "added"))
    caption = "Positions of each group, and the kernel that is left where its weights are 0."
    return Grid("groups", titles, tuple(rows), caption=caption, headed=True)


def _figure(side: int, schemes: Mapping[str, Supports]) -> FigureBlock:
    panels = [
        Map(found.shown(group), (), f"{name} {group}: {found.left(group)}")
        for name, found in schemes.items()
        for group in range(1, found.count + 1)
    ]
    width, height = (max(1.0, side / 5) * inches for inches in PANEL)
    across = max(2, min(side, 5))
    return FigureBlock(tuple(panels), (), "supports", across, (width, height), (HEADING,))
