"""From rounds of samples to medians, ratios and the regulariser's share of a step, and the tables
that show them on the terminal."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

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
                "images_per_second": _spread(each[who].images_per_second for each in rounds),
                "peak_mib": max(each[who].peak_mib for each in rounds),
                "replies": [list(each[who].replies) for each in rounds],
            }
            for who in rounds[0]
        },
        "ratios": list(_ratios(rounds)),
        "regularizer": _regularizer(rounds),
    }


def _spread(values: Iterable[float]) -> dict[str, Any]:
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
                **_spread(
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
        "update_seconds": {name: _spread(seconds(each, name) for each in rounds) for name in names},
        "share_of_step": {
            ours.name: _spread(share(each, ours) for each in rounds)
            for ours in rounds[0]
            if ours.kind == "ours" and ours.pack == 1
        },
        "most": MOST_REGULARIZER_SHARE,
    }


def render(found: dict[str, Any]) -> Group:
    """What :func:`summarize` returns: machine, speeds, ratios and the regulariser's cost."""
    speeds = _table(
        "Training, images/s",
        *("contender", "processes", "threads", "images/s", "spread", "peak MiB a process"),
    )
    for name, who in found["contenders"].items():
        kind, peak = name.split()[0], f"{who['peak_mib']:,.0f}"
        if kind == "ours":
            peak += f" {_mark(who['peak_mib'] <= MOST_PEAK_MIB)} ≤ {MOST_PEAK_MIB:,.0f}"
        if kind != "update":
            numbers = str(who["processes"]), str(who["replies"][0][0]["threads"])
            speeds.add_row(name, *numbers, *_shown(who["images_per_second"], ",.0f"), peak)
    ratios = _table("Ratios of images/s within a round", "ratio", "median", "spread", "target")
    for ratio in found["ratios"]:
        least = ratio["least"]
        target = "" if least is None else f"{_mark(ratio['median'] >= least)} ≥ {least:g}"
        ratios.add_row(f"{ratio['above']} / {ratio['below']}", *_shown(ratio, ".3f"), target)
    costs = _table("What LOCO-Reg costs", "quantity", "median", "spread", "target")
    for name, seconds in found["regularizer"]["update_seconds"].items():
        costs.add_row(f"update, {name}, ms", *_shown(seconds, ".2f", 1e3), "")
    for name, share in found["regularizer"]["share_of_step"].items():
        most = found["regularizer"]["most"]
        target = f"{_mark(share['median'] <= most)} ≤ {most:.0%}"
        costs.add_row(f"locality − no decay, of a step of {name}", *_shown(share, ".2%"), target)
    promise = Text("Targets are promises for two CPU cores with AVX512-BF16.")
    return Group(Text("\n".join(_machine_lines(found))), speeds, ratios, costs, promise)


def _machine_lines(found: dict[str, Any]) -> Iterator[str]:
    machine, field = found["machine"], found["contenders"].values()
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    sets = " ".join(machine["instruction_sets"]) or "none of note"
    replies = [reply for who in field for each in who["replies"] for reply in each]
    rounds = len(next(iter(field))["replies"])
    yield f"{machine['processor']}, cores: {machine['cores']} ({sets}), {machine['system']}"
    yield from sorted({reply["device"] for reply in replies if "device" in reply})
    yield f"Python {machine['python']}, {packages}; load at the start {machine['load_at_start']}"
    yield f"{found['settings']['images']}; rounds: {rounds}; spread: least to most over the rounds"


def _table(title: str, first: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _shown(spread: dict[str, Any], form: str, scale: float = 1.0) -> tuple[str, str]:
    median, least, most = (f"{scale * spread[name]:{form}}" for name in ("median", "min", "max"))
    return median, f"{least} – {most}"


def _mark(met: bool) -> str:
    return "✓" if met else "✗"
