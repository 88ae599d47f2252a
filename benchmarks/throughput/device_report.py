"""From rounds on one device to speeds, shares of its peak and ratios, and the table of them.

Training an image takes 6 FLOP a multiply-add of the network, counted from the network as built: a
product and a sum in the forward pass, and as much again for the gradients of the activations and of
the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from benchmarks.throughput.contenders import Contender
from benchmarks.throughput.report import Round, machine_lines, spread

FLOP_A_MULTIPLY_ADD = 6
# What the suite wants of a GPU: packs of so many and more in bf16 at this share of the measured
# peak, and so many times as fast as compiled runs one after another.
BAR_PACK, BAR_SHARE, BAR_RATIO = 15, 0.36, 3.0


def network_multiply_adds() -> int:
    """Multiply-adds of one image in the network that all contenders train."""
    from benchmarks.models import VGG10
    from benchmarks.models.describe import multiply_adds

    return multiply_adds(VGG10().network(10), 32)


def summarize(
    rounds: Sequence[Round],
    failures: dict[str, str],
    machine: dict[str, Any],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Everything measured, JSON-ready, with the rounds and each process's own answer.

    Args:
        failures: of contenders that did not last, by name; they are in no summary.
    """
    counted = network_multiply_adds()
    flop = FLOP_A_MULTIPLY_ADD * counted
    field = [who for who in rounds[0] if all(who in each for each in rounds)]
    peak = next((who for who in field if who.kind == "peak"), None)

    def of(who: Contender) -> dict[str, Any]:
        rates = [each[who].images_per_second for each in rounds]
        replies = [reply for each in rounds for reply in each[who].replies]
        found = {
            "kind": who.kind,
            "way": who.way,
            "precision": who.precision,
            "pack": who.pack,
            "images_per_second": spread(rates),
            "tflop_per_second": spread(rate * flop / 1e12 for rate in rates),
            "peak_mib": max(each[who].peak_mib for each in rounds),
            "device_mib": max(reply.get("peak_device", 0) for reply in replies) / 2**20,
            "replies": [list(each[who].replies) for each in rounds],
        }
        if peak:
            peaks = [each[peak].images_per_second for each in rounds]
            pairs = zip(rates, peaks, strict=True)
            found["share_of_peak"] = spread(rate * flop / most for rate, most in pairs)
        return found

    trained = [who for who in field if who.kind != "peak"]
    return {
        "schema": 2,
        "machine": machine,
        "settings": settings,
        "multiply_adds": counted,
        "peak_tflop_per_second": peak
        and spread(each[peak].images_per_second / 1e12 for each in rounds),
        "contenders": {who.name: of(who) for who in trained},
        "ratios": list(_ratios(rounds, trained)),
        "failures": failures,
    }


def _ratios(rounds: Sequence[Round], field: Sequence[Contender]) -> Iterator[dict[str, Any]]:
    """Images/s of each of ours over each compiled one of its precision, within rounds."""
    for below in (who for who in field if who.kind == "compiled"):
        for above in (who for who in field if who.kind != "compiled"):
            if above.precision == below.precision:
                rates = [
                    each[above].images_per_second / each[below].images_per_second for each in rounds
                ]
                yield {"above": above.name, "below": below.name, **spread(rates)}


def render(found: dict[str, Any]) -> Group:
    """What :func:`summarize` returns: speeds, shares of the peak, ratios, and what failed."""
    table = Table("", "images/s", "rounds", "TFLOP/s", "of peak", "× compiled", "MiB")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, who in found["contenders"].items():
        rate, share = who["images_per_second"], who.get("share_of_peak")
        times = [r["median"] for r in found["ratios"] if r["above"] == name]
        table.add_row(
            name,
            f"{rate['median']:,.0f}",
            f"{rate['min']:,.0f} – {rate['max']:,.0f}",
            f"{who['tflop_per_second']['median']:,.3g}",
            f"{share['median']:.1%}" if share else "–",
            f"{min(times):.2f}" if times else "–",
            f"{who['device_mib'] or who['peak_mib']:,.0f}",
        )
    return Group(*machine_lines(found), table, *_below(found))


def _below(found: dict[str, Any]) -> Iterator[str]:
    peak = found["peak_tflop_per_second"]
    if peak:
        yield f"bf16 matrix peak, measured in the same rounds: {peak['median']:,.4g} TFLOP/s"
    yield (
        f"{found['multiply_adds'] / 1e6:.1f} million multiply-adds an image, "
        f"{FLOP_A_MULTIPLY_ADD} FLOP each to train; MiB: the device's, or of a CPU's process"
    )
    if found["settings"]["device"] == "cuda":
        yield from _bar(found)
    for name, message in found["failures"].items():
        yield f"{name} is left out: {message}"


def _bar(found: dict[str, Any]) -> Iterator[str]:
    """Whether the best of ours meets what is wanted."""
    ours = {
        name: who
        for name, who in found["contenders"].items()
        if who["kind"] == "ours" and who["pack"] >= BAR_PACK and who["precision"] == "bf16"
    }
    if not ours:
        yield f"the bar is for packs of {BAR_PACK} and more in bf16: none was measured"
        return
    best = max(ours, key=lambda name: ours[name]["images_per_second"]["median"])
    share = ours[best].get("share_of_peak", {}).get("median")
    times = min((r["median"] for r in found["ratios"] if r["above"] == best), default=None)
    for value, least, text, form in (
        (share, BAR_SHARE, "of the bf16 matrix peak", ".1%"),
        (times, BAR_RATIO, "× the fastest compiled run", ".2f"),
    ):
        mark = "?" if value is None else "✓" if value >= least else "✗"
        reached = "not measured" if value is None else format(value, form)
        yield f"{mark} {best}: {reached} {text}, wanted {format(least, form)}"
