"""The tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchmarks.throughput import summary
from benchmarks.throughput.summary import Round, Spread


def render(rounds: Sequence[Round], machine: dict[str, Any], images: str) -> Group:
    """Machine, speeds, ratios and the regulariser's cost."""
    return Group(
        Text("\n".join(_machine_lines(rounds, machine, images))),
        _speeds(rounds),
        _ratios(rounds),
        _regularizer(rounds),
        Text("Targets are promises for two CPU cores with AVX512-BF16."),
    )


def _machine_lines(rounds: Sequence[Round], machine: dict[str, Any], images: str) -> Iterator[str]:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    sets = " ".join(machine["instruction_sets"]) or "none of note"
    yield f"{machine['processor']}, cores: {machine['cores']} ({sets}), {machine['system']}"
    devices = {
        reply["device"]
        for each in rounds
        for sample in each.values()
        for reply in sample.replies
        if "device" in reply
    }
    yield from sorted(devices)
    yield f"Python {machine['python']}, {packages}; load at the start {machine['load_at_start']}"
    yield f"{images}; rounds: {len(rounds)}; spread: least to most over the rounds"


def _speeds(rounds: Sequence[Round]) -> Table:
    table = Table(title="Training, images/s", title_justify="left")
    table.add_column("contender")
    for heading in ("processes", "threads", "images/s", "spread", "peak MiB a process"):
        table.add_column(heading, justify="right")
    for who in summary.of_kind(rounds, "plain", "bare", "ours"):
        spread = summary.speed(rounds, who)
        threads = rounds[0][who].replies[0]["threads"]
        peak = f"{summary.peak_mib(rounds, who):,.0f}"
        if who.kind == "ours":
            met = summary.peak_mib(rounds, who) <= summary.MOST_PEAK_MIB
            peak += f" {_verdict(met)} ≤ {summary.MOST_PEAK_MIB:,.0f}"
        table.add_row(
            who.name,
            str(who.processes),
            str(threads),
            f"{spread.median:,.0f}",
            f"{min(spread.rounds):,.0f} – {max(spread.rounds):,.0f}",
            peak,
        )
    return table


def _ratios(rounds: Sequence[Round]) -> Table:
    table = Table(title="Ratios of images/s within a round", title_justify="left")
    table.add_column("ratio")
    for heading in ("median", "spread", "target"):
        table.add_column(heading, justify="right")
    for ratio in summary.ratios(rounds):
        median, target = ratio.spread.median, ratio.target
        table.add_row(
            f"{ratio.above.name} / {ratio.below.name}",
            f"{median:.3f}",
            _range(ratio.spread, ".3f"),
            "" if target is None else f"{_verdict(median >= target)} ≥ {target:g}",
        )
    return table


def _regularizer(rounds: Sequence[Round]) -> Table:
    table = Table(title="What LOCO-Reg costs", title_justify="left")
    table.add_column("quantity")
    for heading in ("median", "spread", "target"):
        table.add_column(heading, justify="right")
    for name in ("locality", "no decay", "torch.optim.SGD"):
        spread = Spread(tuple(1e3 * s for s in summary.update_seconds(rounds, name).rounds))
        table.add_row(f"update, {name}, ms", f"{spread.median:.2f}", _range(spread, ".2f"), "")
    for ours in summary.of_kind(rounds, "ours"):
        if ours.pack > 1:
            continue
        share = summary.regularizer_share(rounds, ours)
        met = share.median <= summary.MOST_REGULARIZER_SHARE
        table.add_row(
            f"locality − no decay, of a step of {ours.name}",
            f"{share.median:.2%}",
            _range(share, ".2%"),
            f"{_verdict(met)} ≤ {summary.MOST_REGULARIZER_SHARE:.0%}",
        )
    return table


def _range(spread: Spread, form: str) -> str:
    return f"{min(spread.rounds):{form}} – {max(spread.rounds):{form}}"


def _verdict(met: bool) -> str:
    return "✓" if met else "✗"
