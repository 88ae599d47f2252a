"""A document's tidy tables as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from analysis.documents.blocks import Data


def text(data: Data) -> str:
    """A header and a line a row; floats in full, booleans as 0 and 1, nothing for None."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(data.columns)
    writer.writerows([_field(value) for value in row] for row in data.rows)
    return buffer.getvalue()


def _field(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
