"""Declarations: cells, seeds and the frozen identity of every configuration of a table."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_makers import make_run

from analysis.verdicts.choosing import Choice
from analysis.verdicts.measure import ACCURACY
from benchmarks.errors import UserError
from reproduce.catalogue.papers import entries, find
from reproduce.catalogue.seeds import parse_seeds
from reproduce.catalogue.tables import Table, plan, spelled
from reproduce.locality.protocol import ETA, GAMMA
from reproduce.locality.table3 import QUICK, REDUCED, TABLE

GOLDEN = json.loads((Path(__file__).parent / "golden_configurations.json").read_text())


def configurations(table: Table) -> dict[str, str]:
    """Configuration hash of every cell."""
    return {cell.name: cell.run(0).configuration_hash for cell in table.cells}


def test_table_3_has_the_papers_thirteen_configurations() -> None:
    runs = plan(TABLE.cells, range(TABLE.seeds))
    assert len(TABLE.cells) == 13
    assert len({planned.run.hash for planned in runs}) == 195
    assert len(TABLE.comparisons) == 8


@pytest.mark.parametrize("table", [TABLE, REDUCED, QUICK], ids=["full", "reduced", "quick"])
def test_configurations_are_frozen(table: Table) -> None:
    """A changed hash disowns every record of the cell: never edit the golden file to pass."""
    name = table.id if table.form == "full" else f"{table.id}, {table.form}"
    assert configurations(table) == GOLDEN[name]


def test_the_forms_never_meet() -> None:
    hashes = [name for form in (TABLE, REDUCED, QUICK) for name in configurations(form).values()]
    assert len(set(hashes)) == 13 + 4 + 4


def test_the_reduced_form_asks_the_papers_questions_of_less_training() -> None:
    assert [cell.name for cell in REDUCED.cells] == [cell.name for cell in QUICK.cells]
    assert (REDUCED.seeds, REDUCED.comparisons) == (15, QUICK.comparisons)
    for cell in REDUCED.cells:
        less, whole = cell.run(0), TABLE.cell(cell.name).run(0)
        assert less.epochs < whole.epochs
        assert (less.data, less.objective) == (whole.data, whole.objective)
        assert less.optimizer == whole.optimizer


def test_the_protocol_is_the_papers() -> None:
    run = TABLE.cell("plain 1 1").run(0)
    assert run == make_run()
    assert run.setting("procedure.phases.train.batch_size") == 128
    assert run.setting("schedule.milestones") == (50, 85, 110, 120, 127)
    assert (run.epochs, str(run.setting("optimizer.momentum"))) == (130, "0.9")
    assert (str(run.schedule.learning_rate), str(run.setting("schedule.decay"))) == ("0.1", "0.3")
    assert run.setting("data.augmentation.kind") == "flip"
    assert [str(term.weight_decay) for term in run.objective.penalties] == ["0.0005"] * 2


def test_published_entries_are_the_tables_cells() -> None:
    with TABLE.published.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert {row["cell"] for row in rows} == {cell.name for cell in TABLE.cells}
    for row in rows:
        run = TABLE.cell(row["cell"]).run(0)
        assert [spelled(run.setting(path)) for _, path in (GAMMA, ETA)] == [
            row["gamma"],
            row["eta"],
        ]


def test_published_stars_stand_at_the_first_cell_of_a_comparison() -> None:
    with TABLE.published.open() as file:
        rows = {(row["part"], row["column"], row["row"]): row for row in csv.DictReader(file)}
    for comparison in TABLE.comparisons:
        part, column = comparison.name.split()
        assert rows[part, column, "1"]["cell"] == comparison.first
        assert rows[part, column, "2"]["cell"] == comparison.second
        assert rows[part, column, "2"]["stars"] == ""


def test_upper_pairs_exchange_gamma_and_eta() -> None:
    for comparison in TABLE.comparisons[:4]:
        first, second = TABLE.cell(comparison.first), TABLE.cell(comparison.second)
        one, other = (c.run(0).objective.penalties[0] for c in (first, second))
        assert (one.gamma, one.eta) == (other.eta, other.gamma)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [(None, [0, 1, 2]), ("2", [0, 1]), ("3-7", [3, 4, 5, 6, 7]), ("0,4,9", [0, 4, 9]),
     ("4,0-1", [0, 1, 4])],
)  # fmt: skip
def test_seeds(text: str | None, seeds: list[int]) -> None:
    assert parse_seeds(text, 3) == seeds


@pytest.mark.parametrize("text", ["", "0", "-3", "a", "3-", "7-3", "1,,2", "1.5", "3-4-5"])
def test_bad_seeds(text: str) -> None:
    with pytest.raises(UserError, match="--seeds"):
        parse_seeds(text, 15)


@given(first=st.integers(0, 1000), count=st.integers(1, 50))
def test_seed_ranges(first: int, count: int) -> None:
    assert parse_seeds(f"{first}-{first + count - 1}", 15) == list(range(first, first + count))


def test_only_selects_by_glob() -> None:
    assert [cell.name for cell in TABLE.select(["plain *"])] == ["plain 1 1"]
    assert len(TABLE.select(["locality*", "anti*"])) == 8
    assert TABLE.select([]) == TABLE.cells
    with pytest.raises(UserError, match=r"locality 1\.6 2\.4"):
        TABLE.select(["vgg*"])


def test_runs_go_seed_by_seed() -> None:
    runs = plan(TABLE.cells, [0, 1])
    assert [planned.run.seed for planned in runs] == [0] * 13 + [1] * 13


@pytest.mark.parametrize("name", ["table3", "locality/table3"])
def test_tables_are_found_by_both_names(name: str) -> None:
    assert find(name).load() is TABLE


def test_unknown_tables() -> None:
    with pytest.raises(UserError, match="reproduce list"):
        find("table99")


def test_every_entry_loads() -> None:
    for entry in entries():
        if entry.trains:
            assert entry.load().id == entry.id
        else:
            assert callable(entry.command())
            with pytest.raises(UserError, match="computes it"):
                entry.load()


def test_a_form_keeps_the_comparisons_and_choices_of_its_cells() -> None:
    choice = Choice("of two", ("plain 1 1", "anti 0.6 0.4"), ACCURACY)
    lost = Choice("of others", ("plain 1 1", "anti 0.8 0.8"), ACCURACY)
    whole = replace(TABLE, choices=(choice, lost), remark="of the full table alone")
    small = whole.in_form("quick", "small", QUICK.cells, row_title="(γ, η)")
    assert [c.name for c in small.comparisons] == ["upper 1", "lower 1"]
    assert small.choices == (choice,)
    assert (small.title, small.seeds, small.remark) == ("Table III, quick", 5, "")
    assert (small.row_title, small.forms) == ("(γ, η)", {})
    assert whole.with_forms(small).of_form("quick") is small
