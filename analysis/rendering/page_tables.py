"""Tables of the page: their heads sort them, an input filters the longer ones, and each has a name.

The name is heard and not seen: what stands above a table says to the eye what it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from numbers import Real

from analysis.documents.blocks import MISSING, Cell, Column, Grid, Row

FILTERED = 8  # rows from which a table has a filter
SHORT = 60  # letters that a grid's title may have to be heard as its name
ABSENT = ("", MISSING, "missing")  # texts of cells without a value; page.js knows them too
GROUPED = '<tr><th class="group"'
TO_OVERVIEW = '<a class="up" href="#glance">To the overview</a>'
Write = Callable[[Cell], str]


def sortable(name: str, anchor: str, heads: str, bodies: Sequence[Sequence[str]]) -> str:
    """A table that sorts and, where it is long, filters; one wider than the page scrolls.

    Args:
        name: distinct on the page.
        anchor: its id.
        heads: the lines of its head, the last with a button in each cell.
        bodies: the lines of each part; rows are sorted within one, and one that begins with
            :func:`heading` has that above them.
    """
    rows = sum(not line.startswith(GROUPED) for line in itertools.chain(*bodies))
    inner = "".join(f"<tbody>{''.join(lines)}</tbody>" for lines in bodies)
    table = (
        f'<table id="{anchor}" aria-label="{escape(name)}"><thead>{heads}</thead>{inner}</table>'
    )
    found = filtering("Rows", "rows", anchor) if rows >= FILTERED else ""
    return found + wide(table, anchor)


def filtering(label: str, counted: str, anchor: str) -> str:
    """An input that leaves of the element ``anchor`` what has all its words, and says how many."""
    return (
        f'<p class="filter"><label>{label} with <input type="search" data-filters="{anchor}" '
        f'data-counts="{counted}"></label> <output></output></p>\n'
    )


def wide(inner: str, named_by: str) -> str:
    """What may be wider than the page: the keyboard scrolls it as well.

    It has a place among what the keyboard reaches until the script finds that it does not scroll.
    """
    return (
        f'<div class="wide" role="group" tabindex="0" aria-labelledby="{named_by}">{inner}</div>\n'
    )


def heading(text: str, width: int, aside: str = "") -> str:
    """A line over those of a group; ``aside`` is no part of the group's name."""
    more = f"<span>{escape(aside)}</span>" if aside else ""
    return f'{GROUPED} scope="rowgroup" colspan="{width}">{escape(text)}{more}</th></tr>'


def plain_heads(titles: Iterable[str]) -> str:
    """The head of a table by its columns' titles."""
    return _heads([Column(title) for title in titles])


def plain_row(texts: Sequence[str]) -> str:
    """A line of cells that are markup; the first names it."""
    first, *others = texts
    return f"<tr>{_named(first)}{''.join(f'<td>{text}</td>' for text in others)}</tr>"


def grid_table(grid: Grid, anchor: str, section: str, write: Write) -> str:
    """A grid as a table.

    Args:
        section: where it stands, for its name.
        write: the markup of a cell.
    """
    bodies = []
    measured = [_is_measured(grid, place) for place in range(len(grid.columns))]
    for group, rows in itertools.groupby(
        grid.rows, key=lambda row: row.group if grid.headed else ""
    ):
        head = [heading(group, len(grid.columns))] if grid.headed and group else []
        bodies.append(head + [_row(row, grid.columns, measured, write) for row in rows])
    return sortable(f"{section}: {_called(grid)}", anchor, _heads(grid.columns), bodies)


def _called(grid: Grid) -> str:
    """What a grid is in few words; that of the file where its title has many."""
    return grid.title if 0 < len(grid.title) <= SHORT else grid.name.replace("-", " ")


def _heads(columns: Sequence[Column]) -> str:
    over = ""
    if any(column.over for column in columns):
        spans = [(text, len([*run])) for text, run in itertools.groupby(c.over for c in columns)]
        cells = (
            f'<th scope="colgroup" colspan="{n}">{escape(text)}</th>'
            if text
            else f'<td colspan="{n}"></td>'
            for text, n in spans
        )
        over = f"<tr>{''.join(cells)}</tr>"
    heads = []
    for column in columns:
        text = escape(" ".join(column.title.split()) + (f" ({column.unit})" if column.unit else ""))
        inner = f"<button>{text}</button>" if text else ""
        tag = 'th scope="col"' if text else "td"
        heads.append(f"<{tag}{_aligned(column)}>{inner}</{tag.split()[0]}>")
    return f"{over}<tr>{''.join(heads)}</tr>"


def _aligned(column: Column) -> str:
    kinds = [name for name, on in (("right", column.right), ("prose", column.prose)) if on]
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _row(row: Row, columns: Sequence[Column], measured: Sequence[bool], write: Write) -> str:
    def cells() -> Iterator[str]:
        for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
            attributes = _aligned(column) + (_value(cell) if measured[place] else "")
            text = write(cell)
            yield f"<td{attributes}>{text}</td>" if place else _named(text, attributes)

    kind = ' class="total"' if row.total else ""
    return f"<tr{kind}>{''.join(cells())}</tr>"


def _named(text: str, attributes: str = "") -> str:
    """A line's first cell, which names the line unless it is empty."""
    return f'<th scope="row"{attributes}>{text}</th>' if text else f"<td{attributes}></td>"


def _is_measured(grid: Grid, place: int) -> bool:
    """Whether a column sorts by its cells' values: by some and the texts of others, which may be
    in another unit, it would be out of order."""
    cells = (row.cells[place] for row in grid.rows if not row.total)
    known = [_number(cell) is not None for cell in cells if cell.text not in ABSENT]
    return bool(known) and all(known)


def _number(cell: Cell) -> float | None:
    is_number = isinstance(cell.value, Real) and not isinstance(cell.value, bool)
    return float(cell.value) if is_number else None


def _value(cell: Cell) -> str:
    """The number that a cell sorts by, as scripts write it; one without (NaN) stands last."""
    number = _number(cell)
    if number is None or cell.text in ABSENT:
        return ""
    text = f"{number:.12g}".replace("inf", "Infinity").replace("nan", "NaN")
    return f' data-value="{text}"'
