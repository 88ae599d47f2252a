"""Verdicts on a cell's level and on a comparison's effect, and how its stars agree.

Values are those of a :class:`analysis.verdicts.measure.Measure`, infinite for runs that diverged;
margins are as they are committed: "0.5" is 0.005 of a share, or 0.5 % where they are relative.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimates import median_interval
from analysis.statistics.rank_sum import (
    Alternative,
    Method,
    doubled_midranks,
    p_value_of_ranks,
    rank_sum_test,
    sample,
)
from analysis.statistics.shift import Shift, hodges_lehmann
from analysis.statistics.stars import STARS, stars
from analysis.verdicts.measure import ACCURACY, Measure

SEEDS_NEEDED = 6
"""Fewer leave no 95 % interval of the median."""

Level = Literal["reproduced", "not reproduced", "inconclusive", "missing"]
Effect = Literal["confirmed", "contradicted", "undecided", "missing"]


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
        return LevelVerdict("missing", nan, nan, nan, nan, 0, "no seeds")
    ordered = np.sort(sample(runs, "values"))
    # In decimals, as margins and printed numbers are.
    median = (_decimal(ordered[(n - 1) // 2]) + _decimal(ordered[n // 2])) / 2
    difference, diverged = median - printed, int(np.isinf(runs).sum())
    far, tail = float(difference), f"; {diverged} of {n} runs diverged" if diverged else ""
    if n < SEEDS_NEEDED:
        reason = f"{n} of at least {SEEDS_NEEDED} seeds"
        return LevelVerdict("inconclusive", far, nan, nan, nan, n, reason)
    if not median.is_finite():
        reason = f"the median falls on diverged runs{tail}"
        return LevelVerdict("not reproduced", far, nan, nan, math.inf, n, reason)
    interval, root = median_interval(runs), Decimal(2).sqrt()
    low = difference - root * (median - _decimal(interval.low)) - half_digit
    high = difference + root * (_decimal(interval.high) - median) + half_digit
    margin = measure.margin(Decimal(delta), printed)
    verdict, reason = "inconclusive", "the interval crosses the margin"
    if -margin <= low and high <= margin:
        verdict, reason = "reproduced", "the interval lies within the margin"
    elif low > margin or high < -margin:
        verdict, reason = "not reproduced", "the interval lies outside the margin"
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


@dataclass(frozen=True)
class EffectVerdict:
    """Whether the runs show the published direction of a difference."""

    verdict: Effect
    shift: Shift | None  # Hodges–Lehmann, x minus y; None where a group has no seeds
    p_value: float  # of the two-sided exact rank-sum test that the shift's interval inverts
    n_x: int
    n_y: int
    reason: str


def effect_verdict(x: ArrayLike, y: ArrayLike, published_sign: int) -> EffectVerdict:
    """Confirmed or contradicted where the shift's 95 % interval excludes 0 on either side.

    ``published_sign`` is +1 where the paper has x above y, −1 where below, 0 where it prints equal
    numbers, which leaves nothing to confirm. Diverged runs keep the worst rank under every shift.

    Raises:
        ValueError: where the sign is none of these or a value is NaN.
    """
    if published_sign not in (-1, 0, 1):
        raise ValueError(f"published sign {published_sign} is not −1, 0 or 1")
    first, second = (np.asarray(v, dtype=np.float64) for v in (x, y))
    n_x, n_y = len(first), len(second)
    if not (n_x and n_y):
        return EffectVerdict("missing", None, math.nan, n_x, n_y, "no seeds")
    shift = hodges_lehmann(first, second)
    verdict: Effect = "undecided"
    if not shift.excludes(0.0):
        reason = "the interval of the shift includes 0"
    elif published_sign == 0:
        reason = "the paper prints no direction"
    else:
        sign = 1 if rank_sum_test(first, second, alternative="greater").p_value < 0.5 else -1
        verdict = "confirmed" if sign == published_sign else "contradicted"
        reason = "the interval of the shift excludes 0"
    return EffectVerdict(verdict, shift, rank_sum_test(first, second).p_value, n_x, n_y, reason)


@dataclass(frozen=True)
class StarAgreement:
    """Our stars beside the published ones. Shown, never judged. Without seeds in a group None and
    NaN."""

    reproduced: str | None
    published: str
    agrees: bool | None  # whether they are the published ones, on the published side
    # how often an exact replication would print the published stars, were our runs the truth, with
    # a Monte Carlo error of at most 0.5 / √draws
    expected_probability: float
    # the same for each of "***", "**", "*" and "", and for "contrary": any stars, but for the
    # opposite direction
    probabilities: dict[str, float]
    draws: int


CONTRARY = "contrary"
STAR_DRAWS = 2000  # a Monte Carlo error of at most 0.011


def star_agreement(
    x: ArrayLike,
    y: ArrayLike,
    published_stars: str,
    *,
    published_sign: int = 0,
    n: int = 15,
    draws: int | None = None,
    alternative: Alternative = "two-sided",
    method: Method = "exact",
) -> StarAgreement:
    """Compare the stars of the rank-sum test, and say how likely agreement was to begin with.

    A p-value varies so much from one set of seeds to the next that even a perfect replication often
    prints other stars. Both groups are resampled with replacement to the ``n`` runs of the paper,
    ``draws`` (:data:`STAR_DRAWS`) times from a fixed Philox stream, and every draw is tested by the
    same test as the runs themselves, exactly unless ``method`` says otherwise.

    With ``published_sign`` +1 (the paper has x above y) or −1, stars for the other direction do not
    agree, however many; with 0 the direction is not looked at.

    Raises:
        ValueError: where the published stars are not "", "*", "**" or "***", or a value is NaN.
    """
    known = [mark for _, mark in STARS] + [""]
    if published_stars not in known:
        raise ValueError(f"published stars {published_stars!r} are not among {known}")
    outcomes = [*known, CONTRARY]
    draws = STAR_DRAWS if draws is None else draws
    # Sorted, so that the draws do not depend on the order of the rows.
    first, second = (np.sort(np.asarray(v, dtype=np.float64)) for v in (x, y))
    if not (len(first) and len(second)):
        empty = dict.fromkeys(outcomes, math.nan)
        return StarAgreement(None, published_stars, None, math.nan, empty, 0)

    def outcome(ranks: NDArray[np.int64], n_x: int) -> str:
        mark = stars(p_value_of_ranks(ranks, n_x, alternative, method))
        is_contrary = published_sign * (ranks[:n_x].mean() - ranks[n_x:].mean()) < 0
        return CONTRARY if mark and is_contrary else mark

    ours = rank_sum_test(first, second, alternative=alternative, method=method)
    observed = outcome(doubled_midranks(np.concatenate([first, second])), len(first))
    generator = np.random.Generator(np.random.Philox(key=3))
    resampled = [g[generator.integers(len(g), size=(draws, n))] for g in (first, second)]
    ranked = doubled_midranks(np.concatenate(resampled, axis=1))
    drawn = Counter(outcome(ranks, n) for ranks in ranked)
    shares = {name: drawn[name] / draws for name in outcomes}
    agrees, expected = observed == published_stars, shares[published_stars]
    return StarAgreement(stars(ours.p_value), published_stars, agrees, expected, shares, draws)
