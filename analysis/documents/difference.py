"""What differs between a report's text as it stands and as it should be, by cell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = 6  # differences that are told one by one


def differences(stands: bytes, should: bytes) -> list[str]:
    """Of two versions of a report's JSON: grids' cells by name, else the fields that differ."""
    try:
        old, new = json.loads(stands), json.loads(should)
        found = [*_grids(old.get("grids", {}), new.get("grids", {}))]
        found = found or [f"{key} differs" for key in new if old.get(key) != new[key]]
    except (ValueError, AttributeError, TypeError, KeyError, LookupError):
        return ["it is no report of this suite"]
    if len(found) > SHOWN:
        found[SHOWN:] = [f"and {len(found) - SHOWN} more"]
    return found


def first_line(stands: bytes, should: bytes) -> str:
    """Where two texts part, such as "line 7"; they do."""
    old, new = stands.splitlines(), should.splitlines()
    pairs = enumerate(zip(old, new, strict=False), start=1)
    return f"line {next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)) + 1)}"


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
        for stands, should in rows:
            yield from _cells(name, columns, stands, should)


def _cells(
    name: str, columns: list[str], stands: Mapping[str, Any], should: Mapping[str, Any]
) -> Iterator[str]:
    label = should["cells"][0].get("text", "") if should["cells"] else ""
    for place, cell in enumerate(should["cells"]):
        before = stands["cells"][place] if place < len(stands["cells"]) else {}
        if _text(before) != _text(cell):
            title = " ".join(columns[place].split())
            yield f"{name}, {label}, {title}: {_text(before)} instead of {_text(cell)}"


def _text(cell: Mapping[str, Any]) -> str:
    parts = [f"{cell.get('text', '')}{cell.get('stars', '')}"]
    parts += [cell[key] for key in ("mark", "detail", "count") if key in cell]
    return " ".join(filter(None, parts)) or "nothing"
