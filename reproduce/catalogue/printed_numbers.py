"""The numbers that a paper prints for a table: ``<table>.csv`` among its published numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from reproduce.catalogue.paper_files import made_of

if TYPE_CHECKING:
    from analysis.verdicts.measure import Measure
    from reproduce.catalogue.tables import Table


def printed_of(table: Table, measure: Measure, *, with_stars: bool) -> list[dict[str, str]]:
    """The printed numbers of a measure: rows that name it, or none, which is the headline."""
    file, first = f"{table.name}.csv", table.measures[0].name
    rows = made_of(table.paper, file, partial(_checked, table))
    blank = {} if with_stars else {"stars": "", "p": ""}
    return [row | blank for row in rows if (row.get("measure") or first) == measure.name]


def _checked(table: Table, rows: Sequence[dict[str, str]]) -> Sequence[dict[str, str]]:
    """Printed numbers, each of a cell that the table has; ValueError where one cannot be."""
    if lacking := [name for name in ("part", "column", "cell", "value") if name not in rows[0]]:
        raise ValueError(f"no column {', '.join(lacking)}")
    cells = {cell.name for cell in table.cells}
    printed: dict[tuple[str, str | None], str] = {}
    for row in rows:
        name, text, stars = row["cell"], row["value"], row.get("stars", "")
        if table.form == "full" and name not in cells:
            raise ValueError(f"the table has no cell {name!r}")
        if not re.fullmatch(r"-?\d*\.?\d+", text) or not re.fullmatch(r"\*{0,3}", stars):
            raise ValueError(f"{name}: {text!r} with stars {stars!r} is no printed number")
        known = printed.setdefault((name, row.get("measure")), text)
        if Decimal(known) != Decimal(text):
            raise ValueError(f"{name!r} was printed as {known} and as {text}")
    return rows
