"""Table VII: its cells and the recipe that they share; test_grid_tables.py freezes their hashes."""

from __future__ import annotations

import csv

import pytest
from run_makers import make_run, network

from analysis.statistics.rank_sum import stars
from benchmarks.run import CHOICES
from reproduce.catalogue import readings
from reproduce.catalogue.papers import find
from reproduce.catalogue.tables import Cell, plan
from reproduce.locality.table7 import QUICK, TABLE

SETTINGS = ["block_counts", "warmup_epochs", "acb_bn", "norm_bias_weight_decay"]


def published() -> list[dict[str, str]]:
    with TABLE.published.open() as file:
        return list(csv.DictReader(file))


def test_five_cells_of_fifteen_seeds() -> None:
    assert find("table7").load() is TABLE
    runs = plan(TABLE.cells, range(TABLE.seeds))
    assert len(TABLE.cells) == 5
    assert len({planned.run.hash for planned in runs}) == 75


def test_quick_and_full_never_meet() -> None:
    full, quick = (
        {planned.run.hash for planned in plan(t.cells, range(15))} for t in (TABLE, QUICK)
    )
    assert not full & quick
    assert [cell.name for cell in TABLE.cells] == [cell.name for cell in QUICK.cells]


def test_the_recipe_is_acnets() -> None:
    for cell in TABLE.cells:
        run = cell.run(0)
        assert (run.dataset, run.model, run.block_counts) == ("cifar10", "rcnet10", (1, 1, 1))
        assert (run.epochs, run.lr_milestones) == (80, (20, 40, 60))
        assert (str(run.learning_rate), str(run.lr_decay)) == ("0.1", "0.1")
        assert (run.batch_size, str(run.momentum)) == (64, "0.9")
        assert str(run.weight_decay) == str(run.dense_weight_decay) == "0.0001"
        assert (run.l2_convention, run.dense_l2_convention) == ("half_sum_sq", "same")
        assert (run.augmentation, run.normalization) == ("crop_flip", "half")
        assert (str(run.bias_lr_factor), run.warmup_epochs) == ("2", 0)
        assert run.norm_bias_weight_decay == 0
        assert run.gamma == run.eta == 1
        assert (run.acb_bn, run.initialization) == ("per_branch", "torch")


def test_cells_differ_in_block_eta_and_initialisation_alone() -> None:
    found = [
        (cell.run(0).block, str(cell.run(0).strip_eta), cell.run(0).branch_init)
        for cell in TABLE.cells
    ]
    assert found == [
        ("acb", "0", "default"),
        ("square", "0", "default"),
        ("square", "2", "default"),
        ("square", "8", "default"),
        ("square", "8", "scaled"),
    ]
    plain = {"block": "acb", "strip_eta": "0", "branch_init": "default"}
    assert len({cell.run(0).replace(**plain).hash for cell in TABLE.cells}) == 1


def test_published_entries_are_the_tables_cells() -> None:
    rows = published()
    assert [row["cell"] for row in rows] == [cell.name for cell in TABLE.cells]
    assert [row["value"] for row in rows] == ["86.18", "86.20", "86.24", "86.36", "86.40"]
    for row, cell in zip(rows, TABLE.cells, strict=True):
        for name in TABLE.parameters:
            assert row[name] in (cell.settings[name], ""), (cell.name, name)
        assert row["part"] == cell.group
        assert row["n"] == str(TABLE.seeds)
    assert rows[0]["strip_eta"] == "", "ACNet's block has no η"


def test_every_other_cell_is_compared_with_acnets_block() -> None:
    rows = {(row["part"], row["column"]): row for row in published()}
    assert [c.first for c in TABLE.comparisons] == [cell.name for cell in TABLE.cells[1:]]
    for comparison in TABLE.comparisons:
        part, _, column = comparison.name.rpartition(" ")
        assert rows[part, column]["cell"] == comparison.first
        assert comparison.second == "baseline acb"


def test_the_texts_p_values_make_one_star_each() -> None:
    """L-50: the table prints no stars; the captions' legend makes them of the text's p."""
    assert {row["cell"]: row["p"] for row in published() if row["p"]} == {
        "strip 8": "0.05",
        "strip 8 scaled": "0.04",
    }
    assert all(row["stars"] == "" for row in published())
    assert stars(0.05) == stars(0.04) == "*"
    assert "table7" in readings.find("L-50").tables


@pytest.mark.parametrize("cell", TABLE.cells, ids=lambda cell: cell.name)
@pytest.mark.parametrize("name", SETTINGS)
def test_its_readings_make_other_runs_that_can_be_built(cell: Cell, name: str) -> None:
    reading = readings.find(name)
    assert reading.tables == ("table7",)
    for value in reading.alternatives:
        run = cell.run(0, {name: value})
        assert run.hash != cell.run(0).hash
        network(run, 10)


def test_every_kind_of_block_is_in_the_table_or_the_plain_network() -> None:
    assert {cell.run(0).block for cell in TABLE.cells} | {make_run(seed=0).block} == set(
        CHOICES["block"]
    )
