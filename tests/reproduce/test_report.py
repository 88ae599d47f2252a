"""From records on disk to the five files and the terminal's table."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
import record_makers
from rich.console import Console

from analysis.documents.table_document import table_document
from analysis.rendering.files import files
from analysis.rendering.terminal import print_document
from analysis.tables.results import TableResult
from analysis.verdicts.measure import ACCURACY, SVM_ACCURACY, TRAINING_LOSS
from benchmarks.data import DATASETS
from benchmarks.errors import UserError
from benchmarks.run import Run
from reproduce import __main__ as main
from reproduce.catalogue.selection import Selection
from reproduce.catalogue.table_result import build
from reproduce.catalogue.tables import Table
from reproduce.locality.table3 import QUICK, TABLE
from reproduce.store import schema
from reproduce.store.atomic import write_files
from reproduce.store.store import Store

GRIDS = ("layout-upper", "layout-lower", "cells", "comparisons", "effect-sizes", "best-epochs")
FILES = {
    *(f"table3.{kind}" for kind in ("csv", "tex", "seeds.png", "seeds.pdf", "json")),
    *(f"table3.{grid}.tex" for grid in GRIDS),
}


def record_of(
    run: Run, correct: int, *, device: str = "Some CPU", form: str = "full"
) -> schema.Record:
    """A record of the run with that many correct images, made on that device."""
    provenance = record_makers.PROVENANCE | {
        "device": {"kind": "cpu", "name": device, "threads": 1},
        "wall_seconds": 12.5,
        "images_per_second": 856.25,
        "sittings": [],
    }
    total = DATASETS[run.data.name].counts[1]
    made = record_makers.make(run.seed, run=run, epochs=1, correct=correct, total=total, form=form)
    return schema.seal({**made, "provenance": provenance})


def publish(store: Store, cell: str, seeds: range, base: int, **settings: Any) -> None:
    """Records of a cell's seeds, with base + seed correct images."""
    table = TABLE.of_form(store.form)
    for seed in seeds:
        run = table.cell(cell).run(seed, settings)
        assert store.records.publish(record_of(run, base + seed, form=store.form))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A full results folder with the plain cell, 12 of 15, and one anti cell, complete."""
    found = Store(tmp_path / "results")
    publish(found, "plain 1 1", range(12), 8785)
    publish(found, "anti 0.6 0.4", range(15), 8670)
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def built(table: Table, store: Store, cells: Any = (), seeds: Any = (), **more: Any) -> TableResult:
    """The report of a selection; of all cells or seeds where none are given."""
    chosen = cells or table.cells, tuple(seeds) or tuple(range(table.seeds))
    return build(Selection(table, *chosen, store, **more))


def write(result: TableResult, folder: Path) -> None:
    write_files(folder, "table3", files(table_document(result)))


def shown(result: Any, width: int = 80) -> str:
    file = io.StringIO()
    print_document(table_document(result), Console(file=file, width=width))
    return file.getvalue()


def test_a_report_leaves_five_files_with_the_runs_that_are_there(store: Store) -> None:
    result = built(TABLE, store)
    folder = store.report(TABLE.id)
    write(result, folder)
    assert {path.name for path in folder.iterdir()} == FILES
    assert folder == store.base / "locality" / "table3"
    rows = rows_of(folder / "table3.csv")
    assert [(row["cell"], row["seed"]) for row in rows] == [
        *(("plain 1 1", str(seed)) for seed in range(12)),
        *(("anti 0.6 0.4", str(seed)) for seed in range(15)),
    ]
    run = TABLE.cell("plain 1 1").run(3)
    assert rows[3]["run"] == run.hash
    assert rows[3]["configuration"] == run.configuration_hash
    assert rows[3]["data_digest"] == run.data.identity
    assert rows[3]["correct"] == "8788"
    assert "secret-node-17" not in (folder / "table3.json").read_text()


def test_missing_seeds_show_and_are_not_averaged_away(store: Store) -> None:
    result = built(TABLE, store)
    cell = result.cell("plain 1 1")
    assert (cell.n, cell.planned) == (12, 15)
    assert cell.median == pytest.approx(0.87905)
    assert cell.level is not None
    assert cell.level.verdict == "reproduced"
    assert "12/15" in shown(result)
    assert "INCOMPLETE: 27 of 195 runs" in shown(result)
    assert not result.complete
    assert len(result.missing) == 168


def test_a_second_report_has_the_same_bytes(store: Store, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        write(built(TABLE, store), folder)
    for name in FILES:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_runs_that_are_published_in_another_order_give_the_same_csv(tmp_path: Path) -> None:
    texts = []
    for name, seeds in (("up", range(7)), ("down", range(6, -1, -1))):
        store = Store(tmp_path / name)
        publish(store, "plain 1 1", seeds, 8780)
        write(built(TABLE, store), store.report(TABLE.id))
        texts.append((store.report(TABLE.id) / "table3.csv").read_text())
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 8


def test_without_records_the_table_is_all_missing(tmp_path: Path) -> None:
    store = Store(tmp_path / "nothing")
    result = built(TABLE, store)
    write(result, store.report(TABLE.id))
    document = json.loads((store.report(TABLE.id) / "table3.json").read_text())
    assert {cell["level"]["verdict"] for cell in document["cells"]} == {"missing"}
    assert document["runs_planned"] == 195
    assert "0/15" in shown(result)


def test_a_selection_hides_nothing_but_decides_what_is_missing(store: Store) -> None:
    anti = TABLE.select(["anti 0.6 0.4"])
    result = built(TABLE, store, anti)
    assert result.complete
    assert result.cell("plain 1 1").n == 12
    assert result.declared == 8
    plain = built(TABLE, store, TABLE.select(["plain*"]), [3, 11, 12])
    assert plain.missing == (("plain 1 1", 12),)
    assert plain.cell("plain 1 1").n == 12
    assert built(TABLE, store, TABLE.select(["plain*"]), range(5)).complete


def test_seeds_beyond_the_tables_own_are_added_to_them(store: Store) -> None:
    publish(store, "plain 1 1", range(20, 22), 8785)
    cell = built(TABLE, store, seeds=[20, 21]).cell("plain 1 1")
    assert (cell.n, cell.planned) == (14, 17)
    assert built(TABLE, store).cell("plain 1 1").n == 12


def test_another_precision_is_another_report(store: Store) -> None:
    publish(store, "plain 1 1", range(2), 8700, precision="bf16")
    overrides = {"precision": "bf16"}
    result = built(TABLE, store, overrides=overrides, chosen=overrides)
    assert result.runs_present == 2
    assert result.about.precision == "bf16"
    assert "VARIANT: precision=bf16" in shown(result)
    folder = store.report(TABLE.id, "precision=bf16")
    write(result, folder)
    assert folder == store.base / "variants" / "precision=bf16" / "locality" / "table3"
    assert {row["precision"] for row in rows_of(folder / "table3.csv")} == {"bf16"}


def test_committed_runs_and_raw_records_are_read_together(store: Store) -> None:
    late = [record_of(TABLE.cell("plain 1 1").run(seed), 8785 + seed) for seed in range(10, 15)]
    store.committed.write("table3", late)
    result = built(TABLE, store)
    assert result.cell("plain 1 1").n == 15


def test_a_run_with_two_contents_is_an_error(store: Store) -> None:
    wrong = record_of(TABLE.cell("plain 1 1").run(0), 8600)
    store.committed.write("table3", [wrong])
    with pytest.raises(UserError, match="two contents"):
        built(TABLE, store)


def test_a_cell_that_mixes_machines_says_so(store: Store) -> None:
    run = TABLE.cell("plain 1 1").run(12)
    store.records.publish(record_of(run, 8790, device="Another CPU"))
    text = " ".join(shown(built(TABLE, store)).split())
    assert "Cells mixing machines: plain 1 1: 1 on Another CPU / torch 2.15.0+cpu / cpu, 12" in text


def test_quick_is_labelled_in_every_file_and_has_no_verdict(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick")
    for index, cell in enumerate(QUICK.cells):
        publish(store, cell.name, range(5), 300 + 10 * index)
    result = built(QUICK, store)
    folder = store.report(QUICK.id)
    write(result, folder)
    assert folder == tmp_path / "quick" / "locality" / "table3"
    assert result.complete
    assert {row["protocol"] for row in rows_of(folder / "table3.csv")} == {"quick"}
    label = "QUICK: not comparable with the published numbers"
    for text in (
        shown(result),
        (folder / "table3.tex").read_text(),
        (folder / "table3.json").read_text(),
    ):
        assert label in text
        for word in ("not reproduced", "inconclusive", "confirmed", "contradicted", ".8812"):
            assert word not in text
    assert [row.test is not None for row in result.comparisons] == [True, True]


def test_a_diverged_run_has_the_worst_of_every_measure(tmp_path: Path) -> None:
    store, cell = Store(tmp_path, "quick"), QUICK.cells[2]
    publish(store, cell.name, range(4), 300)
    ended = {"run": cell.run(4, {}), "total": 500, "epochs": 1, "form": "quick", "diverged": True}
    assert store.records.publish(record_makers.make(4, **ended))
    table = dataclasses.replace(QUICK, measures=(ACCURACY, TRAINING_LOSS))
    result = built(table, store, (cell,))
    (losses,) = result.others
    assert losses.cell(cell.name).values[4] == math.inf
    assert result.cell(cell.name).values[4] == -math.inf
    write(result, tmp_path / "report")
    assert "training loss" in shown(result)


def test_a_measure_that_runs_lack_is_one_line(tmp_path: Path) -> None:
    store, cell = Store(tmp_path, "quick"), QUICK.cells[2]
    publish(store, cell.name, range(1), 300)
    table = dataclasses.replace(QUICK, measures=(ACCURACY, SVM_ACCURACY))
    with pytest.raises(UserError, match="has no measurement 'svm accuracy'"):
        built(table, store, (cell,))


def test_quick_and_full_results_never_meet(store: Store) -> None:
    with pytest.raises(ValueError, match="does not belong"):
        built(QUICK, store)
    with pytest.raises(ValueError, match="does not belong"):
        built(TABLE, Store(store.base, "quick"))


def test_stars_against_plain_keep_the_papers_pairs(store: Store) -> None:
    publish(store, "locality 1.6 2.4", range(15), 8805)
    result = built(TABLE, store, analysis={"stars_compare": "plain"})
    upper, lower = result.comparisons[0], result.comparisons[4]
    assert (upper.second, upper.against) == ("permuted 2.4 1.6", "plain 1 1")
    assert upper.test is not None
    assert (lower.first, lower.against) == ("plain 1 1", "anti 0.6 0.4")
    assert "upper 1: locality 1.6 2.4 − plain 1 1" in shown(result, 120)
    assert "The first cell of a pair is tested against plain 1 1" in shown(result, 200)


def test_the_tests_alternative_and_distribution_are_readings(store: Store) -> None:
    exact = built(TABLE, store).comparisons[4].test
    normal = built(TABLE, store, analysis={"rank_sum": "normal"}).comparisons[4].test
    greater = built(TABLE, store, analysis={"alternative": "greater"}).comparisons[4].test
    assert exact is not None
    assert normal is not None
    assert greater is not None
    assert (exact.method, normal.method) == ("exact", "normal")
    assert greater.p_value == pytest.approx(exact.p_value / 2)


def test_a_folder_that_cannot_be_written_is_one_line(store: Store, tmp_path: Path) -> None:
    result = built(TABLE, store)
    blocked = tmp_path / "file"
    blocked.write_text("kept")
    with pytest.raises(UserError, match=r"cannot write .*table3\.csv") as caught:
        write(result, blocked / "table3")
    assert "\n" not in str(caught.value)
    assert blocked.read_text() == "kept"


def test_a_file_that_cannot_be_replaced_leaves_the_old_report_whole(store: Store) -> None:
    result = built(TABLE, store)
    folder = store.report(TABLE.id)
    write(result, folder)
    before = (folder / "table3.csv").read_bytes()
    (folder / "table3.tex").unlink()
    (folder / "table3.tex").mkdir()
    with pytest.raises(UserError, match=r"table3\.tex"):
        write(result, folder)
    assert (folder / "table3.csv").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_grids_report_has_its_margins_and_claims_and_shows_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    arguments = ["report", "table4", "--only", "cifar10 VGG *", "--results", str(tmp_path)]
    assert main.run(arguments) == 3  # nothing has run yet
    text = capsys.readouterr().out
    assert "Shown: 12 of 108 cells; the files hold all." in text
    assert "fashion VGG" not in text
    assert "stated 34 of 36; its table 34 of 36; ours –" in text
    document = json.loads((tmp_path / "locality" / "table4" / "table4.json").read_text())
    assert [claim["stated"] for claim in document["statements"]] == [
        "34 of 36", "9 of 9", "0.05 to 0.72", "9 of 9",
    ]  # fmt: skip
    deltas = {cell["margin"]: cell["delta"] for cell in document["cells"]}
    assert deltas == {"cifar10": "0.5", "cifar100": "0.75", "fashion-mnist": "0.35"}
    assert len(document["cells"]) == 108
