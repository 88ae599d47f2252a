"""May bf16 become the default? Its equivalence test against float32.

Both precisions train the plain cell of the default paper's reference table with the same seeds;
bf16 counts as equivalent once 15 + 15 full runs put the Hodges–Lehmann shift's 90 % interval within
±0.1 accuracy points, which is the two one-sided tests procedure at level 0.05.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.papers import reference
from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DONE, INCOMPLETE

MARGIN_POINTS = 0.1
CONFIDENCE = 0.90
PRECISIONS = ("bf16", "float32")
RUNS_NEEDED = 15


def precision(
    chosen: opt.Selecting,
    workers: opt.Workers = None,
    device: opt.Device = "auto",
    pack: opt.Pack = None,
    data: opt.Data = None,
    report_only: Annotated[
        bool, typer.Option("--report", help="Judge the records that are there; train nothing.")
    ] = False,
    yes: opt.Yes = False,
    as_json: opt.Json = False,
) -> int:
    """Compare bf16 with float32 on a plain cell: may bf16 become the default?"""
    from reproduce.commands.table import launch_missing
    from reproduce.store.schema import headline

    launch = opt.Launch(
        workers=workers, device=device, pack=pack, data=data, yes=yes, as_json=as_json
    )
    selection = chosen.of(reference())
    if selection.cells != selection.table.cells or "precision" in selection.chosen:
        raise UserError(
            "`reproduce precision` trains the plain cell at both precisions: leave out --only and "
            "--precision"
        )
    plain = tuple(cell for cell in selection.table.cells if cell.kind == "plain")
    sides = {
        name: dataclasses.replace(
            selection, cells=plain, overrides={**selection.overrides, "precision": name}
        )
        for name in PRECISIONS
    }
    if not report_only:
        for side in sides.values():
            if launch_missing(side, launch).interrupted:
                return INCOMPLETE
    accuracies: dict[str, list[float]] = {}
    for name, side in sides.items():
        found = side.records().values()
        # Of the last epoch; a diverged run ranks below every other under every shift.
        accuracies[name] = [
            -math.inf if record["result"]["diverged"] else correct / total
            for record in found
            for correct, total in [headline(record)]
        ]
    outcome = judge(accuracies["bf16"], accuracies["float32"])
    outcome["form"] = selection.table.form
    print(json.dumps(outcome, indent=1) if as_json else _text(outcome))
    complete = all(len(values) == len(selection.seeds) for values in accuracies.values())
    return DONE if complete else INCOMPLETE


def judge(bf16: Sequence[float], float32: Sequence[float]) -> dict[str, Any]:
    """Shift bf16 − float32 in accuracy points with its 90 % interval, and what follows.

    Args:
        bf16, float32: accuracies in [0, 1], or −inf.
    """
    from analysis.statistics.shift import hodges_lehmann

    outcome: dict[str, Any] = {
        "n": {"bf16": len(bf16), "float32": len(float32)},
        "margin_points": MARGIN_POINTS,
        "confidence": CONFIDENCE,
        "equivalent": None,
    }
    if len(bf16) and len(float32):
        shift = hodges_lehmann(bf16, float32, confidence=CONFIDENCE)
        low, high = 100 * shift.low, 100 * shift.high
        outcome.update(shift_points=100 * shift.estimate, interval_points=[low, high])
        if min(len(bf16), len(float32)) >= RUNS_NEEDED:
            outcome["equivalent"] = low >= -MARGIN_POINTS and high <= MARGIN_POINTS
    return outcome


def _text(outcome: dict[str, Any]) -> str:
    n = outcome["n"]
    lines = [f"bf16: {n['bf16']} runs, float32: {n['float32']} runs"]
    if outcome["form"] == "quick":
        lines.append("QUICK: says nothing about the full protocol")
    if "shift_points" in outcome:
        low, high = outcome["interval_points"]
        lines.append(
            f"bf16 − float32: {outcome['shift_points']:+.3f} points, "
            f"90 % interval {low:+.3f} to {high:+.3f} (margin ±{MARGIN_POINTS})"
        )
    verdict = {
        True: "equivalent: bf16 may become the default",
        False: "not shown to be equivalent: float32 stays the default",
        None: f"undecided below {RUNS_NEEDED} + {RUNS_NEEDED} runs: float32 stays the default",
    }
    return "\n".join([*lines, verdict[outcome["equivalent"]]])
