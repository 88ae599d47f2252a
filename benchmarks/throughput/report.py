"""From rounds of samples to medians, ratios and the regulariser's share of a step on this machine,
and the table that shows them on the terminal."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table

from benchmarks.throughput.contenders import BATCH, Contender, Sample

Round = dict[Contender, Sample]

# What the suite promises on two CPU cores with AVX512-BF16: (kind, reference, precision) → least
# ratio, most share of a step, most MiB of a process.
LEAST_RATIO = {
    ("ours", "plain", "float32"): 1.3,
    ("ours", "bare", "float32"): 0.97,
    ("ours", "plain", "bf16"): 2.0,
}
MOST_REGULARIZER_SHARE = 0.02
MOST_PEAK_MIB = 1.5e9 / 2**20

# Instruction sets that decide how fast convolutions are, as Linux names them.
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")


def describe() -> dict[str, Any]:
    """Processor, cores that this process may use, instruction sets, memory (GiB), system, packages,
    and load at the start."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text() if cpu.exists() else ""
    names = dict(re.findall(r"^(model name|flags|Features)\s*:\s*(.*)$", text, re.MULTILINE))
    flags = (names.get("flags") or names.get("Features") or "").split()
    affinity = hasattr(os, "sched_getaffinity")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": names.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1,
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("torch", "torchvision", "numpy")},
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def summarize(
    rounds: Sequence[Round], machine: dict[str, Any], settings: dict[str, Any]
) -> dict[str, Any]:
    """Everything measured, JSON-ready, with the rounds and each process's own answer."""
    return {
        "schema": 1,
        "machine": machine,
        "settings": settings,
        "contenders": {
            who.name: {
                "processes": who.processes,
                "pack": who.pack,
                "images_per_second": spread(each[who].images_per_second for each in rounds),
                "peak_mib": max(each[who].peak_mib for each in rounds),
                "replies": [list(each[who].replies) for each in rounds],
            }
            for who in rounds[0]
        },
        "ratios": list(_ratios(rounds)),
        "regularizer": _regularizer(rounds),
    }


def spread(values: Iterable[float]) -> dict[str, Any]:
    """Median, least, most, and each round's."""
    rounds = list(values)
    extremes = {"min": min(rounds), "max": max(rounds)}
    return {"median": statistics.median(rounds), **extremes, "rounds": rounds}


def _ratios(rounds: Sequence[Round]) -> Iterator[dict[str, Any]]:
    """Images/s of each of ours over plain, over bare, and of bare over plain, within rounds."""
    plain = next(who for who in rounds[0] if who.kind == "plain")
    for ours in (who for who in rounds[0] if who.kind == "ours"):
        bare = replace(ours, kind="bare")
        for above, below in ((ours, plain), (ours, bare), (bare, plain)):
            least = LEAST_RATIO.get((above.kind, below.kind, above.precision))
            yield {
                "above": above.name,
                "below": below.name,
                "least": least if above.pack == 1 else None,
                **spread(
                    each[above].images_per_second / each[below].images_per_second for each in rounds
                ),
            }


def _regularizer(rounds: Sequence[Round]) -> dict[str, Any]:
    """Seconds of each update, and what the decay's coefficients add to one as a share of a step.

    A step lasts processes · batch / (images/s); the addition is the update with LOCO-Reg minus the
    update without any decay, both timed in the same round.
    """
    timed = next(who for who in rounds[0] if who.kind == "update")

    def seconds(each: Round, name: str) -> float:
        return statistics.mean(reply["update_seconds"][name] for reply in each[timed].replies)

    def share(each: Round, ours: Contender) -> float:
        added = seconds(each, "locality") - seconds(each, "no decay")
        return added / (ours.processes * BATCH / each[ours].images_per_second)

    names = sorted(rounds[0][timed].replies[0]["update_seconds"])
    return {
        "update_seconds": {name: spread(seconds(each, name) for each in rounds) for name in names},
        "share_of_step": {
            ours.name: spread(share(each, ours) for each in rounds)
            for ours in rounds[0]
            if ours.kind == "ours" and ours.pack == 1
        },
        "most": MOST_REGULARIZER_SHARE,
    }


def render(found: dict[str, Any]) -> Group:
    """What :func:`summarize` returns: machine, speeds, ratios and the regulariser's cost."""
    table = Table("", *("median", "least to most of the rounds", "target"))
    for column in table.columns[1:]:
        column.justify = "right"

    def add(name: str, spread: dict[str, Any], form: str, met: bool | None, target: str) -> None:
        median, least, most = (format(spread[key], form) for key in ("median", "min", "max"))
        mark = "" if met is None else f"{'✓' if met else '✗'} {target}"
        table.add_row(name, median, f"{least} – {most}", mark)

    for name, who in found["contenders"].items():
        if not name.startswith("update"):
            threads, peak = who["replies"][0][0]["threads"], who["peak_mib"]
            met = peak <= MOST_PEAK_MIB if name.startswith("ours") else None
            text = f"{name}, images/s ({who['processes']} × {threads} threads, {peak:,.0f} MiB)"
            add(text, who["images_per_second"], ",.0f", met, f"≤ {MOST_PEAK_MIB:,.0f} MiB")
    table.add_section()
    for ratio in found["ratios"]:
        least = ratio["least"]
        met = None if least is None else ratio["median"] >= least
        add(f"{ratio['above']} / {ratio['below']}", ratio, ".3f", met, f"≥ {least}")
    table.add_section()
    for name, took in found["regularizer"]["update_seconds"].items():
        add(f"update, {name}, s", took, ".5f", None, "")
    for name, share in found["regularizer"]["share_of_step"].items():
        most = found["regularizer"]["most"]
        text = f"LOCO-Reg: locality − no decay, of a step of {name}"
        add(text, share, ".2%", share["median"] <= most, f"≤ {most:.0%}")
    promise = "Targets are promises for two CPU cores with AVX512-BF16. MiB: a process's peak."
    return Group(*machine_lines(found), table, promise)


def machine_lines(found: dict[str, Any]) -> Iterator[str]:
    """Processor, device, packages and images, a line each."""
    machine, field = found["machine"], found["contenders"].values()
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    sets = " ".join(machine["instruction_sets"]) or "none of note"
    replies = [reply for who in field for each in who["replies"] for reply in each]
    rounds = len(next(iter(field))["replies"])
    yield f"{machine['processor']}, cores: {machine['cores']} ({sets}), {machine['system']}"
    yield from sorted({reply["device"] for reply in replies if "device" in reply})
    yield f"Python {machine['python']}, {packages}; load at the start {machine['load_at_start']}"
    yield f"{found['settings']['images']}; rounds: {rounds}"
