"""Whether a cell's median is the published one: the verdict on its level.

Values are those of a :class:`analysis.verdicts.measure.Measure`, infinite for runs that diverged;
margins are as they are committed: "0.5" is 0.005 of a share, or 0.5 % where they are relative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.median import median_interval
from analysis.statistics.rank_sum import sample
from analysis.verdicts import wording
from analysis.verdicts.measure import ACCURACY, Measure
from analysis.verdicts.wording import Level, Verdict

SEEDS_NEEDED = 6
"""Fewer leave no 95 % interval of the median."""


@dataclass(frozen=True)
class LevelVerdict:
    """Whether a cell's median reproduces the published one, and one clause on what decided."""

    verdict: Level
    difference: float  # reproduced median minus published value; NaN where there are no seeds
    low: float  # the difference's interval; NaN where there are too few seeds
    high: float
    # the smallest margin that would pass, rounded up to 0.0001; NaN where there is no interval,
    # infinite where the median falls on diverged runs
    smallest_delta: float
    n: int
    reason: str


def level_verdict(
    values: ArrayLike,
    published: str,
    delta: Decimal,
    *,
    measure: Measure = ACCURACY,
    digits: int = 0,
) -> LevelVerdict:
    """Compare the median of a cell's seeds with the published median, within ± ``delta``.

    The interval of the difference D = med − published runs from D − √2·(med − X(k)) − u to
    D + √2·(X(n+1−k) − med) + u, with X(k) … X(n+1−k) the 95 % interval of our median (k = 4 for 15
    seeds). The published median varies as well, but its seeds are unknown: it is lent our spread,
    whence √2. u is half of the last printed digit, which is that of the number's column, since
    trailing zeros are dropped in print. Reproduced needs the whole interval within ±
    delta, not reproduced the whole interval outside; so a wide interval is never a success. Where
    the true difference is just delta, simulated tables get either verdict in about 3 % of cases.

    Args:
        published: the printed text, in percent where the measure is printed so.
        delta: in the measure's unit of margins.
        digits: decimals that the number's column prints at most.

    Raises:
        ValueError: where the text is no number, the margin is negative, or a value is NaN.
    """
    printed, half_digit = _printed(published, measure.scale, digits)
    if not Decimal(delta).is_finite() or delta < 0:
        raise ValueError(f"margin {delta} is not a number from 0")
    verdict: Level
    runs, nan = np.asarray(values, dtype=np.float64), math.nan
    n = len(runs)
    if n == 0:
        return LevelVerdict(Verdict.MISSING, nan, nan, nan, nan, 0, wording.NO_SEEDS)
    ordered = np.sort(sample(runs, "values"))
    # In decimals, as margins and printed numbers are.
    median = (_decimal(ordered[(n - 1) // 2]) + _decimal(ordered[n // 2])) / 2
    difference, diverged = median - printed, int(np.isinf(runs).sum())
    far, tail = float(difference), wording.some_diverged(diverged, n)
    if n < SEEDS_NEEDED:
        reason = wording.too_few_seeds(n, SEEDS_NEEDED)
        return LevelVerdict(Verdict.INCONCLUSIVE, far, nan, nan, nan, n, reason)
    if not median.is_finite():
        reason = wording.DIVERGED_MEDIAN + tail
        return LevelVerdict(Verdict.NOT_REPRODUCED, far, nan, nan, math.inf, n, reason)
    interval, root = median_interval(runs), Decimal(2).sqrt()
    low = difference - root * (median - _decimal(interval.low)) - half_digit
    high = difference + root * (_decimal(interval.high) - median) + half_digit
    margin = measure.margin(Decimal(delta), printed)
    verdict, reason = Verdict.INCONCLUSIVE, wording.ACROSS_MARGIN
    if -margin <= low and high <= margin:
        verdict, reason = Verdict.REPRODUCED, wording.WITHIN_MARGIN
    elif low > margin or high < -margin:
        verdict, reason = Verdict.NOT_REPRODUCED, wording.OUTSIDE_MARGIN
    smallest = measure.delta(max(abs(low), abs(high)), printed)
    if smallest.is_finite():
        smallest = smallest.quantize(Decimal("0.0001"), ROUND_CEILING)
    ends = (float(low), float(high), float(smallest))
    return LevelVerdict(verdict, far, *ends, n, reason + tail)


def decimals(published: str) -> int:
    """How many decimals a printed number has."""
    exponent = Decimal(published.strip()).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _printed(published: str, scale: int, digits: int) -> tuple[Decimal, Decimal]:
    """The printed value in the measure's unit, and half of its last digit."""
    try:
        value = Decimal(published.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"published value {published!r} is not a number")
    return value / scale, Decimal(5).scaleb(min(exponent, -digits or exponent) - 1) / scale


def _decimal(value: float) -> Decimal:
    """The shortest decimal that is this float: 0.879, not 0.87899999999999999800."""
    return Decimal(repr(float(value)))
