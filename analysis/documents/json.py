"""A document as JSON: its facts, and its blocks with every cell's value and text."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import Claims, Data, Document, Grid, Notes

SCHEMA = 2
DIGITS = 12  # of floats: those behind them differ between machines


def text(document: Document) -> str:
    """The same bytes for the same document.

    Facts come first, then "notes" and "claims" as lists, "grids" by name and "data", the tidy
    tables, as columns and rows. What is empty is left out of cells.
    """
    blocks = document.blocks
    found = {
        "schema": SCHEMA,
        "id": document.id,
        "title": document.title,
        "caption": document.caption,
        "labels": document.labels,
        "lines": document.lines,
        **document.facts,
        "notes": [note for b in blocks if isinstance(b, Notes) for note in b.items],
        "claims": [claim for b in blocks if isinstance(b, Claims) for claim in b.items],
        "grids": {b.name: b for b in blocks if isinstance(b, Grid)},
        "data": {b.name or document.name: b for b in blocks if isinstance(b, Data)},
    }
    return json.dumps(_plain(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """JSON-ready: a block without its empty fields; other dataclasses with their properties."""
    if isinstance(value, Data):
        return {"columns": _plain(value.columns), "rows": [_plain(row) for row in value.rows]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        if type(value).__module__.startswith(f"{__package__}.blocks"):
            return {k: _plain(v) for k, v in fields.items() if v not in ("", None, (), False)}
        return _plain(fields | _properties(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(map(_plain, value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _scalar(value)


def _properties(value: Any) -> dict[str, Any]:
    named = vars(type(value)).items()
    return {name: getattr(value, name) for name, p in named if isinstance(p, property)}


def _scalar(value: Any) -> Any:
    """Fractions and decimals as text; NaN as null, infinities as "inf" and "-inf"."""
    if hasattr(value, "item"):  # of numpy
        value = value.item()
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None if math.isnan(value) else str(value)
        return float(f"{value:.{DIGITS}g}")
    return value
