"""What every learning-rate rule has."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.parts import Part, Positive, Whole


class Schedule(Part, frozen=True):
    """A learning rate, grown by equal steps during ``warmup_epochs``, from 0 at the first update
    of all (L-24)."""

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
