"""Whether the runs show the published direction of a difference: the verdict on an effect.

Values are those of a :class:`analysis.verdicts.measure.Measure`, infinite for runs that diverged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import Shift, hodges_lehmann
from analysis.verdicts import wording
from analysis.verdicts.wording import Effect, Verdict


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
        return EffectVerdict(Verdict.MISSING, None, math.nan, n_x, n_y, wording.NO_SEEDS)
    shift = hodges_lehmann(first, second)
    verdict: Effect = Verdict.UNDECIDED
    if not shift.excludes(0.0):
        reason = wording.SHIFT_INCLUDES_0
    elif published_sign == 0:
        reason = wording.NO_DIRECTION
    else:
        sign = 1 if rank_sum_test(first, second, alternative="greater").p_value < 0.5 else -1
        verdict = Verdict.CONFIRMED if sign == published_sign else Verdict.CONTRADICTED
        reason = wording.SHIFT_EXCLUDES_0
    return EffectVerdict(verdict, shift, rank_sum_test(first, second).p_value, n_x, n_y, reason)
