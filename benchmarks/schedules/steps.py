"""A learning rate that falls at milestones."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.parts import Positive, Whole
from benchmarks.schedules.schedule import Schedule


class Steps(Schedule, tag="steps", frozen=True):
    """The rate is multiplied by ``decay`` after each milestone (L-30): 50 means that epochs 0 to 49
    use the rate before it."""

    decay: Positive = Decimal("0.1")
    milestones: tuple[Whole, ...] = ()

    def full_rate(self, epoch: int, step: int, steps: int, epochs: int) -> Decimal:
        """See :meth:`Schedule.full_rate`."""
        passed = sum(epoch >= milestone for milestone in self.milestones)
        return self.learning_rate * self.decay**passed
