"""Sentences of a paper as inequalities between cells, against scipy's Welch test."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_ind

from analysis.tables.about import About
from analysis.tables.claims_by_contrasts import judge
from analysis.tables.contrasts import parse
from analysis.tables.results import CellResult, RunRow, TableResult
from analysis.verdicts.measure import ACCURACY

PERCENT = replace(ACCURACY, percent=True)
ROW = {"claim": "c", "text": "t", "where": "here", "stated": "all"}


def cell(name: str, values: Any, published: str | None = None) -> CellResult:
    runs = tuple(
        RunRow(i, 0, 1, v, v, False, 0, 0, f"{name}{i}", "", "float32", "", "m")
        for i, v in enumerate(values)
    )
    return CellResult(name, runs=runs, published=published, measure=PERCENT, margin="d")


def table(*cells: CellResult) -> TableResult:
    about = About("p/t", "T", "c", measure=PERCENT)
    return TableResult(about, cells, (), 6, 0, None, alike_within={"d": Decimal(2)})


def verdict(text: str, *cells: CellResult, stated: str = "all") -> Any:
    (found,) = judge(table(*cells), [{**ROW, "stated": stated}], [{"claim": "c", "contrast": text}])
    return found


def test_names_may_hold_hyphens_and_numbers_are_printed_ones() -> None:
    found = parse("a S-FC 400 - b > c D-CONV 4 - 78.5")
    assert dict(found.weights) == {"a S-FC 400": 1, "b": -1, "c D-CONV 4": -1}
    assert found.constant == Decimal("78.5")
    assert parse("a = b").is_equality
    with pytest.raises(ValueError, match="one of"):
        parse("a < b")


@pytest.mark.parametrize("shift", [0.0, 0.004, 0.01, -0.01])
def test_two_cells_are_judged_by_welchs_test(shift: float) -> None:
    random = np.random.default_rng(5)
    x, y = 0.8 + shift + 0.01 * random.normal(size=9), 0.8 + 0.003 * random.normal(size=6)
    found = verdict("a > b", cell("a", x), cell("b", y))
    wins = ttest_ind(x, y, equal_var=False, alternative="greater").pvalue <= 0.05
    loses = ttest_ind(x, y, equal_var=False, alternative="less").pvalue <= 0.05
    assert found.interval == f"[{int(wins)}, {1 - int(loses)}]"
    assert found.verdict == ("confirmed" if wins else "contradicted" if loses else "undecided")


def test_what_its_tests_could_have_seen_is_seen_four_times_in_five() -> None:
    """Normal values with the runs' own spread, that far apart."""
    random = np.random.default_rng(7)
    values = random.normal(size=15)
    values = 0.01 * (values - values.mean()) / values.std(ddof=1)
    found = verdict("a > b", cell("a", 0.8 + values), cell("b", 0.8 + values))
    apart = float(found.detectable.removeprefix("+")) / 100
    x, y = 0.01 * random.normal(size=(2, 15, 2000))
    seen = ttest_ind(x + apart, y, equal_var=False, alternative="greater").pvalue <= 0.05
    assert seen.mean() == pytest.approx(0.8, abs=0.04)
    # Unlike by more than the margin of two points, two-sided.
    other = 0.8 + values + 0.001
    found = verdict("a = b", cell("a", 0.8 + values), cell("b", other))
    beyond = float(found.detectable.removeprefix("+")) / 100 - 0.02
    low, high = ttest_ind(x + 0.02 + beyond, y, equal_var=False).confidence_interval(0.95)
    assert (low > 0.02).mean() == pytest.approx(0.8, abs=0.04)
    assert high.min() > 0.02
    assert verdict("a = b", cell("a", values), cell("b", values)).detectable == ""  # seed by seed
    fall = verdict("a > b > c", *(cell(n, 0.8 + values) for n in "abc"))
    assert re.fullmatch(r"\+\d\.\d\d a step", fall.detectable)


def test_differences_of_differences_and_printed_numbers() -> None:
    base = np.array([-0.001, 0.0, 0.001, 0.002])
    cells = [cell(n, base + m, f"{100 * m:.2f}") for n, m in (("a", 0.9), ("b", 0.6), ("c", 0.95))]
    assert verdict("a - b > c - a", *cells).verdict == "confirmed"
    assert verdict("c - a > a - b", *cells).verdict == "contradicted"
    assert verdict("a > 89.5", *cells).verdict == "confirmed"
    assert verdict("a > 91", *cells).verdict == "contradicted"
    assert verdict("c - a > a - b", *cells).printed == "0 of 1"


def test_alike_means_within_the_margin() -> None:
    """Two points of margin: half a point is alike, five are not, and few scattered runs say
    nothing."""
    tight = np.array([-0.001, 0.0, 0.001, 0.0005, -0.0005])
    wide = 30 * tight
    first = cell("a", 0.8 + tight)
    assert verdict("a = b", first, cell("b", 0.805 + tight)).verdict == "confirmed"
    assert verdict("a = b", first, cell("b", 0.85 + tight)).verdict == "contradicted"
    assert verdict("a = b", first, cell("b", 0.81 + wide)).verdict == "undecided"


@pytest.mark.parametrize(
    ("other", "told"), [("81.5", "1 of 1"), ("78", "1 of 1"), ("77.9", "0 of 1"), (None, "–")]
)
def test_cells_are_alike_in_print_within_the_margin(other: str | None, told: str) -> None:
    first, second = cell("a", [], "80"), cell("b", [], other)
    assert verdict("a = b", first, second).printed == told
    unset = replace(table(first, second), alike_within=None)
    (found,) = judge(unset, [ROW], [{"claim": "c", "contrast": "a = b"}])
    assert found.printed == "–"


def test_runs_that_agree_seed_by_seed_are_alike_however_scattered() -> None:
    wide = np.array([0.5, 0.9, 0.2, 0.7])
    assert verdict("a = b", cell("a", wide), cell("b", wide)).verdict == "confirmed"
    assert verdict("a = b", cell("a", wide), cell("b", wide[::-1])).verdict == "undecided"
    assert verdict("a = b", cell("a", wide), cell("b", wide[:3])).verdict == "undecided"


@pytest.mark.parametrize(("runs", "told"), [(2, "undecided"), (6, "confirmed")])
def test_few_equal_runs_decide_nothing(runs: int, told: str) -> None:
    assert verdict("a > b", cell("a", [0.75] * runs), cell("b", [0.5] * runs)).verdict == told


def test_missing_runs_and_damaged_rows() -> None:
    assert verdict("a > b", cell("a", []), cell("b", [0.5, 0.6])).verdict == "not decidable"
    with pytest.raises(ValueError, match="no cell 'z'"):
        verdict("a > z", cell("a", [0.5, 0.6]))
    with pytest.raises(ValueError, match="states"):
        verdict("a > b", cell("a", []), cell("b", []), stated="2 of 2")
    rows = [{"claim": "c", "contrast": text} for text in ("a > b", "a > z")]
    (found,) = judge(table(cell("a", []), cell("b", [])), [ROW], rows, partial=True)
    assert found.stated == "1 of 1"


def test_a_shorter_table_judges_counts_of_all_contrasts_alone() -> None:
    """ "2 of 2" of which a shorter table has one; how many of one is "1 of 2", nobody knows."""
    rows = [{"claim": "c", "contrast": text} for text in ("a > b", "a > z")]
    shorter = table(cell("a", []), cell("b", []))
    (found,) = judge(shorter, [{**ROW, "stated": "2 of 2"}], rows, partial=True)
    assert found.stated == "1 of 1"
    assert judge(shorter, [{**ROW, "stated": "1 of 2"}], rows, partial=True) == ()


def test_a_shorter_table_sets_no_level_beside_a_printed_number() -> None:
    """Its networks are trained less; differences of its cells, and other measures, count."""
    rows = [{"claim": "c", "contrast": text} for text in ("a > b", "a > 78.62")]
    both = table(cell("a", [0.5, 0.51]), cell("b", [0.2, 0.21]))
    (full,), (shorter,) = (judge(both, [ROW], rows, partial=partial) for partial in (False, True))
    assert (full.stated, full.verdict) == ("2 of 2", "contradicted")
    assert (shorter.stated, shorter.verdict) == ("1 of 1", "confirmed")
    assert judge(both, [ROW], rows[1:], partial=True) == ()
    gap = [{"claim": "c", "contrast": "a - b > 10"}]
    assert judge(both, [ROW], gap, partial=True)[0].verdict == "confirmed"
    other = replace(both, about=replace(both.about, measure=replace(PERCENT, name="left")))
    rows = [{**rows[1], "measure": "left"}]
    assert judge(replace(both, others=(other,)), [ROW], rows, partial=True) != ()


def test_a_fall_over_cells_of_another_measure() -> None:
    """Judged by the trend over all of its cells; of a shorter table over those that it has."""
    costs = replace(ACCURACY, name="cost", kind="number")
    random = np.random.default_rng(2)
    heads = [cell(name, [0.5, 0.5]) for name in "abc"]
    other = replace(
        table(*(cell(n, 9 - i + random.normal(size=7)) for i, n in enumerate("abc"))),
        about=About("p/t", "T", "c", measure=costs),
    )
    result = replace(table(*heads), others=(other,))

    def found(text: str, measure: str = "cost", **options: bool) -> Any:
        rows = [{"claim": "c", "contrast": text, "measure": measure}]
        return judge(result, [ROW], rows, **options)

    assert found("a > b > c")[0].verdict == "confirmed"
    assert found("c > b > a")[0].verdict == "contradicted"
    assert found("a > b > c", "")[0].verdict == "undecided"  # all alike in the first measure
    assert found("a > c", "")[0].ours == "0 of 1"
    assert found("a > z > c", partial=True)[0].verdict == "confirmed"
    assert found("a > y > z", partial=True) == ()
    for middle, expected in (("8.1", "1 of 1"), ("9.3", "0 of 1"), (None, "–")):
        printed = (cell("a", [], "9.2"), cell("b", [], middle), cell("c", [], "7"))
        assert verdict("a > b > c", *printed).printed == expected
    with pytest.raises(ValueError, match="no measure 'weight'"):
        found("a > b", "weight")
