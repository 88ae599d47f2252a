"""How long the missing runs will take, from records of this machine or a short measurement.

``python -m reproduce.running.estimate '[{…}, "cpu", 1, 5]'``, with run, device, pack and seconds,
trains on random images and prints the images per second: a process of its own, so that the command
that asks neither loads torch nor changes its threads.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from benchmarks import data as datasets
from benchmarks.errors import UserError
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run, from_canonical
from reproduce.catalogue.papers import papers
from reproduce.running import images
from reproduce.running.launch import resources
from reproduce.running.progress import duration
from reproduce.store import atomic, hardware, provenance
from reproduce.store.paths import ROOT

if TYPE_CHECKING:
    from benchmarks.data.store import Dataset
    from benchmarks.training.loop import Progress
    from reproduce.running.launch import LaunchOptions, Resources
    from reproduce.store.store import Store

CALIBRATION_SECONDS = 5.0
CALIBRATION_LIMIT_SECONDS = 120.0
# Other work on the machine comes and goes, and with it the speed.
FRESH_SECONDS = 3600.0
# To evaluate an image is to run its network forward, to train on it is that and twice as much back.
EVALUATION_COST = 1 / 3
WARM_UP_STEPS, BATCHES = 2, 4
_Rate = Annotated[float, msgspec.Meta(gt=0)]


class _Speed(msgspec.Struct):
    images_per_second: _Rate
    measured: float


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


def estimate(missing: Sequence[Run], store: Store, options: LaunchOptions) -> Estimate:
    """Time for runs that are missing; may train on random images for some 10 s a network, and needs
    no data.

    Raises:
        UserError: where a device is asked for that is not there.
    """
    means = resources(len(missing), options)
    rates: dict[str, tuple[float, str]] = {}  # that of the first run comes first
    work = []
    for run in missing:
        key = _workload(run.canonical())
        if key not in rates:
            rates[key] = _rate(run, store, means)
        work.append(_images(run, options.data) / rates[key][0])
    rate, source = next(iter(rates.values()), (0.0, "recorded"))
    # Workers cannot share a run.
    seconds = max(sum(work) / means.workers, max(work, default=0.0))
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
    name = next(iter(hardware.gpu_names()), None) if means.device == "cuda" else None
    label = provenance.machine_label(
        provenance.capture("local", device_kind=means.device, device_name=name)
    )
    if recorded := _recorded(run, store, means, label):
        return recorded, "recorded"
    cache = store.root / "speed.json"
    key = json.dumps([label, _workload(run.canonical()), means.workers, means.pack])
    known = _read(cache)
    if key not in known:
        known[key] = _Speed(_measure(run, means), time.time())
        with contextlib.suppress(OSError):
            atomic.replace(cache, msgspec.json.format(msgspec.json.encode(known)) + b"\n")
    return known[key].images_per_second, "measured"


def _recorded(run: Run, store: Store, means: Resources, label: str) -> float | None:
    """Median over finished runs like this one, made on this machine in packs of this size."""
    found = []
    wanted = _workload(run.canonical())
    for record in store.records.readable():
        origin = record["provenance"]
        # Nothing fixes the form of a provenance, and runs of any version may lie here.
        with contextlib.suppress(KeyError, TypeError, AttributeError, msgspec.ValidationError):
            if _workload(record["run"]) != wanted:
                continue
            packs = {sitting.get("pack", 1) for sitting in origin.get("sittings", ())} or {1}
            rate: float = msgspec.convert(origin["images_per_second"], _Rate)
            if provenance.machine_label(origin) == label and packs == {means.pack}:
                found.append(rate * means.pack)
    return statistics.median(found) if found else None


def _read(cache: Path) -> dict[str, _Speed]:
    """The measurements of the last hour."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, ValueError, RecursionError):
        known = msgspec.json.decode(cache.read_bytes(), type=dict[str, _Speed])
        ages = {key: time.time() - speed.measured for key, speed in known.items()}
        return {key: known[key] for key, age in ages.items() if 0 <= age <= FRESH_SECONDS}
    return {}


def _measure(run: Run, means: Resources) -> float:
    """Images per second of one worker while as many measure at once as will work at once."""
    asked = json.dumps([run.canonical(), means.device, means.pack, CALIBRATION_SECONDS])
    together = 1 if means.device == "cuda" else means.workers
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "reproduce.running.estimate", asked],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            process_group=0,
        )
        for _ in range(together)
    ]
    try:
        return statistics.mean(map(_answer, started))
    finally:
        for process in started:
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[str]) -> float:
    output, _ = process.communicate(timeout=CALIBRATION_LIMIT_SECONDS)
    if process.returncode != 0:
        raise RuntimeError("the short measurement of speed failed; see the error above")
    return float(output)


def measure(run: Run, device_name: str, pack: int, seconds: float) -> float:
    """Images per second of training ``pack`` runs like ``run`` at once, without evaluation."""
    import torch

    from benchmarks.training.loop import prepare, train

    device = torch.device(device_name)
    prepare(device)
    # The phase that trains longest stands for all.
    longest = max(run.procedure.phases, key=lambda phase: phase.length)
    if not isinstance(longest, Train):
        raise UserError(f"run {run.hash} trains nothing whose speed could be measured")
    endless = longest.replace(epochs=10**6, evaluate_every=10**6)
    runs = [run.replace(seed=k, procedure=Procedure(phases=(endless,))) for k in range(pack)]
    began, images, steps = 0.0, 0, 0

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    def on_progress(progress: Progress) -> None:
        nonlocal began, images, steps
        steps += 1
        if steps == WARM_UP_STEPS * pack:
            finish()
            began = time.perf_counter()
        elif steps > WARM_UP_STEPS * pack:
            images += endless.batch_size

    def should_stop() -> bool:
        return images > 0 and time.perf_counter() - began > seconds

    train(
        runs,
        _random_images(run, endless.batch_size),
        device,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    finish()
    return images / (time.perf_counter() - began)


def _random_images(run: Run, batch: int) -> Dataset:
    import numpy as np

    from benchmarks.data.store import Dataset, Split

    known = datasets.DATASETS.get(run.data.name)
    classes, side = (known.classes, known.side) if known else (tuple("0123456789"), 32)
    generator = np.random.default_rng(0)

    def split(size: int) -> Split:
        images = generator.integers(0, 256, (size, side, side, 3), dtype=np.uint8)
        return Split(images, np.arange(size) % len(classes))

    half = np.full(3, 0.5)
    return Dataset(
        "random", classes, split(BATCHES * batch + run.data.held_out), split(1), half, half, ""
    )


def main() -> None:
    """Measure what the one argument asks for."""
    run, *how = json.loads(sys.argv[1])
    papers()  # whose own parts the run may be made of
    print(measure(from_canonical(run), *how))


if __name__ == "__main__":
    main()
