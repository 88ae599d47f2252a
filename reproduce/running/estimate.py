"""How long the missing runs will take, from records of this machine or a short measurement."""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import data as datasets
from reproduce.running import images
from reproduce.running.launch import resources
from reproduce.running.progress import duration
from reproduce.running.standing import standing
from reproduce.store import atomic, hardware, provenance
from reproduce.store.paths import ROOT

if TYPE_CHECKING:
    from benchmarks.run import Run
    from reproduce.catalogue.tables import PlannedRun
    from reproduce.running.launch import LaunchOptions, Resources
    from reproduce.store.store import Store

CALIBRATION_SECONDS = 5.0
CALIBRATION_LIMIT_SECONDS = 120.0
# Other work on the machine comes and goes, and with it the speed.
MEASUREMENT_LASTS_SECONDS = 3600.0
# To evaluate an image is to run its network forward, to train on it is that and twice as much back.
EVALUATION_COST = 1 / 3


@dataclass(frozen=True)
class Estimate:
    """The time that the missing runs will take.

    Attributes:
        runs: that are missing.
        seconds: wall time from now.
        workers: that share them.
        images_per_second: of training, by one worker.
        source: "recorded" (from finished runs on this machine) or "measured" (just now, or by an
            earlier estimate).
    """

    runs: int
    seconds: float
    workers: int
    images_per_second: float
    source: str

    @property
    def text(self) -> str:
        """Such as "195 runs, about 12.3 days on 2 workers (measured 430 images/s a worker)"."""
        if not self.runs:
            return "no run is missing"
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        rate = f"{self.source} {self.images_per_second:,.0f} images/s a worker"
        plural = "s" if self.runs > 1 else ""
        return f"{self.runs} run{plural}, about {duration(self.seconds)} on {workers} ({rate})"


def estimate(planned: Sequence[PlannedRun], store: Store, options: LaunchOptions) -> Estimate:
    """Time for those of ``planned`` that are missing; may train on random images for some 10 s a
    network, and needs no data.

    Raises:
        UserError: where a device is asked for that is not there, or a record of ``planned`` is
            damaged.
    """
    found = standing(planned, store, save_weights=options.save_weights)
    missing = [item.run for item in found.missing]
    means = resources(len(missing), options)
    rates: dict[str, tuple[float, str]] = {}
    work = []
    for run in missing:
        key = _workload(run.canonical())
        if key not in rates:
            rates[key] = _rate(run, store, means)
        work.append(_images(run, options.data) / rates[key][0])
    if not work:
        return Estimate(0, 0.0, means.workers, 0.0, "recorded")
    rate, source = rates[_workload(missing[0].canonical())]
    # Workers cannot share a run.
    seconds = max(sum(work) / means.workers, max(work))
    return Estimate(len(missing), seconds, means.workers, rate, source)


def _images(run: Run, data: Path) -> float:
    """The run's images, those that it is evaluated on with their share of the cost."""
    train = images.train_images(run, data)
    known = run.data.name in datasets.DATASETS
    test = datasets.info(run.data.name, run.data.fold).counts[1] if known else 0
    evaluations = sum(phase.evaluations for phase in run.procedure.phases)
    return run.epochs * train + evaluations * test * EVALUATION_COST


def _workload(resolved: Mapping[str, Any]) -> str:
    """What runs of equal speed have in common: images of one size through one network, so many at
    once."""
    name = str(resolved["data"].get("name"))
    images = datasets.info(name).side if name in datasets.DATASETS else name
    batches = [phase.get("batch_size") for phase in resolved["procedure"]["phases"]]
    return json.dumps([images, resolved["model"], resolved["precision"], batches], sort_keys=True)


def _rate(run: Run, store: Store, means: Resources) -> tuple[float, str]:
    label = _machine(means.device)
    recorded = _recorded(run, store, means, label)
    if recorded:
        return recorded, "recorded"
    cache = store.root / "speed.json"
    key = json.dumps([label, _workload(run.canonical()), means.workers, means.pack])
    known = _read(cache)
    if key not in known:
        known[key] = {"images_per_second": _measure(run, means), "measured": time.time()}
        with contextlib.suppress(OSError):
            atomic.replace(cache, (json.dumps(known, indent=1) + "\n").encode())
    return known[key]["images_per_second"], "measured"


def _machine(device: str) -> str:
    name = next(iter(hardware.gpu_names()), None) if device == "cuda" else None
    return provenance.machine_label(
        provenance.capture("local", device_kind=device, device_name=name)
    )


def _recorded(run: Run, store: Store, means: Resources, label: str) -> float | None:
    """Median over finished runs like this one, made on this machine in packs of this size."""
    found = []
    wanted = _workload(run.canonical())
    for record in store.records.readable():
        origin = record["provenance"]
        # Nothing fixes the form of a provenance, and runs of any version may lie here.
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            if _workload(record["run"]) != wanted:
                continue
            packs = {sitting.get("pack", 1) for sitting in origin.get("sittings", ())} or {1}
            rate = origin["images_per_second"]
            if (
                provenance.machine_label(origin) == label
                and packs == {means.pack}
                and _is_rate(rate)
            ):
                found.append(rate * means.pack)
    return statistics.median(found) if found else None


def _is_rate(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0


def _measure(run: Run, means: Resources) -> float:
    """Images per second of one worker while as many measure at once as will work at once."""
    asked = json.dumps(
        {
            "run": run.canonical(),
            "device": means.device,
            "pack": means.pack,
            "seconds": CALIBRATION_SECONDS,
        }
    )
    together = 1 if means.device == "cuda" else means.workers
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "reproduce.running.calibrate", asked],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            process_group=0,
        )
        for _ in range(together)
    ]
    try:
        return statistics.mean(_answer(process) for process in started)
    finally:
        for process in started:
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[str]) -> float:
    output, _ = process.communicate(timeout=CALIBRATION_LIMIT_SECONDS)
    if process.returncode != 0:
        raise RuntimeError("the short measurement of speed failed; see the error above")
    return float(json.loads(output)["images_per_second"])


def _read(cache: Path) -> dict[str, dict[str, float]]:
    """The measurements that still count: of the last hour, and positive numbers."""
    try:
        values = json.loads(cache.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: entry for key, entry in values.items() if _counts(entry)}


def _counts(entry: Any) -> bool:
    if not isinstance(entry, dict) or not all(
        _is_rate(entry.get(name)) for name in ("images_per_second", "measured")
    ):
        return False
    return 0 <= time.time() - entry["measured"] <= MEASUREMENT_LASTS_SECONDS
