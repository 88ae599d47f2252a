"""May bf16 become the default? Its equivalence test against float32.

Both precisions train the plain cell of the default paper's reference table with the same seeds;
bf16 counts as equivalent once 15 + 15 full runs put the Hodges–Lehmann shift's 90 % interval within
±0.1 accuracy points, which is the two one-sided tests procedure at level 0.05.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.commands.table import DONE, INCOMPLETE, Launch, launch_missing
from reproduce.store.schema import headline

if TYPE_CHECKING:
    import numpy as np

    from reproduce.catalogue.selection import Selection
    from reproduce.store.schema import Record

MARGIN_POINTS = 0.1
CONFIDENCE = 0.90
PRECISIONS = ("bf16", "float32")
RUNS_NEEDED = 15


def compare_precisions(
    selection: Selection, launch: Launch, *, report_only: bool, as_json: bool
) -> int:
    """Train what is missing of both precisions and judge; 0 when both are complete, else 3.

    Raises:
        UserError: where cells or a precision were chosen, since both are this command's own.
    """
    if selection.cells != selection.table.cells or "precision" in selection.chosen:
        raise UserError(
            "`reproduce precision` trains the plain cell at both precisions: leave out --only and "
            "--precision"
        )
    plain = tuple(cell for cell in selection.table.cells if cell.kind == "plain")
    sides = {
        precision: dataclasses.replace(
            selection, cells=plain, overrides={**selection.overrides, "precision": precision}
        )
        for precision in PRECISIONS
    }
    if not report_only:
        for side in sides.values():
            if launch_missing(side, launch).interrupted:
                return INCOMPLETE
    accuracies = {precision: _accuracies(side) for precision, side in sides.items()}
    outcome = judge(accuracies["bf16"], accuracies["float32"])
    outcome["form"] = selection.table.form
    print(json.dumps(outcome, indent=1) if as_json else _text(outcome))
    complete = all(len(values) == len(selection.seeds) for values in accuracies.values())
    return DONE if complete else INCOMPLETE


def judge(bf16: np.ndarray, float32: np.ndarray) -> dict:
    """Shift bf16 − float32 in accuracy points with its 90 % interval, and what follows.

    Args:
        bf16, float32: accuracies in [0, 1], float64, shapes (n,) and (m,).
    """
    from analysis.statistics.shift import hodges_lehmann

    outcome: dict = {
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


def _accuracies(side: Selection) -> np.ndarray:
    import numpy as np

    found = side.store.records.collect([p.run.hash for p in side.planned])
    return np.array([_accuracy(record) for record in found.values()])


def _accuracy(record: Record) -> float:
    """Of the last epoch; a diverged run ranks below every other under every shift."""
    correct, total = headline(record)
    return -math.inf if record["result"]["diverged"] else correct / total


def _text(outcome: dict) -> str:
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
