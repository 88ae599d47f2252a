"""Plans: counts against closed forms, times against the counts, and what a budget has time for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import record_makers
from torch import nn

from analysis.documents.plan_document import document
from analysis.documents.plan_sentences import fit_text, sentences, time_text
from analysis.documents.plan_work import Work
from analysis.rendering.files import json_text
from benchmarks.errors import UserError
from benchmarks.models import VGG10
from reproduce.catalogue.selection import Selection, select
from reproduce.executors import planning as plan
from reproduce.running import counting, devices, speeds
from reproduce.running.budget import Budget
from reproduce.running.launch_options import LaunchOptions, resources
from reproduce.running.speeds import Speed
from reproduce.store.paths import ROOT

OPTIONS = LaunchOptions(device="cpu", workers=2)
SPEED = 430.0


@pytest.fixture
def table3(tmp_path: Path) -> Selection:
    return select("table3", precision="bf16", results=tmp_path)


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Replaces the measurement; holds the runs that were measured."""
    asked: list[Any] = []
    monkeypatch.setattr(speeds, "_measure", lambda run, means: asked.append(run) or SPEED)
    return asked


class Dense:
    """A dense layer on pixels."""

    def network(self, classes: int, side: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(3 * side**2, classes))


def test_counts_of_a_dense_layer() -> None:
    """It keeps its input alone for the backward pass."""
    found = counting.count(Dense(), 10, 8)  # type: ignore[arg-type]
    assert found == counting.Network(192 * 10, 192 * 10 + 10, 192 * 4)
    assert found.training_flop(7) == 3 * 2 * 1920 * 7
    assert found.training_bytes(5, "float32") == 1930 * 12 + 5 * 768
    assert found.training_bytes(6, "bf16") == 1930 * 12 + 3 * 768


def test_counting_allocates_no_weights() -> None:
    """256 million weights of 4 bytes would be a gigabyte more than torch itself."""
    asked = json.dumps([json.dumps([{"kind": "3_fc"}, 10, 32])])
    code = (
        "import runpy, torch; "
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); "
        "before = peak(); "
        "runpy.run_module('reproduce.running.counting', run_name='__main__'); "
        "print(); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=asked,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    counts, grown = done.stdout.splitlines()
    assert json.loads(counts)[0]["parameters"] > 250_000_000
    assert int(grown) * 1024 < 400_000_000


def test_table_iii_takes_437_pflop(table3: Selection, probed: list[Any]) -> None:
    """130 epochs of 50,000 images, 195 networks of 57.5 million multiply-adds."""
    found = plan.plan([table3], OPTIONS, measure="each")
    (work,) = found.works
    assert (work.runs, work.done, len(work.missing)) == (195, 0, 195)
    assert work.images == 195 * 130 * 50_000
    assert work.pflop == pytest.approx(437.4, abs=0.1)
    assert work.parameters == 4_710_058
    assert (work.arrays, work.tasks) == (13, 15)
    images = 130 * 50_000 + 13 * 10_000 / 3
    assert work.times["here"].hours == pytest.approx(195 * images / SPEED / 3600)
    assert work.times["here"].wall == pytest.approx(98 * images / SPEED / 3600)
    h200 = devices.devices()["H200"]
    rate = h200.tflops["bf16"] * h200.fraction
    assert work.times["H200"].hours == pytest.approx(work.pflop * 1000 / rate / 3600)
    assert len(probed) == 1
    assert work.cell_pflop == pytest.approx({c.name: work.pflop / 13 for c in table3.cells})
    (each,) = (line for line in sentences(work, "") if line.startswith("13 cells such as"))
    assert f"33.6 PFLOP each; A100 {time_text(work.times['A100'].hours / 13)}," in each  # type: ignore[operator]
    assert counting.count(VGG10(), 10, 32).multiply_adds * 6 * work.images == work.pflop * 1e15


def test_done_runs_need_nothing(table3: Selection, probed: list[Any]) -> None:
    for item in table3.planned[:20]:
        record = record_makers.make(1, run=item.run)
        table3.store.records.publish(record)
    (work,) = plan.plan([table3], OPTIONS, measure="each").works
    assert (work.done, len(work.missing)) == (20, 175)
    assert work.images == 175 * 130 * 50_000
    few = replace(table3, seeds=(0,))
    (work,) = plan.plan([few], OPTIONS).works
    assert (work.pflop, work.images, work.missing) == (0, 0, ())
    assert sentences(work, "") == ["all 13 runs are done"]


def test_what_a_budget_has_time_for(table3: Selection) -> None:
    """On a named device, whose pack trains one after the other as far as time goes."""
    budget = Budget(1500.0, text="25m")
    options = LaunchOptions(pack=13, budget=budget)
    found = plan.plan([table3], options, device="h200")
    (work,) = found.works
    assert list(found.devices) == list(work.times) == ["H200"]
    seconds = 3600 * work.times["H200"].hours / 195  # type: ignore[operator]
    packs = int(budget.training_seconds / (13 * seconds))
    assert work.fits == 13 * packs > 0
    assert fit_text(work, "25m") == (
        f"{13 * packs} of 195 missing runs: seeds 0–{packs - 1} of every missing cell"
    )
    named = [name for name, _ in work.missing[:4]]
    assert set(named[:2]) == {"locality 1.6 2.4", "permuted 2.4 1.6"}
    partly = replace(work, fits=13 * 2 + 3)
    assert fit_text(partly, "25m").endswith(f"seed 2 of {', '.join(named[:3])}")
    facts = json.loads(json_text(document([partly], found.devices, "25m")))["tables"][0]
    assert len(facts["fits"]) == 29
    assert facts["fits"][0] == {"cell": "locality 1.6 2.4", "seed": 0}


def test_other_networks_are_scaled_by_their_products(tmp_path: Path, probed: list[Any]) -> None:
    """Of all tables one network is measured; of those that are named each is."""
    selections = [select(name, results=tmp_path) for name in ("table3", "table5")]
    first, other = plan.plan(selections, OPTIONS, measure="one").works
    assert len(probed) == 1
    assert first.times["here"].how.startswith("measured")
    assert other.times["here"].how.startswith("scaled")
    ratio = other.pflop / first.pflop
    known = first.times["here"].hours
    assert known is not None
    assert other.times["here"].hours == pytest.approx(ratio * known, rel=0.01)
    plan.plan(selections, OPTIONS, measure="each")
    assert len(probed) == 3  # the one is known by now


def test_something_is_assumed_before_anything_is_measured(table3: Selection) -> None:
    options = replace(OPTIONS, budget=Budget(1500.0, text="25m"))
    (work,) = plan.plan([table3], options).works
    here = work.times["here"]
    assert here.how.startswith("assuming")
    assert here.hours
    assert work.fits is None
    rate = float(here.how.split()[1])
    assert here.hours == pytest.approx(1000 * work.pflop / rate / 3600, rel=0.05)
    assert here.wall == pytest.approx(here.hours / resources(195, OPTIONS).workers)
    assert "`reproduce plan locality/table3`" in "\n".join(sentences(work, "25m"))


def test_a_dry_run_and_a_plan_tell_the_same(
    table3: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reproduce.commands.options import Launch
    from reproduce.commands.table import run_table

    monkeypatch.setattr(plan, "speeds", lambda *_, **__: _all_known(table3))
    (work,) = plan.plan([table3], OPTIONS).works
    text = run_table(table3, Launch(dry_run=True, device="cpu", workers=2))
    assert isinstance(text, str)
    assert all(f"  {line}" in text.splitlines() for line in sentences(work, ""))
    plain = run_table(table3, Launch(dry_run=True, device="cpu", workers=2, as_json=True))
    assert json.loads(str(plain))["plan"]["pflop"] == work.pflop


def _all_known(selection: Selection) -> dict[str, Speed]:
    from reproduce.running.workload import workload

    kinds = {workload(item.run.canonical()) for item in selection.planned}
    return dict.fromkeys(kinds, Speed(SPEED, "recorded"))


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "0 s"),
        (43 / 3600, "43.0 s"),
        (26 / 60, "26.0 min"),
        (17.31, "17.3 h"),
        (2950, "123 days"),
    ],
)
def test_times_read_well(hours: float, text: str) -> None:
    assert time_text(hours) == text


def test_unknown_devices_are_told(table3: Selection) -> None:
    with pytest.raises(UserError, match=r"'tpu' is none of auto, cpu, cuda .*H200"):
        plan.plan([table3], OPTIONS, device="tpu")


def test_every_work_field_is_plain(table3: Selection) -> None:
    found = plan.plan([table3], OPTIONS, device="A100")
    assert isinstance(found.works[0], Work)
    assert json.loads(json_text(document(found.works, found.devices, "")))["budget"] is None
