"""What the text says of Table IV, counted in its printed numbers and judged on ours."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import grid_cases as grids
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tables.claims_by_contests import judge
from analysis.tables.results import ClaimResult, TableResult

with (grids.PAPER / "claims.csv").open(encoding="utf-8") as file:
    STATED = [row for row in csv.DictReader(file) if row["table"] == "table4"]


def grid(counts: grids.Counts, **options: Any) -> TableResult:
    """Table IV without its stars, which no claim looks at."""
    return grids.grid(counts, with_stars=False, **options)


def judged(result: TableResult) -> dict[str, ClaimResult]:
    return {claim.claim: claim for claim in judge(result, STATED)}


def lifted(points: int, *, only: Sequence[str] = ()) -> TableResult:
    """All settings alike but LOCO-Reg's ``points`` hundredths of a point higher, in the named
    blocks or everywhere."""

    def counts(name: str, _printed: int) -> list[int]:
        block, is_plain = " ".join(name.split()[:2]), " 1 1 " in name
        moved = points if not is_plain and (not only or block in only) else 0
        # The middle λ is best, and no two cells are the same.
        middle = {"0.0005": 40, "0.001": 80}.get(name.split()[-1], 0)
        return [8500 + middle + moved + offset for offset in grids.cases.OFFSETS]

    return grid(counts)


def test_the_printed_table_says_what_was_counted_in_it() -> None:
    found = judged(grid(grids.nothing))
    assert found["same column"].printed == "34 of 36"
    assert found["best column"].printed == "9 of 9"
    assert found["best gain"].printed == "mean +0.26 (+0.05 to +0.72)"
    assert found["interior"].printed == "5 of 9"  # the footnote says 9, L-09


def test_without_runs_nothing_can_be_decided() -> None:
    for claim in judged(grid(grids.nothing)).values():
        assert claim.verdict == "not decidable"
        assert claim.ours == claim.interval == ""


def test_a_large_effect_everywhere_confirms() -> None:
    found = judged(lifted(100))
    same = found["same column"]
    assert (same.ours, same.interval, same.verdict) == ("36 of 36", "[36, 36]", "confirmed")
    assert found["best column"].verdict == "confirmed"
    assert found["best gain"].ours == "mean +1.00 (+1.00 to +1.00)"
    assert found["best gain"].verdict == "confirmed"
    interior = found["interior"]
    assert (interior.ours, interior.verdict) == ("9 of 9", "confirmed")


def test_the_opposite_effect_contradicts() -> None:
    found = judged(lifted(-100))
    same = found["same column"]
    assert (same.ours, same.interval, same.verdict) == ("0 of 36", "[0, 0]", "contradicted")
    assert found["best gain"].verdict == "contradicted"


def test_three_settings_surely_lost_contradict_34_of_36() -> None:
    found = judged(lifted(-100, only=["cifar10 VGG"]))["same column"]
    assert found.interval == "[0, 32]"
    assert found.verdict == "contradicted"


def test_equal_settings_decide_nothing() -> None:
    found = judged(lifted(0))
    assert found["same column"].interval == "[0, 36]"
    assert {found[name].verdict for name in ("same column", "best column", "best gain")} == {
        "undecided"
    }


def test_missing_blocks_leave_open_what_they_could_decide() -> None:
    result = grid(lambda n, p: grids.around(n, p) if n.startswith("cifar10 ") else [])
    same = judged(result)["same column"]
    assert same.verdict == "not decidable"
    assert same.ours.endswith(" of 12")
    assert same.interval.endswith(", 36]")
    # What is surely lost stays so, whatever is missing.
    lost = grid(
        lambda n, _: (
            []
            if not n.startswith("cifar10 ")
            else [8500 + 300 * (" 1 1 " in n) + o for o in grids.cases.OFFSETS]
        )
    )
    same = judged(lost)["same column"]
    assert (same.interval, same.verdict) == ("[0, 24]", "contradicted")


def test_chance_is_the_share_of_the_chosen_side() -> None:
    found = judged(lifted(0))
    assert found["same column"].chance == "24.0 of 36"
    assert found["best column"].chance == "6.0 of 9"
    assert found["interior"].chance == "4.5 of 9"


def test_picking_the_best_of_noise_is_no_gain() -> None:
    """The mean gain of pure noise is positive, and judged undecided since chance explains it."""
    generator = np.random.default_rng(1)
    gains = []
    verdicts = []
    for _ in range(3):
        result = grid(lambda *_: generator.normal(8500, 30, 15).astype(int).tolist())
        claim = judged(result)["best gain"]
        gains.append(float(claim.ours.split()[1].replace("−", "-")))
        verdicts.append(claim.verdict)
    assert np.mean(gains) > 0
    assert verdicts.count("undecided") >= 2


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_interval_holds_our_count_of_sure_contests(seed: int) -> None:
    generator = np.random.default_rng(seed)
    result = grid(
        lambda *_: generator.normal(8500, 30, 15).astype(int).tolist(), blocks=["cifar10 VGG"]
    )
    row = {"claim": "same column", "text": "", "stated": "4 of 4", "where": ""}
    (claim,) = judge(result, [row])
    low, high = (int(end) for end in claim.interval.strip("[]").split(", "))
    assert 0 <= low <= int(claim.ours.split()[0]) <= high <= 4


def test_other_counts_and_claims_are_refused() -> None:
    row = {"claim": "same column", "text": "", "stated": "34 of 35", "where": ""}
    with pytest.raises(ValueError, match="35 contests; there are 36"):
        judge(grid(grids.nothing), [row])
    with pytest.raises(ValueError, match="unknown claim 'other'"):
        judge(grid(grids.nothing), [{**row, "claim": "other"}])
