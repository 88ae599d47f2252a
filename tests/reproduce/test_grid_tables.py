"""Tables IV, V and VI: their cells, their printed numbers, and what can be derived from these."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from run_makers import factors_for

from benchmarks.parts import kind_of
from benchmarks.penalties.loco_reg import ring_factors
from reproduce.catalogue.selection import select
from reproduce.catalogue.tables import Table, plan
from reproduce.locality import table4, table5, table6, table7
from reproduce.locality.protocol import A1, KERNELS, with_penalty
from reproduce.store.paths import PAPER_TABLES

GOLDEN = json.loads((Path(__file__).parent / "golden_configurations.json").read_text())
TABLES = {module.TABLE.name: module.TABLE for module in (table4, table5, table6)}
FORMS = [form for table in TABLES.values() for form in (table, *table.forms.values())]


def printed(table: Table) -> list[dict[str, str]]:
    with table.published.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


PRINTED = [row for row in printed(table4.TABLE) if row["column"] != "best"]
BEST = [row for row in printed(table4.TABLE) if row["column"] == "best"]
VALUES = {
    (row["part"], row["gamma"], row["weight_decay"]): Decimal(row["value"]) for row in PRINTED
}


@pytest.mark.parametrize("table", [*FORMS, table7.TABLE, table7.QUICK], ids=lambda t: t.title)
def test_configurations_are_frozen(table: Table) -> None:
    """A changed hash disowns every record of the cell: never edit the golden file to pass."""
    golden = dict(GOLDEN[table.id if table.form == "full" else f"{table.id}, {table.form}"])
    runs = plan(table.cells, range(table.seeds))
    digest = hashlib.sha256("\n".join(p.run.hash for p in runs).encode()).hexdigest()
    assert golden.pop("all runs") == digest
    assert {name: table.cell(name).run(0).configuration_hash for name in golden} == golden


@pytest.mark.parametrize(
    ("name", "cells", "runs", "comparisons"),
    [("table4", 108, 1620, 72), ("table5", 6, 90, 4), ("table6", 6, 90, 4)],
)
def test_the_tables_have_the_papers_size(
    name: str, cells: int, runs: int, comparisons: int
) -> None:
    table = TABLES[name]
    assert len(table.cells) == cells
    assert len({p.run.hash for p in plan(table.cells, range(table.seeds))}) == runs
    assert len({c.name for c in table.comparisons}) == len(table.comparisons) == comparisons


@pytest.mark.parametrize("name", TABLES)
def test_published_entries_are_the_tables_cells(name: str) -> None:
    table = TABLES[name]
    rows = [row for row in printed(table) if row["column"] != "best"]
    assert [row["cell"] for row in rows if row["n"] == "15"] == [c.name for c in table.cells]
    for row in rows:
        cell = table.cell(row["cell"])
        run = cell.run(0)
        assert row["part"] == cell.group
        for setting, path in table.parameters:
            if setting in row:
                value = run.setting(path)
                printed_value = row[setting]
                assert (
                    Decimal(printed_value) if isinstance(value, Decimal) else printed_value
                ) == value
    kernels = {row["cell"]: int(row["kernel"]) for row in rows if "kernel" in row}
    assert all(table.cell(cell).run(0).setting(KERNELS[1])[0] == k for cell, k in kernels.items())


@pytest.mark.parametrize("table", FORMS, ids=lambda t: t.title)
def test_every_cell_but_the_baselines_is_compared_with_its_baseline(table: Table) -> None:
    compared = {c.first: c.second for c in table.comparisons}
    assert set(compared) == {cell.name for cell in table.cells if cell.kind == "locality"}
    for first, second in compared.items():
        one, other = table.cell(first), table.cell(second)
        assert other.kind == "plain"
        assert (one.group, one.column) == (other.group, other.column)
        plain = other.template.objective.penalties[0]
        locality = one.template.objective.penalties[0]
        assert type(plain) is type(locality)
        assert (plain.weight_decay, plain.convention) == (locality.weight_decay, "sum_sq")
        assert with_penalty(one.template, plain) == other.template


@pytest.mark.parametrize("name", TABLES)
def test_stars_stand_at_compared_cells_and_only_the_plain_cell_is_plain(name: str) -> None:
    table = TABLES[name]
    compared = {c.first for c in table.comparisons}
    for row in printed(table):
        assert not row["stars"] or row["cell"] in compared
    for cell in table.cells:
        run = cell.run(0)
        has_line = run.has_setting("objective.penalties.loco_line.a0")
        kernels = (3, *run.setting(KERNELS[1])) if has_line else (3,)
        factors = [factors_for(run, (k, k)) for k in kernels]
        assert all(np.allclose(f, 1) for f in factors) == (cell.kind == "plain")


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_has_a_margin(name: str) -> None:
    margins = tomllib.loads((PAPER_TABLES / "locality" / "margins.toml").read_text())[name]
    used = {cell.run(0).data.name for cell in TABLES[name].cells}
    assert used <= set(margins["delta"])


def test_the_pairs_of_table_4_are_lines_of_eq_5() -> None:
    """L-01: (1.4, 1.56) and (1.8, 2.13) are u(1) and u(√2) for a1 = 0.4 and 0.8, cut off."""
    for (gamma, eta), a1 in zip(table4.SETTINGS[1:], (0.4, 0.8), strict=True):
        assert float(gamma) == pytest.approx(1 + a1)
        assert float(eta) == pytest.approx(int(100 * (1 + a1 * 2**0.5)) / 100)
        assert ring_factors(float(gamma), float(eta)).sum() == pytest.approx(9)


def test_the_best_column_is_the_rows_maximum_with_its_stars_in_all_27_rows() -> None:
    assert len(BEST) == 27
    for best in BEST:
        rows = [r for r in PRINTED if (r["part"], r["row"]) == (best["part"], best["row"])]
        winner = max(rows, key=lambda row: Decimal(row["value"]))
        found = [winner[name] for name in ("cell", "value", "stars")]
        assert found == [best["cell"], best["value"], best["stars"]]
        assert sum(Decimal(row["value"]) == Decimal(best["value"]) for row in rows) == 1


def settings_of(part: str, strength: str) -> list[Decimal]:
    return [VALUES[part, gamma, strength] for gamma in ("1", "1.4", "1.8")]


def test_loco_reg_beats_plain_l2_in_34_of_36_settings() -> None:
    lost, first, second = set(), 0, 0
    for part, strength in itertools.product(table4.BLOCKS, table4.STRENGTHS):
        plain, mild, strong = settings_of(part, strength)
        first, second = first + (mild > plain), second + (strong > plain)
        if max(mild, strong) <= plain:
            lost.add((part, strength))
    assert lost == {("fashion MobileNet", "0.00025"), ("fashion VGG", "0.0005")}
    assert (first, second) == (27, 33)


def test_the_gains_at_the_best_strength_are_005_to_072_points() -> None:
    best = {(row["part"], row["gamma"]): Decimal(row["value"]) for row in BEST}
    gains = [
        100 * (max(best[part, "1.4"], best[part, "1.8"]) - best[part, "1"])
        for part in table4.BLOCKS
    ]
    assert (min(gains), max(gains)) == (Decimal("0.05"), Decimal("0.72"))
    assert round(sum(gains) / 9, 2) == Decimal("0.26")


def test_plain_l2_is_best_at_an_end_of_the_grid_in_4_of_9_rows() -> None:
    """L-09: the footnote says in none."""
    ends = [
        row["part"]
        for row in BEST
        if row["gamma"] == "1" and row["weight_decay"] in ("0.00025", "0.002")
    ]
    assert ends == ["cifar10 VGG", "cifar100 VGG", "fashion MobileNet", "fashion VGG"]


def test_three_columns_have_two_bold_entries() -> None:
    bold: dict[tuple[str, str], list[str]] = {}
    for row in printed(table4.TABLE):
        if row["bold"] == "1":
            bold.setdefault((row["part"], row["column"]), []).append(row["value"])
    assert {place: values for place, values in bold.items() if len(values) > 1} == {
        ("cifar10 VGG", "0.001"): [".8858", ".8875"],
        ("cifar100 VGG", "0.001"): [".6665", ".6653"],
        ("cifar100 VGG", "best"): [".6665", ".6671"],
    }


def test_only_selects_a_block_by_its_printed_name(tmp_path: Path) -> None:
    chosen = select("table4", only=["cifar10 VGG *"], results=tmp_path)
    assert len(chosen.cells) == 12
    assert {p.run.setting("model.kind") for p in chosen.planned} == {"vgg10"}
    assert {p.run.data.name for p in chosen.planned} == {"cifar10"}


def test_the_quick_forms_have_all_that_the_full_ones_have() -> None:
    assert table4.QUICK.cells[0].run(0).data.name == "digits"
    assert {cell.run(0).setting("model.kind") for cell in table4.QUICK.cells} == {
        kind_of(type(model)) for model in table4.MODELS.values()
    }
    kernels = {cell.run(0).setting(KERNELS[1]) for cell in table5.QUICK.cells}
    assert kernels == set(table5.KERNEL_SIZES.values())
    assert {str(cell.run(0).setting(A1[1])) for cell in table5.QUICK.cells} == {"0", "0.25", "0.35"}
    assert {cell.run(0).setting("model.kind") for cell in table6.QUICK.cells} == {"vgg10_expanded"}
    for form in FORMS:
        assert (form.seeds == 5) == form.is_quick
