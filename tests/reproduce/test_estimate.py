"""Estimates of time, what a machine lends to a job, and interrupts."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import record_makers
from run_makers import make_run

from benchmarks.errors import UserError
from benchmarks.procedures import LinearSVM, Procedure
from benchmarks.run import Run
from reproduce.catalogue.papers import find
from reproduce.catalogue.tables import plan
from reproduce.running import estimate as module
from reproduce.running import speeds
from reproduce.running.estimate import Estimate
from reproduce.running.interrupts import Interrupts
from reproduce.running.launch_options import LaunchOptions, Resources, resources
from reproduce.running.standing import standing
from reproduce.store import hardware, provenance, schema
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

OPTIONS = LaunchOptions(workers=2, device="cpu")
SPEED = 430.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Resources]:
    """Replaces the measurement; holds what was measured."""
    asked: list[Resources] = []

    def measure(run: Run, means: Resources) -> float:
        asked.append(means)
        return SPEED

    monkeypatch.setattr(speeds, "_measure", measure)
    return asked


def estimate(planned: list[PlannedRun], store: Store, options: LaunchOptions) -> Estimate:
    missing = standing(planned, store, save_weights=options.save_weights).missing
    return module.estimate([item.run for item in missing], store, options)


def table(seeds: int, **settings: Any) -> list[PlannedRun]:
    return [PlannedRun("a", make_run(seed=seed, **settings)) for seed in range(seeds)]


# Two evaluations of 10,000 images took their share of those seconds.
RECORDED = pytest.approx(500.0 + 20_000 / 3 / 2000)


def here(record: Any, **changes: Any) -> Any:
    """The record as if it had been made on this machine."""
    origin = provenance.capture("local")
    origin |= {"images_per_second": 500.0, "wall_seconds": 2000.0, "sittings": [{"pack": 1}]}
    return schema.seal({**record, "provenance": origin | changes})


def test_each_network_is_measured_once_for_images_of_a_size(
    store: Store, measured: list[Resources]
) -> None:
    """Table IV: three networks on three data sets of 32×32; larger kernels are other networks."""
    runs = plan(find("table4").load().cells, [0])
    assert estimate(runs, store, OPTIONS).runs == 108
    assert len(measured) == 3
    estimate(plan(find("table5").load().cells, [0]), store, OPTIONS)
    assert len(measured) == 3 + 2
    estimate(plan(find("table6").load().cells, [0]), store, OPTIONS)
    assert len(measured) == 3 + 2 + 2


def test_the_sum_over_missing_runs(store: Store, measured: list[Resources]) -> None:
    found = estimate(table(195), store, OPTIONS)
    # 130 epochs of 50,000 images and 13 evaluations of 10,000, which cost a third.
    images = 130 * 50_000 + 13 * 10_000 / 3
    assert found.seconds == pytest.approx(98 * images / SPEED)  # of two workers, one trains 98
    assert found.within(found.seconds - 1) == 194
    assert found.text == ("195 runs, about 17.3 days on 2 workers (measured 430 images/s a worker)")
    assert measured == [Resources("cpu", 2, 1)]
    alone = estimate(table(1), store, OPTIONS)  # the second worker cannot help
    assert alone.seconds == pytest.approx(images / SPEED)


def test_a_measurement_is_made_once(store: Store, measured: list[Resources]) -> None:
    for _ in range(2):
        estimate(table(3), store, OPTIONS)
    assert len(measured) == 1
    estimate(table(3, precision="bf16"), store, OPTIONS)
    estimate(table(3), store, replace(OPTIONS, workers=1))
    assert len(measured) == 3
    (store.root / "speed.json").write_text("{")
    estimate(table(3), store, OPTIONS)
    assert len(measured) == 4


@pytest.mark.parametrize(
    "speed", [0, -430.0, math.nan, math.inf, "430", True, None, [430.0], {"fast": 1}]
)
def test_a_speed_that_is_none_is_not_believed(
    store: Store, measured: list[Resources], speed: Any
) -> None:
    estimate(table(3), store, OPTIONS)
    cache = store.root / "speed.json"
    known = json.loads(cache.read_text())
    for entry in ({"images_per_second": speed, "measured": time.time()}, speed):
        cache.write_text(json.dumps(dict.fromkeys(known, entry)))
        assert estimate(table(3), store, OPTIONS).images_per_second == SPEED
    assert len(measured) == 3
    estimate(table(3), store, OPTIONS)
    assert len(measured) == 3


@pytest.mark.parametrize("age", [3700, -3700, None])
def test_an_old_measurement_is_made_anew(
    store: Store, measured: list[Resources], age: float | None
) -> None:
    estimate(table(3), store, OPTIONS)
    cache = store.root / "speed.json"
    known = json.loads(cache.read_text())
    for entry in known.values():
        entry |= {"images_per_second": 1.0, "measured": age and time.time() - age}
    cache.write_text(json.dumps(known))
    assert estimate(table(3), store, OPTIONS).images_per_second == SPEED
    assert len(measured) == 2


@pytest.mark.parametrize("damage", record_makers.DAMAGES)
def test_other_runs_may_be_damaged(store: Store, measured: list[Resources], damage: str) -> None:
    for seed in range(3):
        store.records.publish(here(record_makers.make(seed), images_per_second=500.0))
    path = store.records.path(record_makers.make(2)["hash"])
    record_makers.DAMAGES[damage](path)
    (store.committed.folder).mkdir()
    wanted = [PlannedRun("a", make_run(seed=seed, epochs=20)) for seed in (7, 8)]
    # What is committed counts as done, and so must be whole; what others committed need not.
    (store.committed.folder / "table3.csv").write_text(f"cut short\n{wanted[0].run.hash},")
    with pytest.raises(UserError, match=r"table3.csv:1: the columns are not"):
        estimate(wanted, store, OPTIONS)
    (store.committed.folder / "table3.csv").write_text("cut sho")
    found = estimate(wanted, store, OPTIONS)
    assert (found.images_per_second, found.source) == (RECORDED, "recorded")
    (store.committed.folder / "table3.csv").unlink()
    with pytest.raises(UserError, match=str(path)):  # the next reader is still told
        store.records.collect()


@pytest.mark.parametrize(
    "origin", [{}, {"sittings": [], "images_per_second": 1.0}, {"sittings": [{}]}]
)
def test_other_runs_may_be_of_unknown_origin(
    store: Store, measured: list[Resources], origin: dict[str, Any]
) -> None:
    store.records.publish(schema.seal({**record_makers.make(0), "provenance": origin}))
    assert estimate(table(2, epochs=20), store, OPTIONS).source == "measured"


def test_finished_runs_tell_better(store: Store, measured: list[Resources]) -> None:
    planned = table(4, epochs=20)
    for seed, speed in ((0, 300.0), (1, 500.0), (2, 510.0)):
        store.records.publish(here(record_makers.make(seed), images_per_second=speed))
    found = estimate(planned, store, OPTIONS)
    assert (found.runs, found.images_per_second, found.source) == (1, RECORDED, "recorded")
    assert measured == []


@pytest.mark.parametrize(
    "changes",
    [
        {"sittings": [{"pack": 4}]},
        {"sittings": [{"pack": 1, "machine": "another"}]},
        {"packages": {"torch": "1.0"}},
        {"images_per_second": None},
    ],
)
def test_runs_made_otherwise_tell_nothing(
    store: Store, measured: list[Resources], changes: dict[str, Any]
) -> None:
    store.records.publish(here(record_makers.make(0), **changes))
    assert estimate(table(2, epochs=20), store, OPTIONS).source == "measured"
    assert estimate(table(2, epochs=20, precision="bf16"), store, OPTIONS).source == "measured"


def test_nothing_missing_takes_no_time(store: Store, measured: list[Resources]) -> None:
    store.records.publish(record_makers.make(0))
    assert estimate(table(1, epochs=20), store, OPTIONS) == Estimate(0, 0.0, 1, 0.0, "recorded")
    assert measured == []


def test_the_real_measurement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes train the real network at once, for a moment."""
    monkeypatch.setattr(speeds, "CALIBRATION_SECONDS", 0.1)
    found = estimate(table(2, batch_size=8), store, OPTIONS)
    assert found.source == "measured"
    assert found.images_per_second > 0
    cached = json.loads((store.root / "speed.json").read_text())
    (entry,) = cached.values()
    assert entry["images_per_second"] == found.images_per_second
    assert 0 <= time.time() - entry["measured"] < speeds.FRESH_SECONDS


def test_a_measurement_ends_with_the_command_that_asks(tmp_path: Path) -> None:
    how = make_run(seed=0).canonical(), "cpu", 1, 1e6
    code = (
        "import json, os, subprocess, sys\n"
        "asked = json.dumps([*json.loads(sys.argv[1]), os.getpid()])\n"
        "command = [sys.executable, '-m', 'reproduce.running.speed_measurement', asked]\n"
        "process = subprocess.Popen(command)\n"
        "print(process.pid)\n"
        "process.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-uc", code, json.dumps(how)], stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout is not None
        probe = int(asking.stdout.readline())
        asking.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{probe}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{probe}").exists()


def test_what_trains_nothing_is_not_measured(store: Store) -> None:
    run = make_run(seed=0).replace(procedure=Procedure(phases=(LinearSVM(),)))
    found = module.estimate([run], store, OPTIONS)
    assert (found.runs, found.unknown) == (1, 1)
    assert not (store.root / "speed.json").exists()


def test_a_machine_too_busy_to_tell_keeps_nobody_from_training(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeds, "CALIBRATION_LIMIT_SECONDS", 0.01)
    found = estimate(table(2, batch_size=8), store, OPTIONS)
    assert (found.runs, found.unknown) == (2, 2)
    assert "not known before something is trained here" in found.text
    assert not (store.root / "speed.json").exists()


@pytest.mark.parametrize(
    ("cores", "memory", "workers"),
    [(8.0, 64e9, 8), (2.7, 64e9, 2), (0.5, 64e9, 1), (8.0, 4e9, 2), (8.0, 1e9, 1), (8.0, None, 8)],
)
def test_workers_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, cores: float, memory: float | None, workers: int
) -> None:
    monkeypatch.setattr(hardware, "usable_cores", lambda: cores)
    monkeypatch.setattr(hardware, "available_memory", lambda: memory and int(memory))
    assert hardware.default_workers("cpu") == workers


def test_no_more_workers_than_packs() -> None:
    def workers(runs: int, pack: int = 1) -> int:
        return resources(runs, LaunchOptions(workers=8, device="cpu", pack=pack)).workers

    assert [workers(runs) for runs in (0, 3, 8, 100)] == [1, 3, 8, 8]
    assert [workers(runs, pack=4) for runs in (0, 3, 9, 100)] == [1, 1, 3, 8]


def test_one_worker_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpu_names", lambda: ("A", "A", "A"))
    assert hardware.resolve_device("auto") == "cuda"
    assert resources(100, LaunchOptions()) == Resources("cuda", 3, hardware.CUDA_PACK)
    assert resources(5, LaunchOptions()) == Resources("cuda", 2, hardware.CUDA_PACK)
    assert resources(5, LaunchOptions(executor="debug", pack=2)) == Resources("cuda", 1, 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [hardware.visible_gpu(slot) for slot in range(4)] == ["0", "1", "2", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-abc,7")
    assert [hardware.visible_gpu(slot) for slot in range(4)] == ["5", "GPU-abc", "7", "5"]


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpu_names", lambda: ())
    assert hardware.resolve_device("auto") == "cpu"
    with pytest.raises(UserError, match="--device cpu"):
        hardware.resolve_device("cuda")


def test_nested_and_older_control_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "groups").write_text("4:memory:/a/b\n1:cpu,cpuacct:/a\n0::/\n")
    monkeypatch.setattr(hardware, "MEMBERSHIP", tmp_path / "groups")
    monkeypatch.setattr(hardware, "CGROUP", tmp_path)
    monkeypatch.setattr(hardware.os, "sched_getaffinity", lambda pid: set(range(8)))
    inner = tmp_path / "memory" / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "memory.limit_in_bytes").write_text(str(1 << 62))
    (inner / "memory.usage_in_bytes").write_text("0")
    (inner.parent / "memory.limit_in_bytes").write_text("3000000")
    (inner.parent / "memory.usage_in_bytes").write_text("2500000")
    (inner.parent / "memory.stat").write_text("cache 9\ntotal_inactive_file 500000\n")
    assert hardware.available_memory() == 1_000_000
    folder = tmp_path / "cpu" / "a"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("350000")
    (folder / "cpu.cfs_period_us").write_text("100000")
    assert hardware.usable_cores() == 3.5
    (folder / "cpu.cfs_quota_us").write_text("-1")
    assert hardware.usable_cores() == 8


def test_interrupts_are_caught_and_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts() as interrupts:
        interrupts.wait(0.01)
        assert not interrupts.requested
        os.kill(os.getpid(), signal.SIGTERM)
        interrupts.wait(3600)
        assert interrupts.requested
        os.kill(os.getpid(), signal.SIGTERM)  # an echo of the first, not a second one
        time.sleep(0.05)
    assert signal.getsignal(signal.SIGTERM) == before


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
            assert not interrupts.requested
    finally:
        signal.signal(signal.SIGHUP, before)
