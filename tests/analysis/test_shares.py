"""The binomial test and both intervals of a share, against other ways of computing them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from analysis.papers.locality.shares import (
    COMPARISONS,
    Layer,
    by_layer,
    part,
    share,
    split,
    two_sided_p,
)

FIRST, SECOND = COMPARISONS


def layers(*counts: tuple[int, int]) -> list[Layer]:
    """Layers of (larger, filters), the same for both comparisons."""
    none = dict.fromkeys(COMPARISONS, 0)
    return [Layer("a", "conv", n, dict.fromkeys(COMPARISONS, k), none) for k, n in counts]


COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_the_p_value_is_that_of_the_exact_test(count: tuple[int, int]) -> None:
    k, n = count
    assert float(two_sided_p(k, n)) == pytest.approx(binomtest(k, n).pvalue, rel=1e-9)


@pytest.mark.parametrize("k", [752_100, 753_664, 755_000, 700_000])
def test_it_holds_for_as_many_filters_as_vgg16_has(k: int) -> None:
    n = 1_507_328
    assert float(two_sided_p(k, n)) == pytest.approx(binomtest(k, n).pvalue, rel=1e-6)


def test_many_counts_at_once() -> None:
    p = two_sided_p(np.arange(11), 10)
    assert p[5] == 1
    np.testing.assert_allclose(p, p[::-1])
    assert p[0] == pytest.approx(2 / 2**10)


@given(COUNTS)
def test_wilson_is_its_closed_form(count: tuple[int, int]) -> None:
    k, n = count
    found = share(layers(count), FIRST)
    assert found is not None
    z, p = norm.ppf(0.975), k / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert found.wilson.low == pytest.approx(max(0, middle - reach), abs=1e-9)
    assert found.wilson.high == pytest.approx(min(1, middle + reach), abs=1e-9)


def test_the_interval_by_layer_by_hand() -> None:
    # Shares 0.75, 0.5 and 0.25 of 40, 20 and 40 filters: p = 0.5, residuals 10, 0 and -10;
    # variance 3/2 · (100 + 100) / 100² = 0.03.
    interval, p_value = by_layer([30, 10, 10], [40, 20, 40])
    assert interval is not None
    reach = 4.302652729911275 * math.sqrt(0.03)  # t quantile .975 with 2 degrees of freedom
    assert interval.low == pytest.approx(max(0, 0.5 - reach))
    assert interval.high == pytest.approx(min(1, 0.5 + reach))
    assert p_value == 1


@given(st.lists(COUNTS, min_size=2, max_size=12))
def test_the_interval_by_layer_is_the_cluster_robust_one(counts: list[tuple[int, int]]) -> None:
    k, n = np.array(counts, dtype=float).T
    interval, p_value = by_layer(k.tolist(), n.tolist())
    fit = sm.WLS(k / n, np.ones(len(n)), weights=n).fit(
        cov_type="cluster", cov_kwds={"groups": np.arange(len(n))}, use_t=True
    )
    error = float(fit.bse[0])
    assume(error > 1e-9)
    p, quantile = k.sum() / n.sum(), t.ppf(0.975, len(n) - 1)
    assert interval is not None
    assert interval.low == pytest.approx(max(0, p - quantile * error), abs=1e-9)
    assert interval.high == pytest.approx(min(1, p + quantile * error), abs=1e-9)
    expected = 2 * t.sf(abs(p - 0.5) / error, len(n) - 1)
    assert p_value == pytest.approx(expected, abs=1e-9)


def test_alike_filters_of_a_layer_widen_it_and_the_binomial_test_does_not_see_them() -> None:
    found = share(layers((9_000, 10_000), (2_000, 10_000)), FIRST)
    assert found is not None
    assert found.clustered is not None
    assert found.stars == "***"
    assert found.wilson.high - found.wilson.low < 0.02
    assert (found.clustered.low, found.clustered.high) == (0, 1)
    assert found.clustered_p is not None
    assert found.clustered_p > 0.5


@pytest.mark.parametrize(("k", "p"), [(5, 1.0), (4, 0.0)])
def test_layers_with_one_and_the_same_share(k: int, p: float) -> None:
    interval, p_value = by_layer([k, k], [10, 10])
    assert interval is not None
    assert (interval.low, interval.high, p_value) == (k / 10, k / 10, p)


def test_one_layer_has_no_interval_by_layer_and_none_has_no_share() -> None:
    found = share(layers((7, 10)), SECOND)
    assert found is not None
    assert (found.clustered, found.clustered_p) == (None, None)
    assert share([], FIRST) is None


def test_ties_are_kept_apart_and_stay_among_the_filters() -> None:
    tied = [Layer("a", "conv", 10, {FIRST: 4, SECOND: 6}, {FIRST: 3, SECOND: 0})]
    found = share(tied, FIRST)
    assert found is not None
    assert (found.larger, found.equal, found.filters) == (4, 3, 10)
    assert found.value.as_integer_ratio() == (2, 5)


@given(st.integers(0, 40))
def test_halves(count: int) -> None:
    everything = layers(*((1, n + 1) for n in range(count)))
    assert (split(count), split(count, "ceil")) == (count // 2, -(-count // 2))
    for halving in ("floor", "ceil"):
        lower, upper = part(everything, "lower", halving), part(everything, "upper", halving)
        assert [*lower, *upper] == everything
        assert len(lower) == split(count, halving)
    assert part(everything, "all") == everything
    with pytest.raises(ValueError, match="round"):
        split(count, "round")


@pytest.mark.parametrize(("k", "stars"), [(520, ""), (530, "*"), (545, "**"), (560, "***")])
def test_stars_are_those_of_table_1(k: int, stars: str) -> None:
    found = share(layers((k, 1000)), FIRST)
    assert found is not None
    assert found.stars == stars
