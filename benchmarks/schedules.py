"""Learning rates."""

from __future__ import annotations

import math
from decimal import Decimal

from benchmarks.parts import NotNegative, Part, Positive, Whole


class Schedule(Part, frozen=True):
    """A learning rate, grown by equal steps during ``warmup_epochs``, from 0 at the first update
    of all."""

    learning_rate: Positive = Decimal("0.1")
    warmup_epochs: Whole = 0

    def full_rate(self, epoch: int, step: int, steps: int, epochs: int) -> Decimal:
        """The rate without warm-up of update ``step`` of ``steps`` in epoch ``epoch`` of
        ``epochs``, all 0-based."""
        raise NotImplementedError

    def rate(self, epoch: int, step: int = 0, steps: int = 1, *, epochs: int = 1) -> Decimal:
        """Learning rate of update ``step`` of ``steps`` in epoch ``epoch`` of ``epochs``."""
        rate = self.full_rate(epoch, step, steps, epochs)
        if epoch < self.warmup_epochs:
            return rate * (epoch * steps + step) / (self.warmup_epochs * steps)
        return rate


class Steps(Schedule, tag="steps", frozen=True):
    """The rate is multiplied by ``decay`` after each milestone, not lowered by that share of it: 50
    means that epochs 0 to 49 use the rate before it."""

    decay: Positive = Decimal("0.1")
    milestones: tuple[Whole, ...] = ()

    def full_rate(self, epoch: int, step: int, steps: int, epochs: int) -> Decimal:
        passed = sum(epoch >= milestone for milestone in self.milestones)
        return self.learning_rate * self.decay**passed


class Cosine(Schedule, tag="cosine", frozen=True):
    """From ``learning_rate`` at the first update towards ``minimum`` after the last.

    The rate of update t of T is m + (r − m)(1 + cos πt/T)/2 (Loshchilov and Hutter, "SGDR", ICLR
    2017, eq. 5, without restarts), changed at every update.
    """

    minimum: NotNegative = Decimal(0)

    def full_rate(self, epoch: int, step: int, steps: int, epochs: int) -> Decimal:
        passed = (epoch * steps + step) / (epochs * steps)
        share = Decimal((1 + math.cos(math.pi * passed)) / 2)
        return self.minimum + (self.learning_rate - self.minimum) * share
