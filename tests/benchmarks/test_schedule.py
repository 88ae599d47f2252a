"""Learning rates of section V."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.config import Run
from benchmarks.training.schedule import learning_rate

PUBLISHED = {0: "0.1", 50: "0.03", 85: "0.009", 110: "0.0027", 120: "0.00081", 127: "0.000243"}


def test_published_rates_change_after_their_epochs() -> None:
    run, current = Run(seed=0), Decimal(0)
    for epoch in range(130):
        current = Decimal(PUBLISHED.get(epoch, current))
        assert learning_rate(run, epoch) == current, epoch
