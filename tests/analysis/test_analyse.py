"""An analysed table on synthetic runs whose right verdicts are known by construction."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
import table_cases as cases
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.multiple_comparisons import holm
from analysis.statistics.rank_sum import rank_sum_test


def test_cells_around_their_published_medians_are_reproduced() -> None:
    result = cases.complete()
    assert [cell.name for cell in result.cells] == list(cases.NAMES)
    assert {cell.level.verdict for cell in result.cells if cell.level} == {"reproduced"}
    assert result.runs_present == result.runs_planned == 195
    assert result.is_whole
    for cell in result.cells:
        assert cell.published is not None
        assert cell.median == pytest.approx(float(cell.published))
        assert (cell.n, cell.planned, cell.diverged) == (15, 15, 0)


def test_published_numbers_keep_their_printed_digits() -> None:
    cells = {cell.name: cell.published for cell in cases.complete().cells}
    assert cells["permuted 2.4 1.6"] == ".874"
    assert cells["plain 1 1"] == ".8790"


def test_verdicts_follow_the_distance_from_the_published_median() -> None:
    shifts = {"locality 1.6 2.4": -150, "locality 1.6 2.2": 60, "locality 1.6 2.0": 20}
    counts = {name: cases.around(name, shift=shift) for name, shift in shifts.items()}
    result = cases.full(cases.frame(counts))
    verdicts = {cell.name: cell.level.verdict for cell in result.cells if cell.level}
    assert verdicts["locality 1.6 2.4"] == "not reproduced"
    assert verdicts["locality 1.6 2.2"] == "inconclusive"
    assert verdicts["locality 1.6 2.0"] == "reproduced"


@pytest.mark.parametrize(
    ("n", "verdict"), [(0, "missing"), (1, "inconclusive"), (5, "inconclusive"), (6, "reproduced")]
)
def test_under_six_seeds_nothing_is_concluded(n: int, verdict: str) -> None:
    cell = cases.full(cases.frame({"plain 1 1": [8790] * n})).cell("plain 1 1")
    assert cell.level is not None
    assert cell.level.verdict == verdict
    assert (cell.n, cell.planned) == (n, 15)
    assert (cell.interval is None) == (n < 6)


def test_missing_cells_and_comparisons_stay_in_the_table() -> None:
    result = cases.sparse()
    assert [cell.name for cell in result.cells] == list(cases.NAMES)
    assert [row.name for row in result.comparisons] == [c["name"] for c in cases.COMPARISONS]
    assert not result.is_whole
    for row in result.comparisons:
        assert row.test is None
        assert row.p_holm is None
        assert row.effect is not None
        assert row.effect.verdict == "missing"


def test_effects_are_confirmed_contradicted_or_undecided_by_construction() -> None:
    shifts = (("1.6 2.4", "2.4 1.6", -100), ("1.6 2.2", "2.2 1.6", 100), ("1.6 2.0", "2.0 1.6", 0))
    counts = {}
    for first, second, shift in shifts:
        counts[f"locality {first}"] = cases.around(f"locality {first}")
        counts[f"permuted {second}"] = cases.around(f"locality {first}", shift=shift)
    rows = {row.name: row for row in cases.full(cases.frame(counts)).comparisons}
    assert [rows[f"upper {i}"].effect.verdict for i in (1, 2, 3)] == [
        "confirmed",
        "contradicted",
        "undecided",
    ]
    assert [rows[f"upper {i}"].larger for i in (1, 2, 3)] == ["first", "second", ""]
    assert rows["upper 1"].superiority == 1.0
    assert rows["upper 1"].shift.estimate == pytest.approx(0.01)
    assert rows["upper 3"].superiority == 0.5


def test_comparisons_hold_the_tests_of_their_cells() -> None:
    result = cases.complete()
    for row in result.comparisons:
        x = [run.accuracy for run in result.cell(row.first).runs]
        y = [run.accuracy for run in result.cell(row.second).runs]
        assert row.test == rank_sum_test(x, y)
        assert row.p_normal == rank_sum_test(x, y, method="normal").p_value
        assert row.agreement is not None
        assert row.agreement.agrees == (row.stars == row.published_stars)
    assert [row.published_stars for row in result.comparisons] == [
        *("**", "*", "*", ""),
        *("***", "*", "**", "*"),
    ]


def test_holm_counts_the_declared_comparisons_whatever_was_run() -> None:
    few = {n: cases.around(n) for n in ("locality 1.6 2.2", "permuted 2.2 1.6")}
    result = cases.full(cases.frame(few))
    row = next(row for row in result.comparisons if row.name == "upper 2")
    assert row.test is not None
    assert row.p_holm == pytest.approx(min(1.0, 8 * row.test.p_value))
    whole = cases.complete()
    p_values = {row.name: row.test.p_value for row in whole.comparisons if row.test}
    assert {row.name: row.p_holm for row in whole.comparisons} == holm(p_values, 8)


def test_diverged_runs_rank_below_all_others_and_stay_in_the_cell() -> None:
    names = ("locality 1.6 2.4", "permuted 2.4 1.6")
    runs = cases.frame({name: cases.around(name) for name in names})
    lowest = runs["cell"] == "locality 1.6 2.4"
    runs.loc[lowest & (runs["seed"] < 8), "diverged"] = True
    result = cases.full(runs)
    cell = result.cell("locality 1.6 2.4")
    assert (cell.n, cell.diverged) == (15, 8)
    assert cell.median is not None
    assert cell.median < 0
    assert cell.level is not None
    assert cell.level.verdict != "reproduced"
    row = result.comparisons[0]
    assert row.larger == "second"
    assert row.superiority is not None
    assert row.superiority <= 7 / 15
    assert row.shift is not None
    assert row.shift.low == -math.inf


def test_a_cell_that_mixes_machines_says_so() -> None:
    result = cases.mixed()
    assert [cell.name for cell in result.mixed_cells] == ["plain 1 1"]
    assert result.cell("plain 1 1").machines == ((cases.MACHINE, 10), (cases.OTHER_MACHINE, 5))


def test_a_quick_table_has_statistics_and_no_verdicts() -> None:
    result = cases.five_each()
    assert result.is_quick
    assert result.delta is None
    for cell in result.cells:
        assert cell.level is None
        assert cell.published is None
    for row in result.comparisons:
        assert row.test is not None
        assert row.shift is not None
        assert row.effect is None
        assert row.agreement is None
        assert row.published_stars is None


def test_the_first_cell_can_be_tested_against_another_than_its_pair() -> None:
    pairs = [{**cases.COMPARISONS[0], "against": "plain 1 1"}, *cases.COMPARISONS[1:]]
    names = ("locality 1.6 2.4", "permuted 2.4 1.6", "plain 1 1")
    runs = cases.frame({name: cases.around(name) for name in names})
    specs = [cases.spec(name) for name in cases.NAMES]
    result = cases.analysed(
        runs,
        cases.published(),
        pairs,
        delta=Decimal("0.5"),
        seeds=15,
        declared=8,
        cells=specs,
        about=cases.ABOUT,
    )
    row = result.comparisons[0]
    assert (row.second, row.against) == ("permuted 2.4 1.6", "plain 1 1")
    first, plain = ([r.accuracy for r in result.cell(n).runs] for n in (row.first, row.against))
    assert row.test == rank_sum_test(first, plain)
    assert row.larger == "first"


@settings(max_examples=5)
@given(st.permutations(range(21)))
def test_the_order_of_the_rows_changes_nothing(order: list[int]) -> None:
    names = ("locality 1.6 2.2", "permuted 2.2 1.6", "anti 0.8 0.8")
    runs = cases.frame({name: cases.around(name, n=7) for name in names})
    assert repr(cases.full(runs.iloc[order])) == repr(cases.full(runs))


@settings(max_examples=25)
@given(st.lists(st.integers(8500, 9000), max_size=15), st.integers(0, 100))
def test_verdicts_are_never_better_than_the_interval_allows(
    counts: list[int], delta_hundredths: int
) -> None:
    delta = Decimal(delta_hundredths) / 100
    runs = cases.frame({"plain 1 1": counts})
    cell = cases.full(runs, delta=delta).cell("plain 1 1")
    assert cell.level is not None
    if len(counts) < 6:
        assert cell.level.verdict == ("inconclusive" if counts else "missing")
        return
    low, high = cell.level.low, cell.level.high
    assert low <= cell.level.difference <= high
    assert cell.median == pytest.approx(np.median(counts) / 10_000)
    if cell.level.verdict == "reproduced":
        assert max(-low, high) <= float(delta) / 100 + 1e-12
        assert cell.level.smallest_delta <= float(delta) + 1e-3
    if cell.level.verdict == "not reproduced":
        assert min(abs(low), abs(high)) >= float(delta) / 100 - 1e-12


def test_contradictory_input_is_refused() -> None:
    runs = cases.frame({"plain 1 1": [8790, 8791]})
    with pytest.raises(ValueError, match=r"value 87\.9 of a finished run is not in \[0, 1\]"):
        cases.full(runs.assign(value=87.9))
    specs = [cases.spec("plain 1 1")]
    printed = cases.published()
    printed.loc[printed["cell"] == "plain 1 1", "value"] = [".8790", ".8790", ".8791", ".8790"]
    with pytest.raises(ValueError, match=r"'plain 1 1' was printed as \.8790 and as \.8791"):
        cases.analysed(
            runs,
            printed,
            [],
            delta=Decimal("0.5"),
            seeds=2,
            declared=8,
            cells=specs,
            about=cases.ABOUT,
        )
