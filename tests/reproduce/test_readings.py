"""The readings as data, and what the command makes of a choice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_makers import make_run

from benchmarks.errors import UserError
from benchmarks.models import SquareBlock
from benchmarks.parts import Part, hints_of, kinds
from benchmarks.run import Run, from_canonical
from reproduce.catalogue import paper_files, readings, table_result
from reproduce.catalogue.papers import default_paper, entries, find
from reproduce.catalogue.tables import spelled
from reproduce.commands.readings import readings as told
from reproduce.store.paths import ROOT

ALL = readings.load("locality")
READING = """[[reading]]
id = "L-01"
name = "a"
question = "b?"
default = "0"
source = "{}"
evidence = "c."
alternatives = ["1"]
tables = ["table1"]
"""
SETTINGS = [reading for reading in ALL if reading.setting]
CHOOSABLE = [reading for reading in ALL if reading.option]
PAPER_ITEMS = {f"table{n}" for n in range(1, 8)} | {"figure1", "figure2", "theorem1"}
PAPER_ITEMS |= {"magnitudes"}  # what Table I's question comes to for our own networks


def test_ids_run_on_without_a_gap():
    assert [reading.id for reading in ALL] == [f"L-{n:02d}" for n in range(1, len(ALL) + 1)]
    assert len(ALL) >= 39


def test_every_reading_is_complete():
    for reading in ALL:
        assert reading.question.endswith("?"), reading.id
        assert reading.name, reading.id
        assert reading.evidence.endswith("."), reading.id
        assert reading.tables, reading.id
        assert set(reading.tables) <= PAPER_ITEMS, reading.id
        assert reading.default not in reading.alternatives, reading.id
        if reading.option:
            assert reading.alternatives, reading.id


def test_options_are_unique_and_knobs_are_no_settings():
    options = [reading.option for reading in CHOOSABLE]
    assert len(set(options)) == len(options)
    assert not {r.knob for r in ALL if r.knob} & set(Run.__struct_fields__)


def test_the_knobs_are_those_that_the_report_turns():
    assert {r.knob: r.default for r in ALL if r.knob} == table_result.KNOBS


@pytest.mark.parametrize("reading", SETTINGS, ids=lambda r: r.id)
def test_the_default_is_that_of_the_cells_and_alternatives_make_other_runs(reading):
    own = entries(default_paper())
    tables = [e.load() for e in own if e.trains and e.name in reading.tables]
    assert tables
    for table in tables:
        for cell in table.cells:
            hashes = [
                cell.run(0, {} if value == "same" else dict.fromkeys(reading.paths, value)).hash
                for value in (reading.default, *reading.alternatives)
            ]
            assert hashes[0] == cell.run(0).hash, cell.name
            # "same" is one of the two words that it stands for.
            words = len(hashes) - (reading.default == "same")
            other = words if any(map(cell.takes, reading.paths)) else 1
            assert len(set(hashes)) == other, cell.name


def test_each_reading_of_tables_5_and_6_touches_the_cells_that_it_is_about():
    touched = {
        reading.id: {
            cell.name
            for table in (find("table5").load(), find("table6").load())
            if table.name in reading.tables
            for cell in table.cells
            if any(map(cell.takes, reading.paths))
        }
        for reading in SETTINGS
    }
    deepweeds = {"deepweeds 1 1", "deepweeds 1.4 1.56", "deepweeds 1.8 2.13"}
    assert touched["L-18"] == touched["L-20"] == deepweeds
    assert touched["L-19"] == {name.replace("deepweeds", "tiny-imagenet") for name in deepweeds}
    assert touched["L-06"] == {"7x7 1 0", "7x7 1 0.25", "7x7 1 0.35"}
    assert len(touched["L-05"]) == 6


def test_no_value_that_a_setting_allows_is_left_out():
    """Where a setting takes one of a few words."""
    named = {path.rpartition(".")[2]: r for r in SETTINGS for path in r.paths}
    checked = 0
    for part in kinds(Part).values():
        for name, hint in hints_of(part).items():
            if get_origin(hint) is Literal and name in named and part is not SquareBlock:
                reading = named[name]
                allowed = {reading.default, *reading.alternatives} - {"same"}
                assert allowed == set(get_args(hint)), (part, name)
                checked += 1
    assert checked >= 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L-03=half_sum_sq", {"l2_convention": "half_sum_sq"}),
        ("l-03 = half_sum_sq", {"l2_convention": "half_sum_sq"}),
        ("l2_convention=half_sum_sq", {"l2_convention": "half_sum_sq"}),
        ("batch_norm_eps=1e-3", {"batch_norm_eps": "0.001"}),
        ("batch_norm_eps=1e-5", {}),
        ("L-12=greater", {}),
        ("L-05=CIFAR-100", {"dataset": "cifar100"}),
        ("L-05=Cifar 10", {}),
        ("L-06=7,7,7,7,7,3,3,3,3", {"kernel_sizes": "7,7,7,7,7,3,3,3,3"}),
        ("L-20=3", {"fold": "3"}),
        ("L-20=0", {}),
    ],
)
def test_a_choice_becomes_a_setting(text, expected):
    assert readings.parse_overrides([text])[0] == expected


@pytest.mark.parametrize("text", ["L-05=cifar10", "L-18=flatten", "stars_compare=plain"])
def test_a_reading_of_another_table_is_refused(text):
    assert readings.parse_overrides([text])
    with pytest.raises(UserError, match=r"L-\d\d \(.*\) does not touch table4, only table\d"):
        readings.parse_overrides([text], table="table4")


def test_knobs_are_kept_apart_from_settings():
    texts = ["L-12=greater", "L-03=half_sum_sq", "stars_compare=plain"]
    settings, knobs = readings.parse_overrides(texts)
    assert settings == {"l2_convention": "half_sum_sq"}
    assert knobs == {"alternative": "greater", "stars_compare": "plain"}


@given(st.lists(st.sampled_from(CHOOSABLE), unique=True), st.randoms(use_true_random=False))
def test_any_set_of_choices_makes_a_run(chosen, random):
    picked = {r: random.choice((r.default, *r.alternatives)) for r in chosen}
    texts = [f"{random.choice((r.id, r.option))}={value}" for r, value in picked.items()]
    settings, knobs = readings.parse_overrides(texts)
    changed = {r.option: value for r, value in picked.items() if value != r.default}
    assert {name: spelled(value) for name, value in {**settings, **knobs}.items()} == changed
    for default in (make_run(seed=3, dataset="deepweeds"), make_run(seed=3, model="rcnet10")):
        run = default
        for name, value in settings.items():
            for path in readings.paths_of(name):
                if run.has_setting(path) and name not in ("fold", "kernel_sizes", "dataset"):
                    run = run.with_setting(path, value)
        assert from_canonical(run.canonical()) == run


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (["L-99=x"], ["L-99", "L-03 (l2_convention)"]),
        (["gamma=2"], ["gamma", "reproduce readings"]),
        (["L-03=sum"], ["L-03 (l2_convention)", "'sum'", "sum_sq, half_sum_sq"]),
        (["L-16=yes"], ["L-16", "note"]),
        (["L-03"], ["NAME=VALUE"]),
        (["L-03=sum_sq", "l2_convention=half_sum_sq"], ["L-03", "two values"]),
        (["rank_sum=approximate"], ["exact, normal"]),
    ],
)
def test_a_bad_choice_is_one_line_that_names_the_alternatives(texts, named):
    with pytest.raises(UserError) as caught:
        readings.parse_overrides(texts)
    message = str(caught.value)
    assert "\n" not in message
    for part in named:
        assert part in message


def test_table_readings_show_what_holds_there():
    rows = readings.table_readings("locality/table3", {"l2_convention": "half_sum_sq"})
    by_id = {row.id: row for row in rows}
    assert by_id["L-03"].value == "half_sum_sq"
    assert by_id["L-03"].default == "sum_sq"
    assert [row.id for row in rows if row.changed] == ["L-03"]
    assert {"L-04", "L-12", "L-39"} <= set(by_id)
    assert not {"L-01", "L-05", "L-29"} & set(by_id)


def test_every_declared_table_has_readings_and_deviations():
    for entry in entries():
        assert readings.table_readings(entry.id), f"no reading names {entry.id}"
        # What follows from printed numbers alone departs from nothing.
        assert readings.table_deviations(entry.id) or not entry.trains


def test_deviations_are_complete():
    found = readings.table_deviations("locality/table3")
    assert len({d.id for d in found}) == len(found)
    for deviation in found:
        assert set(deviation.tables) <= PAPER_ITEMS
        for text in (deviation.paper, deviation.here, deviation.effect):
            assert text.endswith(".")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[reading]]\nid = "L-0', "Unterminated string"),
        ('[[reading]]\nid = "L-01"\n', "missing required field `name` - at `$.reading[0]`"),
        ("[[readings]]\n", "unknown field `readings`"),
        (READING.format("guess") + 'setting = "fold"\npaths = ["data.fold"]', "'guess' - at"),
        (READING.format("paper") + 'setting = "fold"', "L-01 is to have a setting with its paths"),
    ],
)
def test_a_damaged_file_is_a_plain_message(text, why, tmp_path, monkeypatch):
    monkeypatch.setattr(paper_files, "PAPER_TABLES", tmp_path)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "readings.toml").write_text(text)
    with pytest.raises(UserError, match=re.escape(why)) as caught:
        readings.load("toy")
    assert str(tmp_path / "toy" / "readings.toml") in str(caught.value)
    readings.load.cache_clear()


def test_a_missing_file_is_a_plain_message(tmp_path, monkeypatch):
    monkeypatch.setattr(paper_files, "PAPER_TABLES", tmp_path)
    with pytest.raises(UserError, match=r"readings\.toml is missing: restore it with"):
        readings.load("toy")
    monkeypatch.setenv("REPRODUCE_PAPERS", str(tmp_path / "papers"))
    assert readings.load("toy") == (), "another person's paper may leave nothing open"
    readings.load.cache_clear()


def test_the_json_form_holds_every_field():
    rows = json.loads(told(as_json=True))
    assert len(rows) == len(ALL)
    assert rows[2]["alternatives"] == ["half_sum_sq"]
    assert rows[2] == json.loads(told("l2_convention", as_json=True))
    assert set(rows[2]) == set(readings.Reading.__struct_fields__)


def test_the_list_fits_a_terminal_of_80_columns():
    text = told()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert not any(line.endswith("…") for line in text.splitlines())
    words = {word.strip(",") for word in text.split()}
    for reading in ALL:
        assert reading.id in words
        if reading.option:
            assert {reading.option, *reading.alternatives} <= words


def test_a_narrow_terminal_breaks_no_word(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = told()
    assert max(len(line) for line in text.splitlines()) <= 40
    for reading in ALL:
        assert set(f"{reading.name} {reading.default}".split()) <= set(text.split())


@pytest.mark.parametrize("name", ["L-34", "l-34", "batch_norm_eps"])
def test_one_reading_is_shown_in_full(name):
    reading = readings.find("L-34")
    text = " ".join(told(name).split())
    for part in (reading.question, reading.evidence, "0.001", "a setting: batch_norm_eps"):
        assert part in text


def test_a_note_says_that_there_is_nothing_to_choose():
    assert "nothing: a note" in told("L-16")


def test_reading_them_loads_nothing_heavy():
    code = (
        "import sys; from reproduce.catalogue import readings; "
        "readings.parse_overrides(['L-03=half_sum_sq']); "
        "readings.table_deviations('locality/table3'); "
        "print(sorted({'numpy', 'pandas', 'torch', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
