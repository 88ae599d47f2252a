"""Table VII: its cells and the recipe that they share; test_grid_tables.py freezes their hashes."""

from __future__ import annotations

import csv

import pytest
from run_makers import make_run, network

from analysis.statistics.stars import stars
from benchmarks.models import AsymmetricBlock, SquareBlock
from benchmarks.models.rcnet import Block
from benchmarks.parts import kinds
from benchmarks.penalties import StripReg
from reproduce.catalogue import readings
from reproduce.catalogue.papers import find
from reproduce.catalogue.tables import Cell, plan, spelled
from reproduce.locality.protocol import STRIP_ETA
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
        strips = run.objective.penalties[0]
        assert isinstance(strips, StripReg)
        recipe = make_run(
            model="rcnet10",
            block="acb",
            normalization="half",
            augmentation="crop_flip",
            weight_decay="0.0001",
            dense_weight_decay="0.0001",
            l2_convention="half_sum_sq",
            epochs=80,
            batch_size=64,
            learning_rate="0.1",
            lr_decay="0.1",
            lr_milestones=(20, 40, 60),
            bias_lr_factor="2",
        )
        plain = run.replace(model=run.model.replace(block=AsymmetricBlock()))
        assert plain.with_setting(STRIP_ETA[1], "0") == recipe


def test_cells_differ_in_block_eta_and_initialisation_alone() -> None:
    found = [
        (cell.run(0).setting("model.block"), str(cell.run(0).setting(STRIP_ETA[1])))
        for cell in TABLE.cells
    ]
    assert found == [
        (AsymmetricBlock(), "0"),
        (SquareBlock(), "0"),
        (SquareBlock(), "2"),
        (SquareBlock(), "8"),
        (SquareBlock(initialization="scaled"), "8"),
    ]


def test_published_entries_are_the_tables_cells() -> None:
    rows = published()
    assert [row["cell"] for row in rows] == [cell.name for cell in TABLE.cells]
    assert [row["value"] for row in rows] == ["86.18", "86.20", "86.24", "86.36", "86.40"]
    for row, cell in zip(rows, TABLE.cells, strict=True):
        for name, path in TABLE.parameters:
            if row[name] and cell.run(0).has_setting(path):
                assert row[name] == spelled(cell.run(0).setting(path)), (cell.name, name)
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
        run = cell.run(0, dict.fromkeys(reading.paths, value))
        assert run.hash != cell.run(0).hash
        network(run, 10)


def test_every_kind_of_block_is_in_the_table_or_the_plain_network() -> None:
    assert {cell.run(0).setting("model.block.kind") for cell in TABLE.cells} | {"conv"} == set(
        kinds(Block)
    )
