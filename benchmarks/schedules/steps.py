"""Learning rate of an update."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.run import Run


def learning_rate(run: Run, epoch: int, step: int = 0, steps: int = 1) -> Decimal:
    """Learning rate of update ``step`` of ``steps`` in epoch ``epoch`` (both 0-based).

    It is multiplied after each milestone (L-30): 50 means that epochs 0 to 49 use the rate before
    it. During ``warmup_epochs`` it grows by equal steps, from 0 at the first update of all (L-24).
    """
    passed = sum(epoch >= milestone for milestone in run.lr_milestones)
    rate = run.learning_rate * run.lr_decay**passed
    if epoch < run.warmup_epochs:
        return rate * (epoch * steps + step) / (run.warmup_epochs * steps)
    return rate
