"""Shared fixtures: data sets small enough for a test, and the real one where it is at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from run_makers import make_run

from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.run import Run

# Deadlines are times, and a busy machine is no defect.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

CLUSTER = "tests/slurm"
# What takes longest comes first, the longest of all foremost: begun late, it would be waited for
# by a single worker while the others have nothing left.
FIRST = (
    CLUSTER,
    "tests/reproduce/test_committed_reports.py",
    "tests/reproduce/test_cli.py",
    "tests/reproduce/test_kill.py",
    "tests/reproduce/test_launch.py",
    "tests/reproduce/test_toy_paper.py",
    "tests/reproduce/test_page.py",
    "tests/benchmarks/test_loop.py",
    "tests/benchmarks/test_step_rules.py",
    "tests/reproduce/test_budget.py",
)


def unit_of(nodeid: str) -> str:
    """What one worker runs whole: a file, so that its tests share what they make, and all tests on
    a cluster, which they share."""
    file = nodeid.partition("::")[0]
    return CLUSTER if file.startswith(f"{CLUSTER}/") else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The units of ``FIRST`` to the front."""
    places = {unit: place for place, unit in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(unit_of(item.nodeid), len(FIRST)))


@pytest.hookimpl(optionalhook=True)  # a hook of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands whole units out, in the order in which they were collected."""
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # by number of tests, which says little of their time
    return ByUnit(config, log)


def random_split(count: int, seed: int) -> Split:
    """Noise images with random labels."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return Split(pixels, random.integers(0, 10, count))


@pytest.fixture(autouse=True)
def _denormals_as_usual() -> Iterator[None]:
    """Training in this process flushes denormals to zero, which Hypothesis rightly refuses."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session")
def noise() -> Dataset:
    """160 training and 64 test images of noise in ten classes."""
    splits = {"train": random_split(160, 0), "test": random_split(64, 1)}
    return build("noise", tuple("abcdefghij"), splits)


@pytest.fixture
def short_run(noise: Dataset) -> Run:
    """Three epochs of three updates on noise, of a network of a quarter of the width."""
    return make_run(
        seed=1,
        width_multiplier="0.25",
        dataset=noise.name,
        data_digest=noise.digest,
        epochs=3,
        batch_size=64,
        evaluate_every=2,
        lr_milestones=(1,),
    )


def root_of(name: str, title: str) -> Path:
    """The folder that holds the store of that name; skips the test where there is none."""
    root = Path(os.environ.get("REPRODUCE_DATA", "data"))
    if not (root / name / "store.json").exists():
        pytest.skip(f"no {title} store: set REPRODUCE_DATA (see docs/getting-started.md, Tests)")
    return root


@pytest.fixture(scope="session")
def cifar10_root() -> Path:
    """The folder that holds the CIFAR-10 store."""
    return root_of("cifar10", "CIFAR-10")


@pytest.fixture(scope="session")
def cifar100_root() -> Path:
    """The folder that holds the CIFAR-100 store."""
    return root_of("cifar100", "CIFAR-100")
