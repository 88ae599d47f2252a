"""Status from files alone, and what is shown while runs are trained."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import record_makers
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from run_makers import make_run

from benchmarks.errors import UserError
from reproduce.catalogue.papers import find
from reproduce.catalogue.selection import select
from reproduce.commands.status import render, status_of
from reproduce.running import progress
from reproduce.running.campaign import Campaign, Survey
from reproduce.running.job import Job
from reproduce.running.progress import Display, duration, headline
from reproduce.store import heartbeat
from reproduce.store.failures import Failure
from reproduce.store.heartbeat import Beat, Heart
from reproduce.store.leases import Lease, Owner
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

EPOCHS = 20
IMAGES = 50_000


def planned_runs(count: int) -> list[PlannedRun]:
    return [PlannedRun("ab"[seed % 2], make_run(seed=seed, epochs=EPOCHS)) for seed in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def finish(store: Store, item: PlannedRun) -> None:
    store.records.publish(record_makers.make(item.run.seed, epochs=EPOCHS))


def hold(store: Store, item: PlannedRun, epoch: int, rate: float, **changes: str | int) -> Owner:
    """A lease with a heartbeat, by this process or a made-up one."""
    leases = store.leases("local")
    lease = leases.acquire(item.run.hash)
    assert lease is not None
    owner: Owner = replace(lease.owner, **changes)  # type: ignore[arg-type]
    place = store.leases().folder / f"{item.run.hash}.claim"
    (place / lease.owner.name).rename(place / owner.name)
    beat = Beat(owner.token, 1, "worker7", epoch, 50, 100, rate)
    (store.leases().folder / f"{item.run.hash}.progress.json").write_text(json.dumps(vars(beat)))
    return owner


def campaign(store: Store, planned: list[PlannedRun], **options: float) -> Campaign:
    said: list[str] = []
    patience = options.get("patience", 300.0)
    made = Campaign(Job(tuple(planned), store, store.base), said.append, [], patience)
    made.said = said  # type: ignore[attr-defined]
    return made


def test_counts_add_up(store: Store) -> None:
    planned = planned_runs(8)
    finish(store, planned[0])
    finish(store, planned[2])
    owner = hold(store, planned[1], 3, 430.0)
    hold(store, planned[4], 3, 0.0, started="1")  # dead: that process number was given anew
    store.failures.write(planned[3], "RuntimeError: out of memory", "a.log")
    store.failures.write(planned[1], "RuntimeError: an earlier one", "a.log")
    status = status_of(planned, store)
    none = {"running": 0, "failed": 0, "queued": 0, "lost": 0}
    assert status.cells == {
        "a": {**none, "done": 2, "waiting": 2},
        "b": {**none, "done": 0, "running": 1, "failed": 1, "waiting": 2},
    }
    assert not status.complete
    (running,) = status.running
    assert (running.cell, running.run.seed, running.owner) == ("b", 1, owner)
    assert running.beat.epochs_done == 3.5
    assert {f.error for f in status.failed.values()} == {"RuntimeError: out of memory"}
    assert status_of([planned[0], planned[2]], store).complete


def test_a_heartbeat_of_an_earlier_owner_is_not_shown(store: Store) -> None:
    (item,) = planned_runs(1)
    owner = hold(store, item, 7, 430.0)
    leases = store.leases("local")
    assert leases.take_over(item.run.hash, owner)
    (running,) = status_of([item], store).running
    assert running.beat == Beat()


def test_status_as_text_and_json(store: Store) -> None:
    selection = replace(select("table3"), store=store)
    planned = selection.planned
    store.records.publish(record_makers.make(0))  # of no table: it does not count
    item = planned[5]
    hold(store, item, 56, 431.7, host="node17", boot="another")
    store.failures.write(planned[9], "RuntimeError: out of memory", "logs/a.log")
    found = status_of(planned, store)
    text = render(found, selection, as_json=False)
    assert "Table III: 0 of 195 runs done, 1 running, 1 failed, 193 waiting" in text
    assert f"running: {item.cell}, seed 0: epoch 57/130, 432 images/s, process" in text
    assert "on node17 (local)" in text
    assert f"failed: {planned[9].cell}, seed 0: RuntimeError: out of memory" in text
    loaded = json.loads(render(found, selection, as_json=True))
    assert loaded["running"][0]["host"] == "node17"
    assert sum(cell["waiting"] for cell in loaded["cells"]) == 193
    assert not loaded["complete"]
    assert find("table3").id == loaded["table"]


@pytest.mark.parametrize("damage", record_makers.DAMAGES)
def test_a_damaged_record_is_told(store: Store, damage: str) -> None:
    planned = planned_runs(3)
    for item in planned[:2]:
        finish(store, item)
    assert status_of(planned, store).cells["a"]["done"] == 1
    path = store.records.path(planned[0].run.hash)
    record_makers.DAMAGES[damage](path)
    with pytest.raises(UserError, match=rf"{path}: .*move it away and run again$") as error:
        status_of(planned, store)
    assert "\n" not in str(error.value)
    assert status_of(planned[1:], store).cells["b"]["done"] == 1  # of what else lies there, nothing


def test_a_damaged_record_ends_the_command_with_2(tmp_path: Path) -> None:
    run = select("table3").planned[0].run
    path = Store(tmp_path).records.path(run.hash)
    path.parent.mkdir(parents=True)
    path.write_text("null")
    done = subprocess.run(
        [sys.executable, "-m", "reproduce", "status", "table3", "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{path}: not a record; move it away and run again\n")
    assert done.stderr.count("\n") == 1


def test_status_loads_nothing_heavy(store: Store) -> None:
    item = select("table3").planned[0]
    store.records.publish(record_makers.make(item.run.seed, run=item.run))
    code = (
        "import sys, pathlib; from reproduce.store.store import Store;"
        "from reproduce.commands.status import status_of, render;"
        "from reproduce.catalogue.selection import select; s = select('table3');"
        "store = Store(pathlib.Path(sys.argv[1]));"
        "status = status_of(s.planned, store); render(status, s, as_json=False);"
        "print(sum(cell['done'] for cell in status.cells.values()));"
        "print(sorted({'numpy', 'torch', 'pandas', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.base)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "1\n[]\n", done.stderr


def test_a_survey_counts_and_foresees(store: Store) -> None:
    planned = planned_runs(6)
    watched = campaign(store, planned)
    assert watched.survey().seconds_left is None
    finish(store, planned[0])
    hold(store, planned[1], 9, 500.0)  # 9.5 of 20 epochs done
    hold(store, planned[2], 19, 500.0)
    store.failures.write(planned[3], "RuntimeError: out of memory", "a.log")
    survey = watched.survey()
    assert (survey.runs, survey.done, survey.failed, survey.free) == (6, 1, 1, 2)
    assert (survey.epochs, survey.epochs_done) == (5 * EPOCHS, EPOCHS + 9.5 + 19.5)
    assert survey.images_per_second == 1000
    # The second worker ends first and takes the one after, then the first takes the last.
    assert survey.seconds_left == pytest.approx((10.5 + 20) * IMAGES / 500)
    assert not survey.over
    assert watched.said == ["b, seed 3 failed: RuntimeError: out of memory; log: a.log"]  # type: ignore[attr-defined]
    watched.survey()
    assert len(watched.said) == 1  # type: ignore[attr-defined]


def test_failures_from_before_are_tried_again(store: Store) -> None:
    (item,) = planned = planned_runs(1)
    store.failures.write(item, "RuntimeError: out of memory", "a.log")
    token = store.failures.read([item.run.hash])[item.run.hash].token
    job = Job(tuple(planned), store, store.base, failed_before={item.run.hash: token})
    survey = Campaign(job, print).survey()
    assert (survey.failed, survey.free) == (0, 1)


def test_an_unreadable_failure_is_told(store: Store) -> None:
    (item,) = planned = planned_runs(1)
    store.failures.write(item, "RuntimeError: out of memory", "a.log")
    path = next(store.failures.folder.iterdir())
    path.write_text("{")
    failure = status_of(planned, store).failed[item.run.hash]
    assert str(path) in failure.error
    assert (failure.cell, failure.seed) == (item.cell, item.run.seed)


class Told:
    """What the training loop tells."""

    def __init__(self, run_hash: str, images: int) -> None:
        self.run_hash, self.images_seen = run_hash, images
        self.epoch, self.epochs, self.step, self.steps_per_epoch = 2, EPOCHS, 30, 100


def test_a_heart_beats_for_what_it_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PERIOD_SECONDS", 0.01)
    name = planned_runs(1)[0].run.hash
    leases = store.leases("local")
    lease = leases.acquire(name)
    assert lease is not None

    def beat() -> Beat:
        return store.heartbeats.read(name)

    with Heart(leases, "worker1") as heart:
        heart.add(lease)
        assert (beat().token, beat().epochs_done) == (lease.owner.token, 0)
        heart.progress(Told(name, 0))  # type: ignore[arg-type]
        heart.progress(Told("another", 0))  # type: ignore[arg-type]
        first = beat().count
        while beat().count < first + 3:
            pass
        assert beat().epochs_done == 2.3
        assert not heart.lost.is_set()
        leases.release(lease)  # as if another process had taken it
        assert heart.lost.wait(60)
        heart.drop(lease)
        assert store.heartbeats.read(name) == Beat()
        assert heart.held() == []


def test_rates_are_of_the_last_half_minute(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now)
    held = heartbeat._Held(Lease("", store.leases().myself()), Beat())
    assert held.rate(0) == 0
    for second in range(1, 200):
        now = float(second)
        found = held.rate(100 * min(second, 100) + 10 * max(0, second - 100))
        if second == 100:
            assert found == pytest.approx(100)
    assert found == pytest.approx(10)


SURVEY = Survey(
    runs=20,
    done=7,
    free=13,
    epochs=80,
    epochs_done=29.4,
    images_per_second=812.3,
    seconds_left=80.0,
)


FAILURE = Failure("", "", 0, "", "", "")


def test_headline() -> None:
    assert headline(SURVEY) == "7/20 runs, 29/80 epochs, 812 images/s, about 1 min 20 s left"
    assert "2 failed" in headline(replace(SURVEY, failures=dict.fromkeys("ab", FAILURE)))
    assert headline(replace(SURVEY, seconds_left=None, images_per_second=0)).endswith("starting")
    assert headline(replace(SURVEY, done=20, epochs_done=80)) == "20/20 runs, 80/80 epochs"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (80, "1 min 20 s"),
        (599.7, "10 min"),
        (3599, "1 h 00 min"),
        (3 * 3600 + 300, "3 h 05 min"),
        (48 * 3600 - 40, "47 h 59 min"),
        (48 * 3600 - 10, "2.0 days"),
        (12.34 * 86400, "12.3 days"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e9))
def test_no_duration_shows_sixty_of_anything(seconds: float) -> None:
    text = duration(seconds)
    assert "60 s" not in text
    assert not text.startswith("60 ")
    assert "60 min" not in text


def test_without_a_terminal_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    out = io.StringIO()
    with Display(console=Console(file=out, width=40)) as display:
        for second in range(100):
            now = float(second)
            display.update(replace(SURVEY, epochs_done=second / 2))
        display.update(replace(SURVEY, done=20, epochs_done=80))
    lines = out.getvalue().splitlines()
    assert len(lines) == 5  # after 5, 35, 65 and 95 seconds, and at the end
    assert lines[-1] == "20/20 runs, 80/80 epochs"
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_every_run_has_a_line(store: Store) -> None:
    planned = planned_runs(9)
    hold(store, planned[0], 3, 431.0)
    hold(store, planned[1], 19, 0.0, host="node17", boot="another")
    out = io.StringIO()
    console = Console(file=out, width=100, height=20, force_terminal=True)
    with Display(console=console) as display:
        display.note("worker2 was lost")
        display.update(campaign(store, planned).survey())
    text = out.getvalue()
    assert "a, seed 0" in text
    assert "epoch 4/20" in text
    assert "431 images/s" in text
    assert "worker7 on node17" in text
    assert "worker2 was lost" in text
    assert "0/9 runs, 23/180 epochs" in text


def test_a_small_terminal_is_not_overrun(store: Store) -> None:
    planned = planned_runs(9)
    for item in planned:
        hold(store, item, 3, 431.0)
    out = io.StringIO()
    with Display(console=Console(file=out, width=100, height=8, force_terminal=True)) as display:
        display.update(campaign(store, planned).survey())
    assert "and 5 more runs" in out.getvalue()
    assert len(set(re.findall(r"seed \d", out.getvalue()))) == 4


def test_nothing_is_shown_unless_wanted() -> None:
    out = io.StringIO()
    with Display(False, Console(file=out, force_terminal=True)) as display:
        display.update(SURVEY)
    assert out.getvalue() == ""
