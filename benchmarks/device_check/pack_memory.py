"""How much memory packs take, whether they give it back, and what becomes of one that does not fit.

Peaks are taken in processes of their own, ``python -m benchmarks.device_check.pack_memory
OPTIONS``: of what the device's allocator has reserved on CUDA, since a graph keeps its memory
between replays without counting as allocated; on a CPU of resident memory beyond what the process
had before.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
import resource
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from benchmarks.data.dataset import Dataset, Split
from benchmarks.device_check.agreement import same_runs
from benchmarks.device_check.finding import CheckError, Finding, judged
from benchmarks.device_check.probe_runs import HERE, IMAGES, TEST_IMAGES, Probe, Say
from benchmarks.models.networks import Chain
from benchmarks.training import loop

MIB = 2**20
# A pack's runs share images and workspaces; what each has besides may vary by so much.
UNEVEN = 1.25
SMALL = 1 * MIB
LIMIT_SECONDS = 300


def noise() -> Dataset:
    """Random images in ten classes."""
    random = np.random.default_rng(0)

    def split(count: int) -> Split:
        pixels = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        return Split(pixels, np.arange(count) % 10)

    half = np.full(3, 0.5)
    return Dataset(
        "noise", tuple("0123456789"), split(IMAGES), split(TEST_IMAGES), half, half, "0" * 64
    )


def measure(probe: Probe) -> dict[str, int]:
    """Bytes of the highest peak while a pack trains (``peak``), and by how much what is held on to
    has grown when the same pack has been trained once more (``left``)."""
    cuda = probe.device.type == "cuda"
    base = 0 if cuda else _peak_resident()
    probe.train(probe.runs(epochs=1))
    peak = torch.cuda.max_memory_reserved() if cuda else _peak_resident()
    before = held(probe.device)
    probe.train(probe.runs(epochs=1))
    return {"peak": peak - base, "left": max(0, held(probe.device) - before)}


def held(device: torch.device) -> int:
    """Bytes that the device's tensors and graphs hold on to."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize()
        torch._C._cuda_clearCublasWorkspaces()  # one a stream; no run's
        torch.cuda.empty_cache()
        return torch.cuda.memory_reserved()
    storages = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), torch.Tensor):  # isinstance would ask proxies for their class
            with contextlib.suppress(RuntimeError):  # what torch.export traced holds no bytes
                storage = thing.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def _peak_resident() -> int:
    """Bytes; Linux's own figure first, since a child's ``ru_maxrss`` begins with its parent's."""
    with contextlib.suppress(OSError):
        found = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.M)
        if found:
            return int(found[1]) * 2**10
    unit = 1 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measured_apart(probe: Probe) -> dict[str, int]:
    """:func:`measure` in a process of its own, on random images.

    Raises:
        CheckError: where it fails, with the last line that it wrote.
    """
    options = json.dumps([probe.device.type, probe.members])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.device_check.pack_memory", options],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CheckError(f"a pack of {probe.members} failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def memory(
    probe: Probe, say: Say, measured: Callable[[Probe], dict[str, int]] | None = None
) -> Finding:
    """The peak by pack size: it must grow no faster than the pack, and all must be given back.

    Args:
        measured: by default :func:`measured_apart`.
    """
    measured = measured or measured_apart
    found = {}
    for size in sorted({1, (probe.members + 1) // 2, probe.members}):
        say(f"a pack of {size}")
        found[size] = measured(replace(probe, members=size))
    capacity = None
    if probe.device.type == "cuda":
        capacity = torch.cuda.get_device_properties(probe.device).total_memory
    return judge_memory(found, capacity)


def judge_memory(found: dict[int, dict[str, int]], capacity: int | None) -> Finding:
    """The verdict on peaks and remains by pack size, in bytes.

    Args:
        capacity: the device's memory, where it is the device's own.
    """
    peaks = {size: one["peak"] for size, one in found.items()}
    left = {size: one["left"] for size, one in found.items()}
    smallest, largest = min(peaks), max(peaks)
    text = ", ".join(f"{size}: {peak / MIB:,.0f} MiB" for size, peak in peaks.items())
    faults = []
    if peaks[largest] > UNEVEN * peaks[smallest] * largest / smallest:
        faults.append(f"a pack of {largest} takes more than {largest // smallest} packs of 1")
    if max(left.values()) > SMALL:
        faults.append(f"{max(left.values()) / MIB:,.0f} MiB are left after a pack has ended")
    advice = "leave out --pack, and report it" if faults else ""
    if capacity and largest > smallest:
        each = (peaks[largest] - peaks[smallest]) / (largest - smallest)
        most = int((0.9 * capacity - peaks[smallest]) / max(1.0, each)) + smallest
        text += f"; about {most} would fit"
    return Finding(
        "memory by pack size",
        judged(not faults),
        "; ".join([text, *faults]),
        f"grows no faster than the pack; at most {SMALL // MIB} MiB stay",
        advice,
        {"peak": peaks, "left": left},
    )


class Room:
    """Simulates a device on which only ``most`` networks fit that train: another one's forward pass
    runs out of memory. Enter it.

    Attributes:
        refused: how many there were whenever that happened.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.refused: list[int] = []
        self._present: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()

    def __enter__(self) -> Room:
        self._hook = register_module_forward_pre_hook(self._before_forward)
        return self

    def __exit__(self, *error: object) -> None:
        self._hook.remove()

    def _before_forward(self, module: torch.nn.Module, inputs: Any) -> None:
        if not isinstance(module, Chain) or module in self._present:
            return
        if len(self._present) >= self.most:
            gc.collect()
        if len(self._present) >= self.most:
            self.refused.append(len(self._present) + 1)
            raise torch.OutOfMemoryError(f"out of memory (simulated: {self.most} networks fit)")
        self._present.add(module)

    def ended(self, outcome: loop.Outcome) -> None:
        """A finished network makes room, though its weights are kept."""
        if outcome.model is not None:
            self._present.discard(outcome.model)


def out_of_memory(probe: Probe, say: Say) -> Finding:
    """A pack of which half has room must be trained in parts, to the same numbers."""
    name, runs = "out of memory (simulated)", probe.runs()
    most = len(runs) // 2
    if not most:
        return Finding(name, "not checkable", "a pack of 1 has no half: give --runs 2 or more")
    say("a pack that fits")
    whole = probe.train(runs)
    say(f"the same with room for {most}")
    with Room(most) as room, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the loop says what it does about it
        halved = probe.train(runs, on_outcome=room.ended)
    advice = "a pack that is too large loses runs: choose --pack with room to spare"
    made = same_runs(probe, name, advice, (runs, halved, whole))
    found = f"{made.found}, in parts of at most {most}, after {len(room.refused)} failures"
    return replace(made, found=found, numbers={**made.numbers, "refused": room.refused})


if __name__ == "__main__":
    name, pack = json.loads(sys.argv[1])
    print(json.dumps(measure(Probe(torch.device(name), noise(), pack))))
