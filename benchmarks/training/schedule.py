"""Learning rate of an epoch."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.config import Run


def learning_rate(run: Run, epoch: int) -> Decimal:
    """Exact learning rate of epoch ``epoch`` (0-based): multiplied after each milestone (L-30).

    A milestone of 50 means that epochs 0 to 49 use the rate before it.
    """
    passed = sum(epoch >= milestone for milestone in run.lr_milestones)
    return run.learning_rate * run.lr_decay**passed
