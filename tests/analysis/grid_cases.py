"""Synthetic grids and lists of rows, from the committed numbers of Tables IV and VI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import table_cases as cases

from analysis.tables.about import About
from analysis.tables.results import CellResult, TableResult

PAPER = Path(__file__).parents[2] / "paper_tables/locality"
DELTAS = {"cifar10": Decimal("0.5"), "cifar100": Decimal("0.75"), "fashion-mnist": Decimal("0.35")}
ABOUT = About(
    id="locality/table4",
    title="Table IV",
    caption="LOCO-Reg and plain L2 for four λ",
    layout="grid",
    row_title="(γ, η)",
    column_title="λ",
    remark="L-03 decides where the axis of λ lies.",
    readings=cases.READINGS,
)
ROWS = replace(ABOUT, id="locality/table6", title="Table VI", layout="rows", remark="")
Counts = Callable[[str, int], Sequence[int]]


@cache
def printed_grid() -> pd.DataFrame:
    """Table IV as committed."""
    return pd.read_csv(PAPER / "table4.csv", dtype=str, keep_default_na=False)


@cache
def printed_rows() -> pd.DataFrame:
    """Table VI as committed."""
    return pd.read_csv(PAPER / "table6.csv", dtype=str, keep_default_na=False)


def grid(
    counts: Counts, *, blocks: Sequence[str] = (), with_stars: bool = True, **options: Any
) -> TableResult:
    """Table IV, or some of its blocks; ``counts`` gives a cell's correct images of 10,000 by seed
    from its name and from what its published median stands for. Without the printed stars there is
    no agreement to simulate, which takes nearly all of the time."""
    table = printed_grid()
    table = table[table["column"] != "best"]
    if blocks:
        table = table[table["part"].isin(blocks)]
    cells = [
        CellResult(
            row["cell"],
            "plain" if row["gamma"] == "1" else "locality",
            (("gamma", row["gamma"]), ("eta", row["eta"]), ("weight_decay", row["weight_decay"])),
            title=f"({row['gamma']}, {row['eta']})",
            group=row["part"],
            column=row["weight_decay"],
            margin=row["dataset"],
        )
        for row in table.to_dict("records")
    ]
    pairs = [
        {"name": c.name, "first": c.name, "second": f"{c.group} 1 1 {c.column}"}
        for c in cells
        if c.kind == "locality"
    ]
    published = printed_grid() if with_stars else printed_grid().assign(stars="", p="")
    return _analysed(table, published, cells, pairs, counts, ABOUT, DELTAS, options)


def rows(counts: Counts, **options: Any) -> TableResult:
    """Table VI, two groups of three cells."""
    table = printed_rows()
    cells = [
        CellResult(
            row["cell"],
            "",
            (("gamma", row["gamma"]), ("eta", row["eta"])),
            title=f"({row['gamma']}, {row['eta']})",
            group=row["part"],
            margin=row["dataset"],
        )
        for row in table.to_dict("records")
    ]
    pairs = [
        {"name": f"{row['part']} {row['column']}", "first": row["cell"], "second": base}
        for row in table.to_dict("records")
        if row["cell"] != (base := f"{row['dataset']} 1 1")
    ]
    deltas = {"tiny-imagenet": Decimal("0.75"), "deepweeds": Decimal("1.15")}
    return _analysed(table, printed_rows(), cells, pairs, counts, ROWS, deltas, options)


def _analysed(
    table: pd.DataFrame,
    published: pd.DataFrame,
    cells: Sequence[CellResult],
    pairs: Sequence[Mapping[str, str]],
    counts: Counts,
    about: About,
    deltas: Mapping[str, Decimal],
    options: Mapping[str, Any],
) -> TableResult:
    values = dict(zip(table["cell"], table["value"], strict=True))
    runs = cases.frame(
        {
            cell.name: found
            for cell in cells
            if len(found := counts(cell.name, int(Decimal(values[cell.name]) * 10_000)))
        }
    )
    settings: dict[str, Any] = {
        "delta": deltas,
        "seeds": 15,
        "declared": len(pairs),
        "cells": cells,
        "about": about,
    }
    settings.update(options)
    is_quick = settings["about"].protocol == "quick"
    return cases.analysed(runs, None if is_quick else published, pairs, **settings)


def declared(result: TableResult) -> list[CellResult]:
    """A table's cells as it declared them, without runs and numbers."""
    kept = ("name", "kind", "parameters", "group", "column", "title", "margin")
    return [CellResult(**{name: getattr(cell, name) for name in kept}) for cell in result.cells]


def around(_name: str, printed: int) -> list[int]:
    """Fifteen seeds around the printed median."""
    return [printed + offset for offset in cases.OFFSETS]


def nothing(_name: str, _printed: int) -> list[int]:
    """No run."""
    return []


def partly(name: str, printed: int) -> list[int]:
    """Fewer seeds the larger λ, none at the last, none of one cell."""
    kept = {"0.00025": 15, "0.0005": 12, "0.001": 6}.get(name.split()[-1], 0)
    return [] if name == "cifar10 VGG 1 1 0.0005" else around(name, printed)[:kept]


@cache
def complete() -> TableResult:
    """All of Table IV's runs, each cell around its published median."""
    return grid(around)


@cache
def partial() -> TableResult:
    """One block with missing seeds, cells and columns."""
    return grid(partly, blocks=["cifar10 VGG"])


@cache
def empty() -> TableResult:
    """One block without runs."""
    return grid(nothing, blocks=["cifar10 VGG"])


@cache
def quick() -> TableResult:
    """A quick grid: nothing published, no verdicts."""
    about = replace(ABOUT, protocol="quick")
    return grid(around, blocks=["cifar10 VGG"], about=about, delta=None)
