"""`reproduce magnitudes`: a table's kept networks, cell by cell, and how to get there."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import untrained_helpers as helpers
import weight_makers
from run_makers import make_run

from analysis.papers.locality.magnitudes import layer_of
from benchmarks.errors import UserError
from benchmarks.weights import read
from reproduce.__main__ import run
from reproduce.catalogue.selection import select
from reproduce.catalogue.tables import Cell, plan
from reproduce.commands.options import Selecting
from reproduce.locality import magnitudes, table3
from reproduce.store import schema
from reproduce.store import weights as saved_weights
from reproduce.store.store import Store

SIZES = {"locality": 1.5, "permuted": 1.2, "plain": 1.0, "anti": 0.8}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick Table III with five seeds a cell, whose centres differ by kind of cell; the last
    of the plain ones has diverged and the last of the locality ones is missing."""
    store = Store(tmp_path_factory.mktemp("results"), "quick")
    for planned in plan(table3.QUICK.cells, range(5)):
        kind, seed = planned.cell.split()[0], planned.run.seed
        model, diverged = weight_makers.network(seed, SIZES[kind]), False
        if (kind, seed) == ("locality", 4):
            continue
        if (kind, seed) == ("plain", 4):
            diverged = True
            with torch.no_grad():
                model[0].weight.fill_(torch.nan)
        weight_makers.keep(store, planned, model, diverged=diverged)
    return store.base


def report(base: Path, **options: Any) -> tuple[int, dict[str, Any]]:
    """Exit code and what the command writes as JSON."""
    code = magnitudes.command(chosen=Selecting(quick=True, results=base, **options), as_json=True)
    path = base / "quick" / "locality" / "magnitudes" / "table3" / "magnitudes.json"
    return code, json.loads(path.read_text())


def test_every_cell_with_its_networks(kept: Path) -> None:
    code, found = report(kept)
    assert code == magnitudes.INCOMPLETE
    cells = {cell["kind"]: cell for cell in found["cells"]}
    assert {kind: cell["seeds"] for kind, cell in cells.items()} == {
        "locality": [0, 1, 2, 3],
        "permuted": [0, 1, 2, 3, 4],
        "plain": [0, 1, 2, 3],
        "anti": [0, 1, 2, 3, 4],
    }
    assert cells["plain"]["diverged"] == 1
    plain = cells["plain"]["measures"]["mean_centre"]["median"]
    for kind, size in SIZES.items():
        median = cells[kind]["measures"]["mean_centre"]["median"]
        assert median == pytest.approx(size * plain, rel=0.05)
        assert len(cells[kind]["by_layer"]["mean_centre"]) == weight_makers.LAYERS
    directions = {
        d["cell"]: d["direction"] for d in found["differences"] if d["measure"] == "mean_centre"
    }
    assert directions == {
        "locality 1.6 2.4": "above",
        "permuted 2.4 1.6": "above",
        "anti 0.6 0.4": "below",
    }
    (missing,) = (n["text"] for n in found["notes"] if "are made by" in n["text"])
    assert "--quick" in missing
    assert "--save-weights --only 'locality 1.6 2.4'`" in missing


def test_the_numbers_are_those_of_the_files(kept: Path) -> None:
    report(kept)
    folder = kept / "quick" / "locality" / "magnitudes" / "table3"
    assert set(helpers.contents(folder)) == {
        *(f"magnitudes.{e}" for e in ("csv", "tex", "ratios.png", "ratios.pdf", "json")),
        *(f"magnitudes.{g}{d}.tex" for g in ("share", "ratio") for d in ("s", "-differences")),
    }
    rows = list(csv.DictReader((folder / "magnitudes.csv").open()))
    assert len(rows) == 18 * weight_makers.LAYERS
    store = Store(kept, "quick")
    for row in rows[:: 2 * weight_makers.LAYERS]:
        layers = read(store.weights.path(row["run"]))
        first = layers[0].filters
        assert int(row["filters"]) == len(first)
        assert int(row["larger_centre"]) == (first[:, 1, 1] > first[:, 1, 0]).sum()
        bigger = abs(first[:, 1, 0]) > abs(first[:, 0, 0])
        assert int(row["larger_abs_neighbour"]) == bigger.sum()
        assert float(row["rms_corner"]) == pytest.approx(layer_of(first)["rms_corner"])


def test_the_selection_decides_what_is_missing(kept: Path) -> None:
    assert report(kept, only=["anti *"])[0] == magnitudes.DONE
    code, found = report(kept, seeds="4")
    assert code == magnitudes.DONE
    assert len(found["cells"]) == 4


def test_as_a_user_types_it(kept: Path) -> None:
    done = helpers.run("magnitudes", "--quick", "--results", str(kept))
    assert done.returncode == magnitudes.INCOMPLETE, done.stderr
    text = done.stdout.partition("\nWritten:")[0]
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "Does LOCO-Reg change where weights are large?" in text
    assert "1 diverged run is left out" in text
    assert "D-21" in text


def test_a_repetition_that_differs_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick")
    first, second = plan(table3.QUICK.cells[:1], range(2))
    for planned in (first, second):
        weight_makers.keep(store, planned, weight_makers.network(0))
    record = weight_makers.record_of(first, form="quick")
    record["result"]["curves"]["training loss"][-1][1] = 0.25
    model, other = weight_makers.network(0), schema.seal(record)
    data = saved_weights.encode(model, other)
    store.weights.path(first.run.hash).write_bytes(data)
    _, found = report(tmp_path)
    assert any(n["text"].startswith("1 network is of a repetition") for n in found["notes"])


def test_weights_without_a_record_do_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path, "quick")
    first, second = plan(table3.QUICK.cells[:1], range(2))
    for planned in (first, second):
        weight_makers.keep(store, planned, weight_makers.network(0))
    store.records.path(second.run.hash).unlink()
    assert report(tmp_path)[1]["cells"][0]["seeds"] == [0]


def test_a_baseline_differs_in_the_positions_weights_alone() -> None:
    selection = select("table3")
    assert magnitudes._baselines(selection) == {
        c.name: None if c.kind == "plain" else "plain 1 1" for c in table3.TABLE.cells
    }
    more = (
        Cell("locality of another λ", "locality", make_run(gamma="1.6", weight_decay="0.002")),
        Cell("by distance", "locality", make_run(a0="1", a1="0.4")),
        Cell("by no distance", "plain", make_run(a0="1", a1="0")),
    )
    table = replace(selection.table, cells=(*selection.table.cells, *more))
    found = magnitudes._baselines(replace(selection, table=table))
    assert [found[cell.name] for cell in more] == [None, "plain 1 1", None]


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    line = helpers.complaint("magnitudes", "--results", str(tmp_path))
    assert "no run of Table III has kept its weights" in line
    assert "--save-weights" in line
    for options, words in (
        ({"table": "table9"}, "no table"),
        ({"table": "figure1"}, "has no runs"),
        ({"only": ["nothing*"]}, "matches no cell"),
    ):
        table = str(options.pop("table", "table3"))
        with pytest.raises(UserError, match=words):
            magnitudes.command(table, chosen=Selecting(results=tmp_path, **options))
    assert not list(tmp_path.iterdir())
    (planned,) = plan(table3.TABLE.cells[:1], [0])
    path = weight_makers.keep(Store(tmp_path), planned, weight_makers.network(0))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match=str(path)):
        magnitudes.command(chosen=Selecting(results=tmp_path))


def test_quick_networks_are_trained_where_none_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Figure 1 trains too, see below; here it is stopped, and the command tells so."""
    asked: list[Any] = []
    monkeypatch.setattr(magnitudes, "train", asked.append)
    chosen = Selecting(quick=True, results=tmp_path, seeds="1", only=["anti *"])
    assert magnitudes.command(chosen=chosen) == magnitudes.INCOMPLETE
    assert [(p.cell, p.run.seed) for p in asked[0].planned] == [("anti 0.6 0.4", 0)]


@pytest.mark.slow
@pytest.mark.long
def test_the_whole_way_from_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the embedded digits: train and keep, tell, draw, measure."""
    monkeypatch.setenv("COLUMNS", "80")
    chosen = ["--only", "plain*", "--only", "anti*", "--seeds", "1"]

    def said(*arguments: str) -> str:
        assert run([*arguments, "--quick", "--results", str(tmp_path)]) == 0
        return capsys.readouterr().out

    text = said("figure1")  # which trains a network, where none is kept
    assert "plain 1 1 of Table III, quick, seed 0" in text
    assert "9 of 9" in text
    assert len(Store(tmp_path, "quick").weights.present()) == 1
    said("table3", "--only", "anti*", "--seeds", "1", "--save-weights", "--yes")
    assert len(Store(tmp_path, "quick").weights.present()) == 2
    assert "weights are kept of 2 of 2 finished runs" in said("status", "table3")
    assert "plain 1 1 of Table III, quick, seed 0" in said("figure1")
    assert "anti (1 cell) against plain L2" in said("magnitudes", *chosen)


def test_networks_with_branches_are_compared_with_three_branches_alike(tmp_path: Path) -> None:
    """Table VII: STRIP-Reg with η = 0 decays every position of the merged filter alike."""
    selection = select("table7", results=tmp_path)
    cells = magnitudes._baselines(selection)
    assert cells.pop("square 0") is None
    assert set(cells.values()) == {"square 0"}
    assert len(cells) == 4
