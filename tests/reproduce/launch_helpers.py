"""A table of tiny runs, and commands and children that train it, for the tests of launching.

Run as a program with a JSON object, it is one command: ``launch_helpers.py '{"base": …}'``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from run_makers import make_run

from benchmarks.data.dataset import Dataset, Split, build
from benchmarks.run import Run
from reproduce.executors.launch import launch
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

PATIENCE = 180.0


def tiny_dataset() -> Dataset:
    """64 training and 32 test images of noise."""
    random = np.random.default_rng(5)

    def split(size: int) -> Split:
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        return Split(pixels, np.arange(size) % 10)

    return build("tiny", tuple("abcdefghij"), {"train": split(64), "test": split(32)})


def tiny_run(seed: int, **changes: Any) -> Run:
    """Two epochs of two updates of a network of an eighth of the width."""
    settings: dict[str, Any] = {
        "dataset": "tiny",
        "data_digest": tiny_dataset().digest,
        "epochs": 2,
        "batch_size": 32,
        "lr_milestones": (1,),
        "evaluate_every": 2,
        "width_multiplier": "0.125",
    }
    return make_run(seed=seed, **{**settings, **changes})


def tiny_table(seeds: int, cells: int = 1, **changes: Any) -> list[PlannedRun]:
    """Seeds × cells that differ in gamma."""
    return [
        PlannedRun(f"cell {cell}", tiny_run(seed, gamma=f"1.{cell}", **changes))
        for seed in range(seeds)
        for cell in range(cells)
    ]


def contents(store: Store, planned: list[PlannedRun]) -> dict[str, Any]:
    """Configuration and result of each finished run."""
    found = store.records.collect([item.run.hash for item in planned])
    return {name: (record["run"], record["result"]) for name, record in found.items()}


def lines_of(store: Store, word: str) -> list[str]:
    """The hashes in log lines such as "12:00:00 takes 0123… (cell, seed)", of all workers."""
    found = []
    for path in sorted(store.logs.glob("*.log")):
        for line in path.read_text().splitlines():
            parts = line.split()
            if len(parts) > 2 and parts[1] == word:
                found.append(parts[2])
    return found


def start_command(base: Path, data: Path, **options: Any) -> subprocess.Popen[str]:
    """A command in a process of its own; see :func:`main` for the options."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(
        [sys.executable, __file__, json.dumps({"base": str(base), "data": str(data), **options})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Poll until ``what`` is true; gives its value."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return value


def main() -> None:
    """Launch a tiny table; prints the summary's one line, exits with 0, 2 or 3."""
    from benchmarks.errors import UserError

    asked = json.loads(sys.argv[1])
    store = Store(Path(asked["base"]))
    planned = tiny_table(asked["seeds"], asked.get("cells", 1), epochs=asked.get("epochs", 2))
    options = LaunchOptions(
        workers=asked.get("workers", 1),
        device="cpu",
        data=Path(asked["data"]),
        executor=asked.get("executor", "local"),
        nice=asked.get("nice", 0),
    )
    try:
        summary = launch(planned, store, options)
    except UserError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        sys.exit(2)
    print(summary.describe())
    sys.exit(0 if summary.complete else 3)


if __name__ == "__main__":
    main()
