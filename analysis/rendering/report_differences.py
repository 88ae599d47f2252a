"""What differs between a report's text as it stands and as it should be, by cell."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.rendering.text_differences import (
    changed_line,
    layout_differences,
    parting,
    short,
    shortened,
    without_layout,
)


def differences(stands: bytes, should: bytes) -> list[str]:
    """Of two versions of a report's JSON, which do differ: grids' cells by name, else the fields
    that differ, else where the text was laid out anew."""
    try:
        old, new = json.loads(stands), json.loads(should)
        found = [*_grids(old.get("grids", {}), new.get("grids", {}))] or [*_fields((), old, new)]
    except (ValueError, AttributeError, TypeError, KeyError, LookupError, RecursionError):
        return ["it is no report of this suite"]
    if not found and (plain := without_layout(stands, should)) != should:
        found = [changed_line(plain, should)]
    return [*layout_differences(stands, should), *found]


def places_in_page(stands: str, should: str) -> list[str]:
    """Where two versions of a page differ, by the heading above: each row and paragraph that does,
    or the first one of a section that has not as many; one by one up to a number."""
    old, new = (re.split(r"(?=<h2)", page) for page in (stands, should))
    if len(old) != len(new):
        old, new = [stands], [should]
    pairs = zip(old, new, strict=True)
    return shortened([place for a, b in pairs if a != b for place in _in_section(a, b)])


def _in_section(stands: str, should: str) -> Iterator[str]:
    old, new = (re.split(r"(?=<(?:tr|summary|dt|p)\b)", part) for part in (stands, should))
    differing = [n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    if len(old) != len(new):
        differing = differing[:1] or [min(len(old), len(new))]
    for number in differing:
        headings = re.findall(r"<h2[^>]*>(.*?)</h2>", "".join(new[: number + 1]), re.DOTALL)
        heading = html.unescape(headings[-1]) if headings else "its beginning"
        row = "".join(new[number : number + 1])
        text = html.unescape(re.sub(r"<[^>]*(>|$)", " ", row))
        yield f"{heading}: {short(' '.join(text.split())) or 'what follows'}"


def _fields(path: tuple[str, ...], old: Any, new: Any) -> Iterator[str]:
    """Fields of nested values by their names, and by those of the things that they belong to."""
    where = ", ".join(path) or "the report"
    if isinstance(old, dict) and isinstance(new, dict):
        old, new = _by_column(old), _by_column(new)
        for key in dict.fromkeys([*new, *old]):
            if key not in old:
                yield f"{where}: {key} is missing"
            elif key not in new:
                yield f"{where}: {key} is no field of it"
            else:
                yield from _fields((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where}: {len(old)} items instead of {len(new)}"
        for place, (stands, should) in enumerate(zip(old, new, strict=False), start=1):
            yield from _fields((*path, _label(should) or str(place)), stands, should)
    elif old != new or type(old) is not type(new):
        before, after = parting(str(old), str(new))
        yield f"{where}: {before} instead of {after}"


def _by_column(value: dict[str, Any]) -> dict[str, Any]:
    """A tidy table's rows as objects."""
    rows, columns = value.get("rows"), value.get("columns", ())
    if not rows or not all(isinstance(row, list) for row in rows):
        return value
    return {**value, "rows": [dict(zip(columns, row, strict=False)) for row in rows]}


def _label(item: Any) -> str:
    """What a list's item is called, such as its cell with its seed."""
    if not isinstance(item, dict):
        return ""
    if item.get("cells") and isinstance(item["cells"][0], dict):
        return str(item["cells"][0].get("text", ""))
    names = [item[key] for key in ("name", "cell", "topic", "id") if item.get(key)][:1]
    seed = [f"seed {item['seed']}"] if "seed" in item else []
    return " ".join(map(str, [*names, *seed]))


def _grids(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, grid in new.items():
        before = old.get(name)
        if before is None:
            yield f"{name}: the grid is missing"
            continue
        columns = [column.get("title", "") for column in grid["columns"]]
        rows = list(zip(before["rows"], grid["rows"], strict=False))
        if len(before["rows"]) != len(grid["rows"]):
            yield f"{name}: {len(before['rows'])} rows instead of {len(grid['rows'])}"
        above = ""
        for stands, should in rows:
            # A line of ours is below the printed one, whose label is not said again.
            heads = [cell.get("text", "") for cell in should["cells"][:2]]
            above = heads[0] if heads and heads[0] else above
            label = ", ".join([above, *heads[1:]]) if heads and not heads[0] else above
            yield from _cells(name, label, columns, stands, should)


def _cells(
    name: str,
    label: str,
    columns: list[str],
    stands: Mapping[str, Any],
    should: Mapping[str, Any],
) -> Iterator[str]:
    for place, cell in enumerate(should["cells"]):
        before = stands["cells"][place] if place < len(stands["cells"]) else {}
        if _text(before) != _text(cell):
            title = " ".join(columns[place].split())
            yield f"{name}, {label}, {title}: {_text(before)} instead of {_text(cell)}"
        elif before.get("value") != cell.get("value"):
            value, right = before.get("value"), cell.get("value")
            title = " ".join(columns[place].split())
            yield f"{name}, {label}, {title}: value {value} instead of {right}"


def _text(cell: Mapping[str, Any]) -> str:
    parts = [f"{cell.get('text', '')}{cell.get('stars', '')}"]
    parts += [cell[key] for key in ("mark", "detail", "count") if key in cell]
    return " ".join(filter(None, parts)) or "nothing"
