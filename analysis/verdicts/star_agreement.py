"""Whether a comparison's stars are the published ones, and how likely that was to begin with."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.rank_sum import (
    Alternative,
    Method,
    doubled_midranks,
    p_value_of_ranks,
    rank_sum_test,
)
from analysis.statistics.stars import STARS, stars


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
STAR_DRAWS_OF_MANY, MANY = 500, 24  # of at most 0.022, in tables of so many comparisons and more


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
