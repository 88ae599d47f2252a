"""What differs between two versions of a report's CSV, by row and column, or of its LaTeX, by
line."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence

SHOWN = 6  # differences that are told one by one
LONG = 60  # characters of a text that are shown
BOM = b"\xef\xbb\xbf"  # which some editors put before a text

Rows = Sequence[Sequence[str]]


def text_differences(stands: bytes, should: bytes, *, is_csv: bool) -> list[str]:
    """Of two versions of a text file, which do differ: first what is so of all of its lines, such
    as how they end, then its cells, or the line from which the two part."""
    found, plain = [*layout_differences(stands, should)], without_layout(stands, should)
    if plain != should:
        cells = [*_cells(_rows(plain), _rows(should))] if is_csv else []
        found += cells or [changed_line(plain, should)]
    return found


def shortened(found: list[str]) -> list[str]:
    """The first of the differences, and how many more there are."""
    more = len(found) - SHOWN
    return [*found[:SHOWN], f"and {more} more"] if more > 0 else found


def layout_differences(stands: bytes, should: bytes) -> Iterator[str]:
    """What an editor does to a text as a whole, such as one of Windows to the ends of its lines."""
    if stands.startswith(BOM):
        yield "it begins with a byte order mark"
    if ends := _line_ends(stands, should):
        yield f"its lines end in {ends} instead of LF"
    if should.endswith(b"\n") and not stands.endswith((b"\n", b"\r")):
        yield "its last line has no end"


def without_layout(stands: bytes, should: bytes) -> bytes:
    """The version that stands, without what :func:`layout_differences` tells of it."""
    text = stands.removeprefix(BOM)
    if _line_ends(stands, should):
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    cut = should.endswith(b"\n") and not text.endswith(b"\n")
    return text + b"\n" if cut else text


def changed_line(stands: bytes, should: bytes) -> str:
    """The first line that differs, which there is."""
    old, new = stands.splitlines(), should.splitlines()
    pairs = enumerate(zip(old, new, strict=False), start=1)
    number = next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)) + 1)
    wrong, right = (
        lines[number - 1].decode(errors="replace").strip() if number <= len(lines) else "nothing"
        for lines in (old, new)
    )
    wrong, right = parting(wrong or "an empty line", right or "an empty line")
    return f"line {number}: {wrong} instead of {right}"


def short(text: str) -> str:
    """As much of a text as is shown."""
    return text if len(text) <= LONG else f"{text[: LONG - 2]} …"


def parted(first: str, second: str) -> int:
    """The place of the first character that differs."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(first), len(second)))


def parting(first: str, second: str) -> tuple[str, str]:
    """Both texts, from a little before they part where they are long."""
    begin = 0
    if max(len(first), len(second)) > LONG:
        begin = max(0, parted(first, second) - LONG // 2)
    cut = "… " if begin else ""
    return short(cut + first[begin:]), short(cut + second[begin:])


def _line_ends(stands: bytes, should: bytes) -> str:
    """Those that do not belong there."""
    ends = (("CRLF", b"\r\n"), ("CR", b"\r"))
    return next((name for name, end in ends if end in stands and end not in should), "")


def _rows(text: bytes) -> Rows:
    try:
        return list(csv.reader(io.StringIO(text.decode(errors="replace"), newline=""), strict=True))
    except csv.Error:
        return []


def _cells(old: Rows, new: Rows) -> Iterator[str]:
    """By the row's label and the column; nothing where all values are the same."""
    if not old:
        yield "it is no CSV"
    elif old[0] != new[0]:
        yield _columns(old[0], new[0])
    elif len(old) != len(new):
        place = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), -1)
        where = f"; they part at {_label(new, place)}" if place > 0 else ""
        yield f"{len(old) - 1} rows instead of {len(new) - 1}{where}"
    else:
        for place, (stands, should) in enumerate(zip(old, new, strict=True)):
            if stands != should:
                yield from _row(_label(new, place), new[0], stands, should)


def _columns(stands: Sequence[str], should: Sequence[str]) -> str:
    pairs = itertools.zip_longest(stands, should, fillvalue="nothing")
    number, (wrong, right) = next((n, p) for n, p in enumerate(pairs, start=1) if p[0] != p[1])
    return f"column {number} is {short(wrong)} instead of {short(right)}"


def _row(
    label: str, columns: Sequence[str], stands: Sequence[str], should: Sequence[str]
) -> Iterator[str]:
    if len(stands) != len(columns):
        yield f"{label}: {len(stands)} columns instead of {len(columns)}"
        return
    for column, before, after in zip(columns, stands, should, strict=True):
        if before != after:
            wrong, right = parting(before or "nothing", after or "nothing")
            yield f"{label}, {column}: {wrong} instead of {right}"


def _label(rows: Rows, place: int) -> str:
    """What tells a row from all others: the values of as few of the first columns as do, numbers
    with their column's name, such as "plain 1 1, seed 3"; its number where none do."""
    row, others, parts = rows[place], [r for n, r in enumerate(rows[1:], 1) if n != place], []
    for number, (column, value) in enumerate(zip(rows[0], row, strict=False)):
        alike = [other for other in others if other[number : number + 1] == [value]]
        if len(alike) < len(others):
            parts.append(f"{column} {value}" if _is_number(value) else short(value))
            others = alike
        if not others:
            return ", ".join(parts) or f"row {place}"
    return f"row {place}"


def _is_number(value: str) -> bool:
    try:
        float(value or "0")
    except ValueError:
        return False
    return True
