"""What does not fit in memory is told before anything starts, with what does."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import UserError
from reproduce.catalogue.selection import select
from reproduce.running import counting, memory_needed
from reproduce.running.launch_options import LaunchOptions
from reproduce.store import hardware
from reproduce.store.planned_run import PlannedRun

GB = 1_000_000_000
CPU = LaunchOptions(device="cpu")


def planned(results: Path, *only: str) -> list[PlannedRun]:
    return select("beta-lasso/table1", seeds="1", only=only, results=results).in_training_order


def free(monkeypatch: pytest.MonkeyPatch, size: int | None) -> None:
    monkeypatch.setattr(hardware, "device_memory", lambda device: size)
    monkeypatch.setattr(hardware, "default_workers", lambda device: 2)


@pytest.fixture
def small_and_large(tmp_path: Path) -> list[PlannedRun]:
    return planned(tmp_path, "cifar10 S-CONV 400", "cifar10 S-FC 400")


def test_a_network_that_does_not_fit(
    small_and_large: list[PlannedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-FC's 256,240,800 weights, their gradients and momentum are 3.07 GB."""
    free(monkeypatch, 3 * GB)
    with pytest.raises(UserError, match=r"^cifar10 S-FC 400 needs about 3\.\d GB") as told:
        memory_needed.fitting(small_and_large, CPU)
    assert "3.0 GB are free" in str(told.value)
    assert "--only 'cifar10 S-CONV 400' would fit" in str(told.value)
    with pytest.raises(UserError, match="none of those selected fits"):
        memory_needed.fitting([p for p in small_and_large if "FC" in p.cell], CPU)
    kept = [p for p in small_and_large if "CONV" in p.cell]
    assert memory_needed.fitting(kept, CPU) == (CPU, "")


def test_workers_are_as_many_as_fit(
    small_and_large: list[PlannedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 5 * GB)
    options, told = memory_needed.fitting(small_and_large, CPU)
    assert options.workers == 1
    assert told.startswith("1 worker instead of 2")
    asked = LaunchOptions(device="cpu", workers=2)
    assert memory_needed.fitting(small_and_large, asked) == (asked, "")
    free(monkeypatch, 50 * GB)
    assert memory_needed.fitting(small_and_large, CPU) == (CPU, "")
    free(monkeypatch, None)
    assert memory_needed.fitting(small_and_large, CPU) == (CPU, "")


def test_bytes_of_weights_dominate(small_and_large: list[PlannedRun]) -> None:
    run = next(p.run for p in small_and_large if "FC" in p.cell)
    network = counting.networks([run])[run.hash]
    assert network.multiply_adds == 256_240_800
    assert 3 * 4 * 256_240_800 < memory_needed.run_bytes(run, network) < 3.6 * GB
    assert memory_needed.image_bytes(run) == 60_000 * 32 * 32 * 3
