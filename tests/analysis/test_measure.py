"""How values and differences of each measure read, and which of two is better."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from analysis.statistics.power import detectable_shift
from analysis.verdicts.measure import (
    ACCURACY,
    GAP,
    MEASURES,
    NON_ZERO,
    PARAMETERS,
    TRAINING_LOSS,
    Remainder,
)

PERCENT = replace(ACCURACY, percent=True)
ERROR = Remainder("error", "error", percent=True, of=(ACCURACY.name,), lower_is_better=True)


@pytest.mark.parametrize(
    ("measure", "measurement", "text"),
    [
        (ACCURACY, {"count": 8_812, "of": 10_000}, ".8812"),
        (PERCENT, {"count": 8_618, "of": 10_000}, "86.18"),
        (ACCURACY, {"count": 7, "of": 7}, "1.0000"),
        (PARAMETERS, 555_050, "555,050"),
        (TRAINING_LOSS, 0.06251, "0.0625"),
        (ERROR, {"count": 590, "of": 1_000}, "41.00"),
    ],
)
def test_a_measurement_reads_as_papers_print_it(measure, measurement, text):
    assert measure.text(measure.value(measurement)) == text


def test_what_is_no_number_is_named():
    with pytest.raises(ValueError, match="parameters is no number"):
        PARAMETERS.value([1, 2])
    assert ACCURACY.text(None) == "–"
    assert ACCURACY.text(ACCURACY.worst) == TRAINING_LOSS.text(TRAINING_LOSS.worst) == "diverged"


@pytest.mark.parametrize(
    ("measure", "difference", "text"),
    [
        (ACCURACY, 0.0012, "+0.12"),
        (ACCURACY, -0.00001, "0.00"),
        (PARAMETERS, -1_234.0, "−1,234"),
        (TRAINING_LOSS, 0.5, "+0.5000"),
        (ACCURACY, -math.inf, "−∞"),
        (ACCURACY, math.nan, "–"),
    ],
)
def test_a_difference_has_its_sign_and_unit(measure, difference, text):
    assert measure.difference(difference) == text


def test_smaller_is_better_where_it_is_declared():
    assert ACCURACY.best([0.8, 0.9], float) == 0.9
    assert PARAMETERS.best([10, 20], float) == 10
    for measure in MEASURES.values():
        assert measure.best([measure.worst, 0.5], float) == 0.5


def test_margins_are_in_points_percent_or_the_unit():
    printed = Decimal(200)
    assert ACCURACY.margin(Decimal("0.5"), printed) == Decimal("0.005")
    assert NON_ZERO.margin(Decimal(1), printed) == 2
    assert TRAINING_LOSS.margin(Decimal("0.1"), printed) == Decimal("0.1")
    for measure in (ACCURACY, NON_ZERO, TRAINING_LOSS):
        assert measure.delta(measure.margin(Decimal(3), printed), printed) == 3


def test_what_the_runs_could_have_seen():
    """For 15 and 15 runs of deviation 1: 2.8016·√(2/15)·√(π/3)."""
    spread = [(-1) ** k * math.sqrt(14 / 15) for k in range(14)] + [0.0]
    scaled = [value * math.sqrt(14 / (14 * 14 / 15)) for value in spread]
    assert detectable_shift(scaled, scaled) == pytest.approx(
        2.8015852 * math.sqrt(2 / 15 * math.pi / 3)
    )
    assert math.isnan(detectable_shift([1.0], [1.0, 2.0]))
    lost = detectable_shift([*scaled, -math.inf], scaled)
    assert lost == pytest.approx(detectable_shift(scaled, scaled))


def test_a_measure_may_be_a_difference_or_one_number_of_a_list():
    run = {
        "training accuracy": {"count": 9, "of": 10},
        "test accuracy": {"count": 75, "of": 100},
        "weights": [5, 7, 11],
    }
    assert GAP.made_of(run) == pytest.approx(0.15)
    assert GAP.is_difference
    second = replace(PARAMETERS, name="second layer", of=("weights",), item=1)
    assert second.made_of(run) == 7
    assert ACCURACY.made_of(run) == 0.75
    assert not math.isfinite(GAP.made_of({**run, "training accuracy": None}))
    with pytest.raises(KeyError):
        GAP.made_of({"test accuracy": 1})
