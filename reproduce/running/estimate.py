"""How long the missing runs will take, from records of this machine or a short measurement."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import msgspec

from benchmarks.procedures import Train
from benchmarks.run import Run
from benchmarks.training.checkpoint import epoch_of
from reproduce.running.completion_times import completion_times
from reproduce.running.launch_options import resources
from reproduce.running.progress import duration
from reproduce.running.workload import work, workload
from reproduce.store import atomic, hardware, provenance
from reproduce.store.paths import ROOT

if TYPE_CHECKING:
    from reproduce.running.launch_options import LaunchOptions, Resources
    from reproduce.store.store import Store

CALIBRATION_SECONDS = 5.0
CALIBRATION_LIMIT_SECONDS = 120.0
# Other work on the machine comes and goes, and with it the speed.
FRESH_SECONDS = 3600.0
_Rate = Annotated[float, msgspec.Meta(gt=0)]


class _Speed(msgspec.Struct):
    images_per_second: _Rate
    measured: float


@dataclass(frozen=True)
class Speed:
    """Images a second of training by one worker, and how that is known: "recorded" (from finished
    runs on this machine), "measured" (just now, or within the last hour) or "scaled" (from another
    network, by multiply-adds)."""

    images_per_second: float
    source: str


@dataclass(frozen=True)
class Estimate:
    """The time that the missing runs will take.

    Attributes:
        runs: that are missing.
        seconds: wall time from now.
        workers: that share them.
        images_per_second: of training, by one worker.
        source: see :class:`Speed`.
        ends: when each of them will have ended, in seconds from now and in their order; None of
            those whose speed is not known.
        worker_seconds: of all workers together.
        epoch_seconds: that an epoch of each takes, were it alone; of those whose speed is known.
    """

    runs: int
    seconds: float
    workers: int
    images_per_second: float
    source: str
    ends: tuple[float | None, ...] = ()
    worker_seconds: float = 0.0
    epoch_seconds: tuple[float, ...] = ()

    @property
    def unknown(self) -> int:
        """Of how many runs it cannot be told."""
        return sum(end is None for end in self.ends)

    def within(self, seconds: float) -> int:
        """How many will have ended by then."""
        return sum(end is not None and end <= seconds for end in self.ends)

    @property
    def text(self) -> str:
        """Such as "195 runs, about 12.3 days on 2 workers (measured 430 images/s a worker)"."""
        if not self.runs:
            return "no run is missing"
        runs = f"{self.runs} run{'s' if self.runs > 1 else ''}"
        if self.unknown == self.runs:
            return f"{runs}; how long they take is not known before something is trained here"
        return f"{runs}, {self.time}"

    @property
    def time(self) -> str:
        """Such as "about 12.3 days on 2 workers (measured 430 images/s a worker)"."""
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        rate = f"{self.source} {self.images_per_second:,.0f} images/s a worker"
        beside = (
            f", and {self.unknown} of networks whose speed is not known" if self.unknown else ""
        )
        return f"about {duration(self.seconds)} on {workers} ({rate}){beside}"


def estimate(
    missing: Sequence[Run],
    store: Store,
    options: LaunchOptions,
    *,
    measured: bool = True,
) -> Estimate:
    """Time for runs that are missing, in the order in which they are trained, from their
    checkpoints on; may train on random images for some 10 s a network, and needs no data.

    Args:
        measured: whether what is not known otherwise is measured now.

    Raises:
        UserError: where a device is asked for that is not there.
    """
    means = resources(len(missing), options)
    rates = speeds(missing, store, means, measured=measured)
    return shared(missing, store, options.data, means, rates)


def shared(
    missing: Sequence[Run],
    store: Store,
    data: Path,
    means: Resources,
    rates: Mapping[str, Speed],
) -> Estimate:
    """:func:`estimate` where the speeds are known, as far as they are."""
    kinds = {run.hash: workload(run.canonical()) for run in missing}
    known = [run for run in missing if kinds[run.hash] in rates]
    times = [
        work(run, data, epoch_of(store.checkpoint(run.hash)))
        / rates[kinds[run.hash]].images_per_second
        for run in known
    ]
    ended = completion_times(times, means.workers, means.pack)
    found = {run.hash: end for run, end in zip(known, ended, strict=True)}
    first = rates[kinds[known[0].hash]] if known else Speed(0.0, "recorded")
    return Estimate(
        runs=len(missing),
        seconds=max(ended, default=0.0),
        workers=means.workers,
        images_per_second=first.images_per_second,
        source=first.source,
        ends=tuple(found.get(run.hash) for run in missing),
        worker_seconds=sum(times),
        epoch_seconds=tuple(
            work(run, data) / max(1, run.epochs) / rates[kinds[run.hash]].images_per_second
            for run in known
        ),
    )


def speeds(
    runs: Iterable[Run],
    store: Store,
    means: Resources,
    *,
    seen: Mapping[str, Speed] = MappingProxyType({}),
    measured: bool = True,
) -> dict[str, Speed]:
    """How fast one worker trains each workload of ``runs``, as far as that is known; that of the
    first run comes first. See :func:`estimate`; ``seen`` is known before."""
    label = _label(means)
    recorded = _recorded(store, means, label)
    cache = store.root / "speed.json"
    known = _read(cache)
    found: dict[str, Speed] = {}
    for run in runs:
        kind = workload(run.canonical())
        key = _key(label, kind, means)
        if kind in found:
            continue
        if kind in recorded:
            found[kind] = Speed(recorded[kind], "recorded")
        elif kind in seen:
            found[kind] = seen[kind]
        elif key in known or (measured and _trains(run)):
            if key not in known:
                if (rate := _measure(run, means)) is None:
                    continue
                known[key] = _Speed(rate, time.time())
                _write(cache, known)
            found[kind] = Speed(known[key].images_per_second, "measured")
    return found


def _trains(run: Run) -> bool:
    """Whether it has a phase whose speed can be measured; others only look at a network."""
    return any(isinstance(phase, Train) for phase in run.procedure.phases)


def remember(rates: Mapping[str, float], store: Store, means: Resources) -> None:
    """Keep speeds by workload that were seen in training, as if they had been measured now."""
    cache, label, now = store.root / "speed.json", _label(means), time.time()
    new = {_key(label, kind, means): _Speed(rate, now) for kind, rate in rates.items() if rate > 0}
    if new:
        _write(cache, _read(cache) | new)


def _label(means: Resources) -> str:
    name = next(iter(hardware.gpu_names()), None) if means.device == "cuda" else None
    origin = provenance.capture("local", device_kind=means.device, device_name=name)
    return provenance.machine_label(origin)


def _key(label: str, kind: str, means: Resources) -> str:
    return json.dumps([label, kind, means.workers, means.pack])


def _write(cache: Path, known: Mapping[str, _Speed]) -> None:
    with contextlib.suppress(OSError):
        atomic.replace(cache, msgspec.json.format(msgspec.json.encode(known)) + b"\n")


def _recorded(store: Store, means: Resources, label: str) -> dict[str, float]:
    """By workload, the median over runs that were made on this machine in packs of this size."""
    found: dict[str, list[float]] = {}
    for record in store.records.readable():
        origin = record["provenance"]
        # Nothing fixes the form of a provenance, and runs of any version may lie here.
        with contextlib.suppress(KeyError, TypeError, AttributeError, msgspec.ValidationError):
            packs = {sitting.get("pack", 1) for sitting in origin.get("sittings", ())} or {1}
            rate: float = msgspec.convert(origin["images_per_second"], _Rate)
            if provenance.machine_label(origin) == label and packs == {means.pack}:
                found.setdefault(workload(record["run"]), []).append(rate * means.pack)
    return {kind: statistics.median(rates) for kind, rates in found.items()}


def _read(cache: Path) -> dict[str, _Speed]:
    """The measurements of the last hour."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, ValueError, RecursionError):
        known = msgspec.json.decode(cache.read_bytes(), type=dict[str, _Speed])
        ages = {key: time.time() - speed.measured for key, speed in known.items()}
        return {key: known[key] for key, age in ages.items() if 0 <= age <= FRESH_SECONDS}
    return {}


def _measure(run: Run, means: Resources) -> float | None:
    """Images per second of one worker while as many measure at once as will work at once; none
    where the machine is too busy to tell in time, which must not keep anybody from training."""
    how = means.device, means.pack, CALIBRATION_SECONDS
    asked = json.dumps([run.canonical(), *how, os.getpid()])
    together = 1 if means.device == "cuda" else means.workers
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "reproduce.running.speed_measurement", asked],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            process_group=0,
        )
        for _ in range(together)
    ]
    try:
        return statistics.mean(map(_answer, started))
    except subprocess.TimeoutExpired:
        return None
    finally:
        for process in started:
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[str]) -> float:
    output, _ = process.communicate(timeout=CALIBRATION_LIMIT_SECONDS)
    if process.returncode != 0:
        raise RuntimeError("the short measurement of speed failed; see the error above")
    return float(output)
