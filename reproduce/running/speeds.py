"""How fast this machine trains: from records of its runs, or by a short measurement."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import msgspec

from benchmarks.errors import UserError
from benchmarks.procedures import Train
from benchmarks.run import Run, from_canonical
from reproduce.running.workload import EVALUATION_COST, evaluated_images, forward_images, workload
from reproduce.store import atomic, hardware, provenance
from reproduce.store.paths import ROOT

if TYPE_CHECKING:
    from reproduce.running.launch_options import Resources
    from reproduce.store.store import Store

CALIBRATION_SECONDS = 5.0
CALIBRATION_LIMIT_SECONDS = 120.0
# Other work on the machine comes and goes, and with it the speed.
FRESH_SECONDS = 3600.0
Telling = Callable[[int, int], None]
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


def speeds(
    runs: Iterable[Run],
    store: Store,
    means: Resources,
    *,
    seen: Mapping[str, Speed] = MappingProxyType({}),
    measured: bool = True,
    telling: Telling | None = None,
) -> dict[str, Speed]:
    """How fast one worker trains each workload of ``runs``, as far as that is known; that of the
    first run comes first. ``seen`` is known before.

    May train on random images for some 10 s a network, and needs no data.

    Args:
        measured: whether what is not known otherwise is measured now.
        telling: is called before each measurement, with its number from 1 and how many there are.
    """
    label = _label(means)
    recorded = _recorded(store, means, label)
    cache = store.root / "speed.json"
    known = _read(cache)
    first: dict[str, Run] = {}
    for run in runs:
        first.setdefault(workload(run.canonical()), run)
    keys = {kind: _key(label, kind, means) for kind in first}
    told = {*recorded, *seen} | {kind for kind, key in keys.items() if key in known}
    lacking = [
        kind for kind, run in first.items() if kind not in told and measured and _trains(run)
    ]
    for number, kind in enumerate(lacking, start=1):
        if telling:
            telling(number, len(lacking))
        if (rate := _measure(first[kind], means)) is not None:
            known[keys[kind]] = _Speed(rate, time.time())
            _write(cache, known)
    found: dict[str, Speed] = {}
    for kind, key in keys.items():
        if kind in recorded:
            found[kind] = Speed(recorded[kind], "recorded")
        elif kind in seen:
            found[kind] = seen[kind]
        elif key in known:
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
    """By workload, the median over runs that were made on this machine in packs of this size.

    Their time went into passes without training as well, which plans count by themselves.
    """
    found: dict[str, list[float]] = {}
    for record in store.records.readable():
        origin = record["provenance"]
        # Nothing fixes the form of a provenance, and runs of any version may lie here.
        with contextlib.suppress(
            KeyError, TypeError, AttributeError, UserError, msgspec.ValidationError
        ):
            packs = {sitting.get("pack", 1) for sitting in origin.get("sittings", ())} or {1}
            trained: float = msgspec.convert(origin["images_per_second"], _Rate)
            seconds: float = msgspec.convert(origin["wall_seconds"], _Rate)
            if provenance.machine_label(origin) == label and packs == {means.pack}:
                run = from_canonical(record["run"])
                forward = evaluated_images(run) + forward_images(run)
                rate = trained + forward * EVALUATION_COST / seconds
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
