"""All files of a document, as bytes by what follows its name: "csv", "tex", "seeds.png", …

The same document gives the same bytes, wherever and whenever.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Mapping, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any

from analysis.documents.blocks import Claims, Data, Document, Grid, Notes
from analysis.documents.panels import FigureBlock
from analysis.rendering import latex

SCHEMA = 2
FIGURE_KINDS = ("png", "pdf")
DIGITS = 12  # of a float in JSON: those behind them differ between machines


def files(document: Document) -> dict[str, bytes]:
    """Data, LaTeX (whole, and each grid as ``<grid>.tex``), JSON, and figures as PNG and PDF.

    A figure's name is apart from that of the ``.tex``, whose own PDF lies beside it once compiled.
    """
    from analysis.figures import drawing

    found = {}
    for block in figures(document):
        for kind, drawn in drawing.files(block).items():
            found[f"{block.name}.{kind}"] = drawn
    written = texts(document)
    data = {name: text for name, text in written.items() if name.endswith("csv")}
    return data | found | written


def texts(document: Document) -> dict[str, bytes]:
    """The files that are no figures: these are the same on every machine."""
    found = {f"{n}.csv".lstrip("."): csv_text(d).encode() for n, d in tidy(document).items()}
    for name, fragment in latex.fragments(document).items():
        found[f"{name}.tex"] = fragment.encode()
    return found | {"tex": latex.text(document).encode(), "json": json_text(document).encode()}


def figures(document: Document) -> list[FigureBlock]:
    """The document's figures; each has a file ``<name>.<kind>`` of every kind."""
    return [block for block in document.blocks if isinstance(block, FigureBlock)]


def tidy(document: Document) -> dict[str, Data]:
    """The document's tables for programs, by name; the main one has none."""
    return {block.name: block for block in document.blocks if isinstance(block, Data)}


def csv_text(data: Data) -> str:
    """A header and a line a row; floats in full, booleans as 0 and 1, nothing for None."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(data.columns)
    for row in data.rows:
        values = [value.item() if hasattr(value, "item") else value for value in row]  # numpy's
        writer.writerow([int(value) if isinstance(value, bool) else value for value in values])
    return buffer.getvalue()


def json_text(document: Document) -> str:
    """The document's facts first, then "notes" and "claims" as lists, "grids" by name and "data",
    the tidy tables, as columns and rows. What is empty is left out of cells."""
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
    """JSON-ready: a block without its empty fields; other dataclasses with their properties;
    fractions and decimals as text; NaN as null, infinities as "inf" and "-inf"."""
    if isinstance(value, Data):
        return {"columns": _plain(value.columns), "rows": [_plain(row) for row in value.rows]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        if type(value).__module__ == Data.__module__:
            return {k: _plain(v) for k, v in found.items() if v not in ("", None, (), False)}
        properties = (n for n, p in vars(type(value)).items() if isinstance(p, property))
        return _plain(found | {name: getattr(value, name) for name in properties})
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(map(_plain, value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value  # of numpy
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, float):
        finite = None if math.isnan(value) else str(value)
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else finite
    return value
