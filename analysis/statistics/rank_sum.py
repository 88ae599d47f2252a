"""The Wilcoxon–Mann–Whitney rank-sum test by its exact conditional midrank distribution.

Accuracies are counts of correct images, so seeds tie. Given the pooled values, ties included, the
null hypothesis makes every choice of n_x of the N = n_x + n_y runs as the first group equally
likely; the p-value counts those whose midrank sum is at least as extreme as the observed one. The
count is exact (integers throughout), with and without ties, for any group sizes: 15 against 15 take
some tenths of a millisecond, 100 against 100 under a second.

The two-sided p-value is twice the smaller tail, at most 1. Ties make the null distribution
asymmetric where n_x ≠ n_y, and then this differs from the other usual definition, the probability
of a sum at least as far from its mean. Twice the smaller tail is chosen because each tail is
monotone in a shift of one group even under ties (:mod:`analysis.statistics.shift` gives the
argument), so that the shifts which the test accepts form one interval; and because scipy's
permutation tests define it so. For n_x = n_y the null distribution is symmetric under any ties, and
the definitions agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Alternative = Literal["two-sided", "greater", "less"]
Method = Literal["exact", "normal"]


@dataclass(frozen=True)
class RankSum:
    """A rank-sum test of x against y."""

    statistic: float  # W, the sum of x's midranks in the pooled sample
    u: float  # Mann–Whitney's U of x: pairs with x above y, ties counting half
    p_value: float  # in (0, 1], for the alternative that was asked for
    method: str  # "exact" or "normal"
    has_ties: bool  # whether any two of the pooled values are equal
    n_x: int
    n_y: int


def rank_sum_test(
    x: ArrayLike, y: ArrayLike, *, alternative: Alternative = "two-sided", method: Method = "exact"
) -> RankSum:
    """Test whether x and y come from one distribution, against a shift of one of them.

    ``alternative`` "greater" means x tends to be above y. ``method`` "normal" is the normal
    approximation with tie and continuity correction, which the paper may have used.

    Raises:
        ValueError: where a group is empty or holds NaN, or an option is unknown.
    """
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative {alternative!r} is not 'two-sided', 'greater' or 'less'")
    if method not in ("exact", "normal"):
        raise ValueError(f"method {method!r} is not 'exact' or 'normal'")
    first, second = sample(x, "x"), sample(y, "y")
    n_x, n_y = len(first), len(second)
    ranks = doubled_midranks(np.concatenate([first, second]))
    doubled = int(ranks[:n_x].sum())
    u, has_ties = (doubled - n_x * (n_x + 1)) / 2, len(np.unique(ranks)) < n_x + n_y
    p_value = p_value_of_ranks(ranks, n_x, alternative, method)
    return RankSum(doubled / 2, u, p_value, method, has_ties, n_x, n_y)


def sample(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """The values as a flat, non-empty float array without NaN.

    Raises:
        ValueError: where they are not.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise ValueError(f"{name} must be a non-empty list of numbers, not of shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError(f"{name} holds NaN; a diverged run counts as the lowest value instead")
    return array


def doubled_midranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the midranks along the last axis, exact as integers: 2, 4, 6 … without ties."""
    below = (values[..., None, :] < values[..., :, None]).sum(axis=-1)
    equal = (values[..., None, :] == values[..., :, None]).sum(axis=-1)
    return 2 * below + equal + 1


def p_value_of_ranks(
    ranks: NDArray[np.int64], n_x: int, alternative: Alternative, method: Method
) -> float:
    """p-value of the pooled doubled midranks, of which the first ``n_x`` are x's."""
    if method == "normal":
        return _normal_p(ranks, n_x, alternative)
    return float(exact_p(ranks, n_x, alternative))


def exact_p(ranks: NDArray[np.int64], n_x: int, alternative: Alternative) -> Fraction:
    """Exact p-value of the pooled doubled midranks, of which the first ``n_x`` are x's."""
    at_most, at_least, total = tails(ranks, n_x)
    both = min(2 * min(at_most, at_least), total)
    return Fraction({"greater": at_least, "less": at_most, "two-sided": both}[alternative], total)


def tails(ranks: NDArray[np.int64], n_x: int) -> tuple[int, int, int]:
    """Choices of ``n_x`` ranks with a sum at most, and at least, the first ``n_x`` ones' sum.

    Returns both counts and the number of all choices.
    """
    n, total = len(ranks), math.comb(len(ranks), n_x)
    codes = ranks - ranks.min()
    # A common divisor of all differences (2 without ties) only stretches the sums.
    codes //= max(int(np.gcd.reduce(codes)), 1)
    # Both groups' sums add up to a constant, so the smaller group's says as much.
    from_y = 2 * n_x > n
    group = codes[n_x:] if from_y else codes[:n_x]
    observed, top, everything = int(group.sum()), int(codes.max()), int(codes.sum())
    # Mirrored where that sum is a high one, so that the counted tail is the short one.
    mirrored = observed * n > everything * len(group)
    if mirrored:
        codes = top - codes
        observed = top * len(group) - observed
    count = _count if total < 2**63 else _count_large
    short, equal = count(tuple(np.sort(codes).tolist()), len(group), observed)
    long = total - short + equal
    return (long, short, total) if mirrored != from_y else (short, long, total)


@lru_cache(maxsize=4096)
def _count(codes: tuple[int, ...], n: int, limit: int) -> tuple[int, int]:
    """Among the choices of ``n`` ascending codes: how many sum to at most ``limit``, and how many
    to it. By the number of choices of k codes (rows) with each sum (columns); where n is at most
    half of the codes, no row counts more choices than the last."""
    small = math.comb(len(codes), n) < 2**31
    ways = np.zeros((n + 1, limit + 1), dtype=np.int32 if small else np.int64)
    ways[0, 0] = 1
    for seen, code in enumerate(codes):
        if code > limit:
            break
        rows = slice(max(1, n - len(codes) + seen + 1), min(seen + 1, n) + 1)
        fewer = slice(rows.start - 1, rows.stop - 1)
        ways[rows, code:] += ways[fewer, : limit + 1 - code]
    return int(ways[n].sum(dtype=np.int64)), int(ways[n, limit])


@lru_cache(maxsize=256)
def _count_large(codes: tuple[int, ...], n: int, limit: int) -> tuple[int, int]:
    """:func:`_count` for numbers of choices beyond 64 bits.

    The generating polynomials Π(1 + z·q^code) are held as one integer per power of z, a fixed
    number of bits per coefficient, so that each multiplication is a shift and an addition. The
    codes ascend; sums that cannot stay within the limit any more are cut off.
    """
    bits = math.comb(len(codes), n).bit_length() + 1
    chosen = [1] + [0] * n
    for seen, code in enumerate(codes):
        shift = code * bits
        for k in range(min(seen + 1, n), max(0, n - len(codes) + seen), -1):
            grown = chosen[k] + (chosen[k - 1] << shift)
            kept = bits * max(0, limit - (n - k) * code + 1)
            chosen[k] = grown if grown.bit_length() <= kept else grown & ((1 << kept) - 1)
    sums = chosen[n]
    # 2**bits ≡ 1 modulo 2**bits − 1: the remainder is the sum of all coefficients.
    return sums % ((1 << bits) - 1), sums >> bits * limit


def _normal_p(ranks: NDArray[np.int64], n_x: int, alternative: Alternative) -> float:
    """Normal approximation with tie and continuity correction; 1 where all values are equal."""
    n = len(ranks)
    n_y = n - n_x
    u = (int(ranks[:n_x].sum()) - n_x * (n_x + 1)) / 2
    _, ties = np.unique(ranks, return_counts=True)
    ties = ties.astype(np.float64)
    variance = n_x * n_y / 12 * (n + 1 - float((ties**3 - ties).sum()) / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    excess = u - n_x * n_y / 2
    excess = {"two-sided": abs(excess), "greater": excess, "less": -excess}[alternative]
    tail = math.erfc((excess - 0.5) / math.sqrt(2 * variance)) / 2
    return min(2 * tail, 1.0) if alternative == "two-sided" else tail
