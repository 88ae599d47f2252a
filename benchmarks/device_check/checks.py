"""All checks in order."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from benchmarks.device_check import agreement, host_reads, pack_memory
from benchmarks.device_check.finding import CheckError, Finding, judged
from benchmarks.device_check.probe_runs import Probe, Say
from benchmarks.training import loop

Check = Callable[[Probe, Say], Finding]
NO_CUDA = "torch finds no CUDA device here"
CUDA_ONLY = ("CPU against CUDA", "pack within the spread", "no syncs seen by CUDA")
TRAINING = Path(loop.__file__).parent


def checks(probe: Probe) -> dict[str, Check]:
    """What is checked on the probe's device, by name."""
    found: dict[str, Check] = {
        "first steps, float32": partial(agreement.first_steps, precision="float32"),
        "first steps, bf16": partial(agreement.first_steps, precision="bf16"),
        f"pack of {probe.members} against 1": agreement.pack,
    }
    if not probe.exact:
        found["pack within the spread"] = agreement.spread
    return found | {
        "resumed against whole": agreement.resumed,
        "no host reads, float32": partial(host_reads.host_reads, precision="float32"),
        "no host reads, bf16": partial(host_reads.host_reads, precision="bf16"),
        "memory by pack size": pack_memory.memory,
        "out of memory (simulated)": pack_memory.out_of_memory,
    }


def run_checks(probe: Probe, on_step: Callable[[int, int, str], None]) -> Iterator[Finding]:
    """Every check's finding as it comes; one that breaks fails alone.

    Args:
        on_step: told how many checks are done, of how many, and what is done now.
    """
    todo = checks(probe)
    warned: list[str] = []
    for number, (name, check) in enumerate(todo.items()):

        def say(text: str, number: int = number, name: str = name) -> None:
            on_step(number, len(todo), f"{name}: {text}")

        say("starts")
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", UserWarning)
            finding = _made(name, check, probe, say)
        own = (w for w in heard if Path(w.filename).is_relative_to(TRAINING))
        warned += [str(warning.message) for warning in own]
        yield finding
    yield _quiet(warned)
    if probe.device.type != "cuda" and not torch.cuda.is_available():
        for name in CUDA_ONLY:
            yield Finding(name, "not checkable", NO_CUDA)


def _made(name: str, check: Check, probe: Probe, say: Say) -> Finding:
    """What a check finds, or that it broke."""
    try:
        return check(probe, say)
    except CheckError as error:
        return Finding(name, "FAIL", str(error), advice="see that line; train nothing here")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = (str(error).splitlines() or [""])[0]
        found = f"{type(error).__name__} at {place.filename} line {place.lineno}: {text}"
        return Finding(name, "FAIL", found, advice="the check itself broke: please report it")


def _quiet(warned: list[str]) -> Finding:
    """Training that cannot have what it wants, such as a graph, warns and goes on without."""
    found = "; ".join(dict.fromkeys(warned)) or "none"
    return Finding(
        "no warnings of training",
        judged(not warned),
        found,
        "updates are made as they are meant to be",
        "the device is used, but not as fast as it could be: report this" if warned else "",
    )
