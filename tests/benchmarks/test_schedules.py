"""Learning rates of section V."""

from __future__ import annotations

import itertools
from decimal import Decimal

from run_makers import changed, learning_rate, make_run

# ACNet's schedule (L-24).
E5 = make_run(
    seed=0,
    epochs=80,
    learning_rate="0.1",  # type: ignore[arg-type]
    lr_decay="0.1",  # type: ignore[arg-type]
    lr_milestones=(20, 40, 60),
)
PUBLISHED = {0: "0.1", 50: "0.03", 85: "0.009", 110: "0.0027", 120: "0.00081", 127: "0.000243"}


def test_published_rates_change_after_their_epochs() -> None:
    run, current = make_run(seed=0), Decimal(0)
    for epoch in range(130):
        current = Decimal(PUBLISHED.get(epoch, current))
        assert learning_rate(run, epoch) == current, epoch


def test_e5s_rates() -> None:
    rates = [learning_rate(E5, epoch) for epoch in range(80)]
    expected = ["0.1"] * 20 + ["0.01"] * 20 + ["0.001"] * 20 + ["0.0001"] * 20
    assert rates == [Decimal(rate) for rate in expected]


def test_the_step_matters_in_a_warm_up_alone() -> None:
    warm = changed(E5, warmup_epochs=5)
    for epoch in (0, 4, 5, 19, 20, 79):
        for step in (0, 1, 781):
            assert learning_rate(E5, epoch, step, 782) == learning_rate(E5, epoch)
            if epoch >= 5:
                assert learning_rate(warm, epoch, step, 782) == learning_rate(E5, epoch)


def test_a_warm_up_is_linear_from_zero() -> None:
    warm = changed(E5, warmup_epochs=5)
    rates = [learning_rate(warm, epoch, step, 782) for epoch in range(6) for step in range(782)]
    assert rates[0] == 0
    assert rates[5 * 782] == Decimal("0.1")
    slope = Decimal("0.1") / (5 * 782)
    for earlier, later in itertools.pairwise(rates[: 5 * 782 + 1]):
        assert abs(later - earlier - slope) < Decimal("1e-20")


def test_a_warm_up_multiplies_what_the_milestones_leave() -> None:
    run = changed(E5, warmup_epochs=4, lr_milestones=(2,))
    assert learning_rate(run, 1, 1, 2) == Decimal("0.1") * 3 / 8
    assert learning_rate(run, 3) == Decimal("0.01") * 3 / 4
