"""Synthetic tables whose right verdicts are known by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables.about import About, Reading
from analysis.tables.analyse import analyse
from analysis.tables.results import CellResult, RunRow, TableResult

PUBLISHED = Path(__file__).parents[2] / "paper_tables/locality/table3.csv"
LOCALITY = ("1.6 2.4", "1.6 2.2", "1.6 2.0", "1.6 1.8")
PERMUTED = ("2.4 1.6", "2.2 1.6", "2.0 1.6", "1.8 1.6")
ANTI = ("0.6 0.4", "0.6 0.6", "0.8 0.6", "0.8 0.8")
NAMES = (
    *(f"locality {values}" for values in LOCALITY),
    *(f"permuted {values}" for values in PERMUTED),
    "plain 1 1",
    *(f"anti {values}" for values in ANTI),
)
COMPARISONS = [
    {"name": f"upper {i}", "first": f"locality {a}", "second": f"permuted {b}"}
    for i, (a, b) in enumerate(zip(LOCALITY, PERMUTED, strict=True), 1)
] + [
    {"name": f"lower {i}", "first": "plain 1 1", "second": f"anti {b}"}
    for i, b in enumerate(ANTI, 1)
]
COLUMNS = [field.name for field in fields(RunRow)]
MACHINE = "AMD EPYC 9B45 / torch 2.15.0 / cpu"
OTHER_MACHINE = "NVIDIA H200 / torch 2.15.0 / cuda"
# Offsets in images of 10,000: a spread of 0.2 points, median 0, no ties.
OFFSETS = (-34, -27, -21, -16, -11, -7, -3, 0, 4, 8, 12, 17, 22, 28, 36)
READINGS = tuple(
    Reading(i, name, value, default, source, question, value != default)
    for i, name, value, default, source, question in (
        ("L-03", "l2_convention", "sum_sq", "sum_sq", "paper", "Is the penalty λ·Σ r w² or half?"),
        ("L-12", "alternative", "two-sided", "two-sided", "assumption", "One- or two-sided test?"),
        ("T-02", "batch_norm_eps", "0.001", "0.00001", "assumption", "Batch-norm's ε & momentum?"),
    )
)
ABOUT = About(
    id="locality/table3",
    title="Table III",
    caption="Accuracy for permuted (γ, η) and for anti-locality, VGG-10 on CIFAR-10",
    margin_reason="The paper's own Tables III and IV differ by 0.29 points (L-04).",
    readings=READINGS,
)
QUICK = About(
    id="locality/table3",
    title="Table III, quick",
    caption="LOCO-Reg and its controls, VGG-10 on digits, a quick look",
    protocol="quick",
    readings=READINGS,
)


def published() -> pd.DataFrame:
    """The committed numbers of Table III."""
    return pd.read_csv(PUBLISHED, dtype=str)


def printed(name: str) -> int:
    """Images of 10,000 that the published median stands for."""
    table = published()
    return int(Decimal(table.loc[table["cell"] == name, "value"].iloc[0]) * 10_000)


def rows(
    name: str, counts: Sequence[int], *, total: int = 10_000, machine: str = MACHINE, **other: Any
) -> list[dict[str, Any]]:
    """A cell's runs, one a seed; ``other`` replaces columns."""
    return [
        {
            "cell": name,
            "seed": seed,
            "correct": correct,
            "total": total,
            "accuracy": correct / total,
            "value": correct / total,
            "diverged": False,
            "best_correct": min(correct + 9, total),
            "best_epoch": 120,
            "run": f"{abs(hash_of(name, seed)):016x}",
            "configuration": f"{abs(hash_of(name, -1)):016x}",
            "precision": "float32",
            "data_digest": "41a5a5c9",
            "machine": machine,
            "laboratory": "here",
            **other,
        }
        for seed, correct in enumerate(counts)
    ]


def hash_of(name: str, seed: int) -> int:
    """A stable number for a cell and seed."""
    return sum(ord(c) * 31**i for i, c in enumerate(f"{name}/{seed}")) % 2**63


def frame(cells: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """Runs of several cells, given as correct images by seed."""
    records = [row for name, counts in cells.items() for row in rows(name, counts)]
    return pd.DataFrame(records, columns=["cell", *COLUMNS])


def around(name: str, *, shift: int = 0, n: int = 15) -> list[int]:
    """``n`` seeds around the published median, moved by ``shift`` images."""
    return [printed(name) + shift + offset for offset in OFFSETS[:n]]


def analysed(
    runs: pd.DataFrame, published: pd.DataFrame | None, *pairs: Any, **options: Any
) -> TableResult:
    """The table of a frame of runs and of one of published numbers."""
    cells: dict[str, list[RunRow]] = {}
    for row in runs.to_dict("records"):
        cells.setdefault(row["cell"], []).append(RunRow(**{name: row[name] for name in COLUMNS}))
    printed = None if published is None else published.fillna("").to_dict("records")
    return analyse(cells, printed, *pairs, **options)


def full(runs: pd.DataFrame, **options: Any) -> TableResult:
    """Table III from these runs."""
    settings: dict[str, Any] = {
        "delta": Decimal("0.5"),
        "seeds": 15,
        "declared": 8,
        "cells": [spec(name) for name in NAMES],
        "about": ABOUT,
    }
    return analysed(runs, published(), COMPARISONS, **{**settings, **options})


def quick(runs: pd.DataFrame, **options: Any) -> TableResult:
    """The quick Table III from these runs: four cells, two comparisons, nothing published."""
    names = [NAMES[0], NAMES[4], NAMES[8], NAMES[9]]
    settings: dict[str, Any] = {
        "delta": None,
        "seeds": 5,
        "declared": 2,
        "cells": [spec(name) for name in names],
        "about": QUICK,
    }
    return analysed(runs, None, [COMPARISONS[0], COMPARISONS[4]], **{**settings, **options})


@cache
def five_each() -> TableResult:
    """The quick table, complete: 8700 to 8704 in every cell."""
    names = [NAMES[i] for i in (0, 4, 8, 9)]
    return quick(frame({name: [8700 + i for i in range(5)] for name in names}))


@cache
def sparse() -> TableResult:
    """One run in one cell."""
    return full(frame({"plain 1 1": [8791]}))


@cache
def empty() -> TableResult:
    """No run at all."""
    return full(frame({}))


def spec(name: str) -> CellResult:
    """The declared cell of that name."""
    kind, gamma, eta = name.split()
    return CellResult(name, kind, (("gamma", gamma), ("eta", eta)))


@cache
def complete() -> TableResult:
    """All 195 runs, each cell around its published median."""
    return full(frame({name: around(name) for name in NAMES}))


@cache
def mixed() -> TableResult:
    """What goes wrong, at once: missing, few and partial cells, diverged runs, two machines."""
    counts = {name: around(name) for name in NAMES}
    del counts["anti 0.8 0.8"]
    counts["locality 1.6 2.2"] = around("locality 1.6 2.2", n=12)
    counts["permuted 2.2 1.6"] = around("permuted 2.2 1.6", n=3)
    counts["anti 0.6 0.4"] = around("anti 0.6 0.4", shift=-150)
    runs = frame(counts)
    diverged = (runs["cell"] == "permuted 2.4 1.6") & (runs["seed"] < 2)
    runs.loc[diverged, ["diverged", "correct", "accuracy", "value"]] = [True, 1000, 0.1, 0.1]
    elsewhere = (runs["cell"] == "plain 1 1") & (runs["seed"] > 9)
    runs.loc[elsewhere, "machine"] = OTHER_MACHINE
    return full(runs)
