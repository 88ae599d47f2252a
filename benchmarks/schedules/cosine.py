"""A learning rate that falls along half a cosine."""

from __future__ import annotations

import math
from decimal import Decimal

from benchmarks.parts import NotNegative
from benchmarks.schedules.schedule import Schedule


class Cosine(Schedule, tag="cosine", frozen=True):
    """From ``learning_rate`` at the first update towards ``minimum`` after the last.

    The rate of update t of T is m + (r − m)(1 + cos πt/T)/2 (Loshchilov and Hutter, "SGDR", ICLR
    2017, eq. 5, without restarts), changed at every update.
    """

    minimum: NotNegative = Decimal(0)

    def full_rate(self, epoch: int, step: int, steps: int, epochs: int) -> Decimal:
        """See :meth:`Schedule.full_rate`."""
        passed = (epoch * steps + step) / (epochs * steps)
        share = Decimal((1 + math.cos(math.pi * passed)) / 2)
        return self.minimum + (self.learning_rate - self.minimum) * share
