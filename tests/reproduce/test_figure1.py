"""`reproduce figure1` of files, of runs, and of what there is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
import untrained_helpers as helpers
import weight_makers

from analysis.tables.about import QUICK_LABEL
from benchmarks.errors import UserError
from benchmarks.weights import catalogue as register
from benchmarks.weights import fetching
from reproduce.catalogue.tables import plan
from reproduce.locality import figure1, table3
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

FILES = {
    f"figure1.{kind}"
    for kind in ("csv", "tex", "medians.tex", "weights.png", "weights.pdf", "json")
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some network.pth"
    torch.save(weight_makers.network(0, 2.0).state_dict(), path)
    return path


def quick_runs() -> list[PlannedRun]:
    """The quick Table III, cell by cell."""
    cells = table3.QUICK.cells
    return [planned for cell in cells for planned in plan([cell], range(table3.QUICK.seeds))]


def figure(base: Path, **options: Any) -> dict[str, Any]:
    """What the command writes as JSON."""
    base.mkdir(exist_ok=True)
    before = set(base.rglob("figure1.json"))
    assert figure1.command(results=base, data=base / "data", as_json=True, **options) == 0
    (path,) = set(base.rglob("figure1.json")) - before
    return {"folder": str(path.parent.relative_to(base)), **json.loads(path.read_text())}


def test_a_file_as_a_user_names_it(file: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    done = helpers.run("figure1", "--weights", str(file), "--results", str(results))
    assert done.returncode == 0, done.stderr
    assert "Weights of some network.pth" in done.stdout
    assert "The centre's median is above the edge's in 6 of 6 layers." in done.stdout
    assert "L-49" in done.stdout
    assert "7 of 7" in done.stdout
    report = done.stdout.partition("\nWritten:")[0]
    assert max(len(line) for line in report.splitlines()) <= 80
    (folder,) = (results / "variants").iterdir()
    assert folder.name.startswith("weights=some-network-")
    assert set(helpers.contents(folder / "locality" / "figure1")) == FILES
    again = helpers.run_apart(
        "--weights", str(file), "--results", str(tmp_path / "again"),
        module="reproduce.locality.figure1",
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    (other,) = (tmp_path / "again" / "variants").iterdir()
    first, second = (helpers.contents(f / "locality" / "figure1") for f in (folder, other))
    assert first == second


def test_the_plain_cells_first_seed_by_default(tmp_path: Path) -> None:
    store = Store(tmp_path / "results", "quick")
    runs = quick_runs()
    plain = [p for p in runs if p.cell == "plain 1 1"]
    for planned in (runs[0], plain[3], plain[1]):
        weight_makers.keep(store, planned, weight_makers.network(planned.run.seed))
    found = figure(store.base, quick=True)
    assert found["folder"] == "quick/locality/figure1"
    assert found["source"]["run"] == plain[1].run.hash
    assert found["source"]["title"].startswith("plain 1 1 of Table III, quick, seed 1")
    assert found["label"] == QUICK_LABEL
    assert [panel["layer"] for panel in found["panels"]] == [1, 2, 3, 5, 6, 7]


def test_another_cell_where_the_plain_one_kept_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "results", "quick")
    planned = quick_runs()[2]
    weight_makers.keep(store, planned, weight_makers.network(0, layers=2))
    found = figure(store.base, quick=True)
    assert found["source"]["run"] == planned.run.hash
    assert [panel["layer"] for panel in found["panels"]] == [1, 2]


def test_a_run_by_its_first_digits(tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    planned = plan(table3.TABLE.cells[:2], [4])
    for item in planned:
        weight_makers.keep(store, item, weight_makers.network(4))
    found = figure(store.base, run=planned[0].run.hash[:9])
    assert found["folder"] == f"variants/run={planned[0].run.hash}/locality/figure1"
    assert found["source"]["title"].startswith("locality 1.6 2.4 of Table III, seed 4")
    assert found["label"] == ""
    own = store.weights.path(planned[1].run.hash)
    assert figure(store.base, weights=own)["source"]["run"] == planned[1].run.hash


def test_a_run_of_no_table_is_told_by_its_settings(tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    (planned,) = plan(table3.TABLE.cells[:1], [4], {"procedure.phases.train.batch_size": 64})
    weight_makers.keep(store, planned, weight_makers.network(4))
    title = figure(store.base, run=planned.run.hash)["source"]["title"]
    assert title.startswith("vgg10 on cifar10 with loco_reg, dense_l2, seed 4")


def test_keras_vgg16_where_there_is_nothing_of_our_own(tmp_path: Path) -> None:
    """The file's layout is the readers' test; here it only has to be found and passed on."""
    entry = register.WEIGHTS[figure1.KERAS_VGG16]
    path = fetching.path_of(entry, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x89HDF\r\n\x1a\nnot really")
    with pytest.raises(UserError, match=str(path)):
        figure1.command(data=tmp_path, results=tmp_path / "results")


def test_the_table_compiles(file: Path, tmp_path: Path) -> None:
    if helpers.NEEDS_LATEX.args[0]:
        pytest.skip("pdflatex is not installed")
    figure1.command(weights=file, results=tmp_path / "results")
    (tex,) = (tmp_path / "results").rglob("figure1.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-output-directory",
         str(tmp_path), str(tex)], capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull \\hbox" not in done.stdout


def test_nothing_to_draw_says_what_makes_some(tmp_path: Path) -> None:
    line = helpers.complaint("figure1", "--results", str(tmp_path), "--data", str(tmp_path))
    for word in ("reproduce table3", "--save-weights", "reproduce data get keras-vgg16"):
        assert word in line
    assert not list(tmp_path.iterdir())


def test_bad_input_is_one_line(file: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    kept, bare = plan(table3.TABLE.cells[:2], [0])
    path = weight_makers.keep(store, kept, weight_makers.network(0))
    weight_makers.keep(store, bare, weight_makers.network(0)).unlink()
    one = tmp_path / "one.pth"
    torch.save({"a.weight": torch.ones(3, 3, 1, 1), "b.weight": torch.ones(3, 3, 5, 5)}, one)
    command = r"`reproduce table3 --results .* --save-weights --only 'locality 1.6 2.2' --seeds 0-0"
    options: list[tuple[dict[str, Any], str]] = [
        ({"weights": file, "run": "3ef3"}, "give one of them"),
        ({"weights": tmp_path / "absent.h5"}, "does not exist"),
        ({"weights": tmp_path}, "is a folder"),
        ({"weights": one}, "no layer of 3×3 filters"),
        ({"run": "../x"}, "is no run"),
        ({"run": "0" * 16}, "no run begins with"),
        ({"run": bare.run.hash[:12]}, f"did not keep its weights: {command}"),
    ]
    for chosen, words in options:
        with pytest.raises(UserError, match=words) as caught:
            figure1.command(results=store.base, data=tmp_path, **chosen)
        assert "\n" not in str(caught.value)
    path.write_bytes(path.read_bytes()[:-5])
    for chosen in ({}, {"run": kept.run.hash}, {"weights": path}):
        with pytest.raises(UserError, match=str(path)):
            figure1.command(results=store.base, data=tmp_path, **chosen)


def test_several_runs_of_one_beginning(tmp_path: Path) -> None:
    store = Store(tmp_path)
    runs = plan(table3.TABLE.cells, range(3))
    beginnings = [p.run.hash[0] for p in runs]
    shared = next(digit for digit in beginnings if beginnings.count(digit) > 1)
    model = weight_makers.network(0, layers=1)
    for planned in runs:
        if planned.run.hash[0] == shared:
            weight_makers.keep(store, planned, model)
    with pytest.raises(UserError, match="fits"):
        figure1.command(run=shared, results=tmp_path, data=tmp_path)


def test_weights_of_a_diverged_run_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (planned,) = plan(table3.TABLE.cells[:1], [0])
    model = weight_makers.network(0)
    with torch.no_grad():
        model[2].weight[0, 0, 0, 0] = torch.nan
    weight_makers.keep(store, planned, model, diverged=True)
    with pytest.raises(UserError, match="infinite or no numbers"):
        figure1.command(run=planned.run.hash, results=tmp_path, data=tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe.pth")
    line = helpers.complaint("figure1", "--weights", str(pipe), "--results", str(tmp_path))
    assert "is a pipe or device" in line
