"""Budgets: what they are, which runs come first, and that training stops in time and goes on."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from launch_helpers import contents, tiny_dataset, tiny_run, tiny_table

from benchmarks.data import store as data_store
from benchmarks.errors import UserError
from benchmarks.training.loop import Progress
from reproduce.catalogue.papers import entries
from reproduce.catalogue.selection import select
from reproduce.executors.launch import launch
from reproduce.running import budget as module
from reproduce.running.budget import SAVE_SECONDS, Budget, Pace
from reproduce.running.campaign import Survey
from reproduce.running.completion_times import completion_times
from reproduce.running.launch_options import LaunchOptions
from reproduce.running.standing import standing
from reproduce.running.workload import workload
from reproduce.store.store import Store

TRAINING = [entry.id for entry in entries("locality") if entry.trains]


@given(st.integers(0, 99), st.integers(0, 99), st.integers(60, 99))
def test_times_as_one_writes_them(hours: int, minutes: int, seconds: int) -> None:
    text = "".join(
        f"{n}{unit}" for n, unit in zip((hours, minutes, seconds), "hms", strict=True) if n
    )
    assert Budget.parse(text).seconds == 3600 * hours + 60 * minutes + seconds
    assert Budget.parse(f" {text.upper()} ").seconds == Budget.parse(text).seconds


@pytest.mark.parametrize(
    "text", ["", "25", "m", "25 minutes", "-5m", "1m1h", "nan", "59s", "9999h"]
)
def test_other_texts_are_told(text: str) -> None:
    with pytest.raises(UserError, match=r"^--budget .*give "):
        Budget.parse(text)


def test_training_ends_before_the_budget_does() -> None:
    for seconds in (60.0, 1500.0):
        found = Budget(seconds)
        assert found.began + 0.5 * seconds < found.deadline <= found.began + seconds - 25


def test_the_last_line_says_what_is_kept() -> None:
    nothing, some = Survey(2, 0, epochs=6, spent=True), Survey(2, 0, epochs_done=1, spent=True)
    assert "nothing is kept" in nothing.describe()
    assert "continues" not in nothing.describe()
    assert "whole epochs are kept, the same command continues" in some.describe()


@pytest.mark.parametrize("table", TRAINING)
def test_after_k_seeds_every_comparison_has_k_and_k_runs(table: str) -> None:
    selection = select(table, seeds="3")
    planned = selection.in_training_order
    assert sorted(p.run.hash for p in planned) == sorted(p.run.hash for p in selection.planned)
    pairs = selection.table.comparisons
    for seeds in (1, 2, 3):
        counts = Counter(p.cell for p in planned[: seeds * len(selection.cells)])
        assert all(counts[pair.first] == counts[pair.second] == seeds for pair in pairs)
    # Of a seed, as many pairs as can be are whole: another needs two more runs, or one.
    for pair in pairs:
        place = {p.cell: k for k, p in reversed(list(enumerate(planned)))}
        between = {p.cell for p in planned[place[pair.first] : place[pair.second]]}
        assert len(between - {c for p in pairs for c in (p.first, p.second)}) == 0


@given(
    st.lists(st.floats(0.1, 10), max_size=20),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_a_schedule_wastes_nobody_and_loses_nothing(
    seconds: list[float], workers: int, pack: int
) -> None:
    found = completion_times(seconds, workers, pack)
    assert len(found) == len(seconds)
    assert all(end >= s for end, s in zip(found, seconds, strict=True))
    if seconds:
        assert max(found) >= sum(seconds) / workers - 1e-9
        assert max(found) <= sum(seconds) / workers + pack * max(seconds) + 1e-9
    assert completion_times(seconds, 1, 1) == pytest.approx(list(itertools.accumulate(seconds)))


class Clock:
    """Monotonic time by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder with the tiny data set: 64 training images."""
    data_store.write(tiny_dataset(), tmp_path / "data")
    return tmp_path / "data"


def test_nothing_begins_that_cannot_reach_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    run = tiny_run(0, epochs=5)
    pace = Pace(100.0, tiny, {workload(run.canonical()): 8.0})  # 8 s an epoch
    clock = Clock(monkeypatch)
    clock.now = 100 - 8 - SAVE_SECONDS - 0.1
    assert pace.admits(run, 1)
    assert not pace.admits(run, 2)  # a pack of two takes twice as long
    clock.now += 0.2
    assert not pace.admits(run, 1)
    assert pace.admits(run.replace(precision="bf16"), 1)  # never measured: it may try
    assert Pace(None, tiny, {}).admits(run, 1)


def test_fewer_at_once_where_a_whole_pack_would_come_to_nothing(
    monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    """Nothing is known of four at once; when five seconds tell that their epoch would end too late,
    they are given up, and as many are begun as will do."""
    runs = [tiny_run(seed, epochs=5) for seed in range(4)]
    pace = Pace(40.0, tiny, {})
    clock = Clock(monkeypatch)
    assert pace.most(runs[0], 4) == 4
    pace.begin(runs)
    pace.note(Progress(runs[0].hash, 0, 5, 0, 20, 0))
    for step in range(1, 4):  # 3 s a step of 20 in an epoch
        assert not pace.hopeless
        clock.now += 3.0
        pace.note(Progress(runs[0].hash, 0, 5, step, 20, 3 * step))
        if pace.hopeless:
            break
    assert (pace.hopeless, step) == (True, 2)
    assert pace.seen[workload(runs[0].canonical())] == pytest.approx(4.0)
    # 64 images at 4 a second take 16 s each: of 34 s, two and their saving fill just too much.
    assert pace.most(runs[0], 4) == 1
    pace.begin(runs[:1])
    assert not pace.hopeless


def test_a_run_leaves_before_an_epoch_that_would_end_too_late(
    monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    runs = [tiny_run(seed, epochs=5) for seed in range(2)]
    pace = Pace(30.0, tiny, {})
    clock = Clock(monkeypatch)
    pace.begin(runs)
    left = []
    for epoch in range(1, 4):  # 10 s each: the third would end at 30
        for step in (1, 2):
            clock.now += 5.0
            for run in runs:
                done = epoch if step == 2 else epoch - 1
                pace.note(Progress(run.hash, done, 5, step % 2, 2, 64 * (epoch - 1) + 32 * step))
        left.append(pace.should_leave())
    assert left == [False, True, True]
    kind = workload(runs[0].canonical())
    assert pace.seen[kind] == pytest.approx(2 * 64 / 10)
    assert not pace.admits(runs[0], 1)


def test_budget_after_budget_makes_the_same_records(tiny: Path, tmp_path: Path) -> None:
    planned = tiny_table(2, 2, epochs=3, width_multiplier="0.25")
    options = LaunchOptions(executor="debug", device="cpu", data=tiny, progress=False)
    whole, store = Store(tmp_path / "whole"), Store(tmp_path / "cut")
    assert launch(planned, whole, options).complete
    sittings, seconds, summary = 0, 0.05, None
    while summary is None or not summary.complete:
        limit = Budget(10.0)
        limit = Budget(10.0, time.monotonic() - (limit.training_seconds - seconds))
        cut = LaunchOptions(**{**vars(options), "budget": limit})
        summary = launch(planned, store, cut)
        assert summary.complete or summary.spent
        assert list(store.leases().folder.iterdir()) == []
        missing = standing(planned, store).missing
        for item in missing:  # in order: the seeds that are begun are the first ones
            begun = store.checkpoint(item.run.hash).exists()
            assert not begun or item.run.seed == missing[0].run.seed or len(missing) < 3
        sittings, seconds = sittings + 1, 1.5 * seconds
    assert sittings > 1
    assert contents(store, planned) == contents(whole, planned)


def test_workers_end_by_themselves_when_nothing_fits(tiny: Path, tmp_path: Path) -> None:
    """With a known speed that is too low, no worker trains anything, and none is started again."""
    planned = tiny_table(2, epochs=2)
    store = Store(tmp_path)
    store.root.mkdir(exist_ok=True)
    limit = Budget(3600.0)
    options = LaunchOptions(device="cpu", data=tiny, workers=1, progress=False, budget=limit)
    from reproduce.running import speeds as module

    speeds = dict.fromkeys(
        (workload(p.run.canonical()) for p in planned), module.Speed(0.001, "recorded")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "speeds", lambda *_, **__: speeds)
        summary = launch(planned, store, options)
    assert (summary.spent, summary.done) == (True, 0)
    assert len(list(store.logs.glob("*.log"))) == 1
