"""Verdicts at and beside their boundaries, and the agreement of stars."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.rank_sum import rank_sum_test
from analysis.statistics.shift import hodges_lehmann
from analysis.statistics.stars import stars
from analysis.verdicts.effect import effect_verdict
from analysis.verdicts.level import level_verdict
from analysis.verdicts.measure import ACCURACY, NON_ZERO, TRAINING_LOSS
from analysis.verdicts.star_agreement import star_agreement

HALF_POINT = Decimal("0.5")
DIVERGED = -math.inf
COUNTS = st.lists(st.integers(8700, 8800), min_size=6, max_size=20)


def seeds(median: float = 0.8790, below: float = 0.0010, above: float = 0.0005) -> list[float]:
    """Fifteen accuracies with X(4) that far below and X(12) that far above the median."""
    values = [*[median - below] * 4, *[median] * 7, *[median + above] * 4]
    return [round(v, 6) for v in values]


class TestLevel:
    def test_interval_of_the_difference(self):
        verdict = level_verdict(seeds(), ".874", HALF_POINT)
        assert verdict.difference == pytest.approx(0.005)
        assert verdict.low == pytest.approx(0.005 - math.sqrt(2) * 0.0010 - 0.0005)
        assert verdict.high == pytest.approx(0.005 + math.sqrt(2) * 0.0005 + 0.0005)
        assert (verdict.verdict, verdict.n) == ("inconclusive", 15)

    @pytest.mark.parametrize(
        ("published", "scale", "half_digit"),
        [
            (".874", 1, 0.0005),
            (".8740", 1, 0.00005),
            ("0.8740", 1, 0.00005),
            ("87.40", 100, 0.00005),
            ("87.4", 100, 0.0005),
            ("87", 100, 0.005),
        ],
    )
    def test_printed_digits_widen_the_interval(self, published, scale, half_digit):
        verdict = level_verdict(
            [0.874] * 6, published, HALF_POINT, measure=replace(ACCURACY, percent=scale == 100)
        )
        assert verdict.difference == pytest.approx(0.004 if published == "87" else 0.0)
        assert verdict.high - verdict.difference == pytest.approx(half_digit)
        assert verdict.difference - verdict.low == pytest.approx(half_digit)

    @pytest.mark.parametrize(
        ("delta", "expected"),
        [
            ("0.6", "reproduced"),
            ("0.505", "reproduced"),
            ("0.5049", "inconclusive"),
            ("0.495", "inconclusive"),
            ("0.4949", "not reproduced"),
            ("0", "not reproduced"),
        ],
    )
    def test_margin_is_inclusive_on_either_side(self, delta, expected):
        """D = ±0.5 points, u = 0.005 points: ends exactly at 0.495 and 0.505, in decimals."""
        for median in (0.8790, 0.8690):
            verdict = level_verdict([median] * 15, ".8740", Decimal(delta))
            assert verdict.verdict == expected
            assert verdict.smallest_delta == 0.505

    @given(COUNTS, st.integers(8600, 8900))
    @settings(deadline=None)
    def test_smallest_delta_is_the_smallest_that_passes(self, counts, published):
        values, printed = np.array(counts) / 10_000, f".{published}"
        smallest = level_verdict(values, printed, HALF_POINT).smallest_delta
        passing = Decimal(str(smallest))
        assert level_verdict(values, printed, passing).verdict == "reproduced"
        below = max(passing - Decimal("0.0001"), Decimal(0))
        assert level_verdict(values, printed, below).verdict != "reproduced"

    @given(COUNTS, st.integers(8600, 8900))
    @settings(deadline=None)
    def test_mirrored_accuracies_give_mirrored_intervals(self, counts, published):
        ours = level_verdict(np.array(counts) / 10_000, f"0.{published}", HALF_POINT)
        mirrored = (10_000 - np.array(counts)) / 10_000
        theirs = level_verdict(mirrored, f"0.{10_000 - published:04d}", HALF_POINT)
        assert (theirs.low, theirs.high) == pytest.approx((-ours.high, -ours.low), abs=1e-12)
        assert theirs.verdict == ours.verdict

    @pytest.mark.parametrize("n", range(1, 6))
    def test_too_few_seeds_are_inconclusive_however_close(self, n):
        verdict = level_verdict([0.8740] * n, ".8740", HALF_POINT)
        assert (verdict.verdict, verdict.n) == ("inconclusive", n)
        assert verdict.reason == f"{n} of at least 6 seeds"
        assert verdict.difference == 0.0
        assert math.isnan(verdict.low)
        assert math.isnan(verdict.smallest_delta)

    def test_six_seeds_suffice(self):
        assert level_verdict([0.8740] * 6, ".8740", HALF_POINT).verdict == "reproduced"

    def test_no_seeds(self):
        verdict = level_verdict([], ".8740", HALF_POINT)
        assert (verdict.verdict, verdict.n, verdict.reason) == ("missing", 0, "no seeds")
        assert math.isnan(verdict.difference)

    def test_the_digits_of_a_column_are_those_of_its_longest_number(self):
        """L-52: .874 among .8790 and .8761 is .8740."""
        own = level_verdict([0.874] * 6, ".874", HALF_POINT)
        beside = level_verdict([0.874] * 6, ".874", HALF_POINT, digits=4)
        assert beside == level_verdict([0.874] * 6, ".8740", HALF_POINT)
        assert own.high == pytest.approx(10 * beside.high)

    def test_a_relative_margin_is_a_share_of_the_printed_number(self):
        counts = [555_050.0] * 15
        within = level_verdict(counts, "550000", Decimal("1"), measure=NON_ZERO)
        beyond = level_verdict(counts, "540000", Decimal("1"), measure=NON_ZERO)
        assert (within.verdict, beyond.verdict) == ("reproduced", "not reproduced")
        assert within.smallest_delta == pytest.approx(100 * 5_050.5 / 550_000, abs=1e-4)

    def test_a_median_on_diverged_runs_is_not_reproduced_whichever_way_is_better(self):
        for worst, measure in ((DIVERGED, ACCURACY), (math.inf, TRAINING_LOSS)):
            found = level_verdict([worst] * 8 + [0.5] * 7, "0.5", Decimal(100), measure=measure)
            assert (found.verdict, found.difference) == ("not reproduced", worst)
            assert found.smallest_delta == math.inf

    def test_diverged_runs_cannot_pass_unseen(self):
        three = level_verdict([DIVERGED] * 3 + [0.874] * 12, ".8740", HALF_POINT)
        assert three.verdict == "reproduced"
        assert three.reason.endswith("; 3 of 15 runs diverged")
        four = level_verdict([DIVERGED] * 4 + [0.874] * 11, ".8740", HALF_POINT)
        assert four.verdict == "inconclusive"
        most = level_verdict([DIVERGED] * 12 + [0.874] * 3, ".8740", HALF_POINT)
        assert most.verdict == "not reproduced"

    @pytest.mark.parametrize(
        ("values", "published", "delta", "message"),
        [
            ([0.5] * 6, "", HALF_POINT, "published value ''"),
            ([0.5] * 6, "n/a", HALF_POINT, "published value 'n/a'"),
            ([0.5] * 6, "nan", HALF_POINT, "published value 'nan'"),
            ([0.5] * 6, ".5", Decimal("-0.1"), "margin -0.1"),
            ([0.5] * 6, ".5", Decimal("NaN"), "margin NaN"),
            ([0.5, math.nan], ".5", HALF_POINT, "values holds NaN"),
        ],
    )
    def test_bad_input_is_named(self, values, published, delta, message):
        with pytest.raises(ValueError, match=message):
            level_verdict(values, published, delta)


class TestEffect:
    X = (np.arange(15) + 8800) / 10_000
    Y = (np.arange(15) + 8780) / 10_000

    @pytest.mark.parametrize(
        ("x", "y", "sign", "expected"),
        [
            (X, Y, 1, "confirmed"),
            (X, Y, -1, "contradicted"),
            (Y, X, -1, "confirmed"),
            (Y, X, 1, "contradicted"),
            (X, X, 1, "undecided"),
            (X[:3], Y[:3], 1, "undecided"),
            (X, Y, 0, "undecided"),
        ],
    )
    def test_sides(self, x, y, sign, expected):
        verdict = effect_verdict(x, y, sign)
        assert verdict.verdict == expected
        assert verdict.shift == hodges_lehmann(x, y)
        assert verdict.p_value == rank_sum_test(x, y).p_value
        assert (verdict.n_x, verdict.n_y) == (len(x), len(y))

    def test_equal_published_numbers_leave_nothing_to_confirm(self):
        assert effect_verdict(self.X, self.Y, 0).reason == "the paper prints no direction"

    @pytest.mark.parametrize(("x", "y"), [([], [0.5]), ([0.5], []), ([], [])])
    def test_missing(self, x, y):
        verdict = effect_verdict(x, y, 1)
        assert (verdict.verdict, verdict.shift) == ("missing", None)
        assert math.isnan(verdict.p_value)

    def test_diverged_runs_count_as_lowest_not_as_a_number(self):
        """Nine of fifteen diverge: the difference is unbounded, and its sign is plain."""
        diverging = np.concatenate([[DIVERGED] * 9, self.X[:6]])
        verdict = effect_verdict(diverging, self.Y, 1)
        assert verdict.shift is not None
        assert verdict.shift.estimate == -math.inf
        assert verdict.verdict == "undecided"
        all_diverged = effect_verdict([DIVERGED] * 15, self.Y, 1)
        assert all_diverged.verdict == "contradicted"
        assert effect_verdict([DIVERGED] * 15, [DIVERGED] * 15, 1).verdict == "undecided"

    @given(COUNTS, COUNTS)
    @settings(deadline=None)
    def test_decided_exactly_where_the_test_rejects(self, x, y):
        x, y = np.array(x) / 10_000, np.array(y) / 10_000
        verdict = effect_verdict(x, y, 1)
        assert (verdict.verdict != "undecided") == (verdict.p_value <= 0.05)
        exchanged = effect_verdict(y, x, -1)
        assert exchanged.verdict == verdict.verdict
        opposite = {"confirmed": "contradicted", "contradicted": "confirmed"}
        expected = opposite.get(verdict.verdict, "undecided")
        assert effect_verdict(x, y, -1).verdict == expected

    def test_bad_sign(self):
        with pytest.raises(ValueError, match="published sign 2"):
            effect_verdict([0.5], [0.5], 2)


class TestStars:
    X = (np.arange(15) * 3 + 8800) / 10_000
    Y = (np.arange(15) * 3 + 8788) / 10_000

    def test_our_stars_beside_the_published(self):
        p = rank_sum_test(self.X, self.Y).p_value
        for published in ("", "*", "**", "***"):
            agreement = star_agreement(self.X, self.Y, published, draws=50)
            assert agreement.reproduced == stars(p) == "*"
            assert agreement.agrees == (published == "*")
            assert agreement.expected_probability == agreement.probabilities[published]

    def test_probabilities_are_of_one_of_the_outcomes(self):
        agreement = star_agreement(self.X, self.Y, "*", draws=500)
        assert sum(agreement.probabilities.values()) == pytest.approx(1)
        assert 0.2 < agreement.expected_probability < 0.6
        assert agreement.probabilities["contrary"] == 0

    def test_the_draws_are_fixed_and_ignore_the_order_of_rows(self):
        first = star_agreement(self.X, self.Y, "*", draws=200)
        assert star_agreement(self.X, self.Y, "*", draws=200) == first
        assert star_agreement(self.X[::-1], np.roll(self.Y, 4), "*", draws=200) == first

    def test_stars_of_the_opposite_direction_do_not_agree(self):
        on_side = star_agreement(self.X, self.Y, "*", published_sign=1, draws=200)
        against = star_agreement(self.X, self.Y, "*", published_sign=-1, draws=200)
        either = star_agreement(self.X, self.Y, "*", draws=200)
        assert on_side.agrees
        assert not against.agrees
        assert against.reproduced == "*"
        assert against.expected_probability < 0.05
        assert against.probabilities["contrary"] > 0.5
        starred = sum(either.probabilities[mark] for mark in ("*", "**", "***"))
        contrary = sum(a.probabilities["contrary"] for a in (on_side, against))
        assert contrary == pytest.approx(starred)

    def test_certain_outcomes(self):
        apart = star_agreement(self.X, self.Y - 0.1, "***", draws=50)
        assert (apart.agrees, apart.expected_probability) == (True, 1.0)
        equal = star_agreement([0.5] * 15, [0.5] * 15, "", draws=50)
        assert (equal.reproduced, equal.agrees, equal.expected_probability) == ("", True, 1.0)

    def test_replications_have_the_papers_number_of_runs(self):
        """Three against three cannot reach p < 0.1: 2 / C(6, 3)."""
        few = star_agreement(self.X, self.Y - 0.1, "***", n=3, draws=50)
        assert few.reproduced == "***"
        assert few.probabilities[""] == 1.0

    def test_the_readings_of_the_test_apply_to_every_draw(self):
        two_sided = star_agreement(self.X, self.Y, "", draws=300)
        greater = star_agreement(self.X, self.Y, "", draws=300, alternative="greater")
        less = star_agreement(self.X, self.Y, "", draws=300, alternative="less")
        normal = star_agreement(self.X, self.Y, "", draws=300, method="normal")
        assert greater.expected_probability < two_sided.expected_probability
        assert less.expected_probability > 0.99
        assert normal.expected_probability == pytest.approx(
            two_sided.expected_probability, abs=0.05
        )

    def test_missing(self):
        agreement = star_agreement([], self.Y, "*")
        assert (agreement.reproduced, agreement.agrees, agreement.draws) == (None, None, 0)
        assert math.isnan(agreement.expected_probability)

    def test_a_diverged_run_is_the_lowest_in_every_draw(self):
        x = np.where(np.arange(15) == 0, DIVERGED, self.X)
        lowest = np.where(np.arange(15) == 0, 0.1, self.X)
        ours, theirs = (star_agreement(v, self.Y, "*", draws=100) for v in (x, lowest))
        assert ours == replace(theirs)

    def test_unknown_stars(self):
        with pytest.raises(ValueError, match=r"published stars '\+'"):
            star_agreement(self.X, self.Y, "+")


@given(
    x=st.lists(st.integers(0, 9), min_size=1, max_size=9),
    y=st.lists(st.integers(0, 9), min_size=1, max_size=9),
    lost=st.integers(0, 3),
)
def test_an_effect_is_the_same_seen_from_the_other_end(x, y, lost):
    """Losses where small is good: runs that diverged stand at the other end, and verdicts turn."""
    up = effect_verdict([*x, *[-math.inf] * lost], y, 1)
    down = effect_verdict([*(-v for v in x), *[math.inf] * lost], [-v for v in y], -1)
    assert up.verdict == down.verdict
    assert up.p_value == down.p_value
    assert (up.shift.low, up.shift.high) == (-down.shift.high, -down.shift.low)
