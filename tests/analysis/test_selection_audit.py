"""What picking the best explains of a table's gains: of the printed Table IV, with runs and
without."""

from __future__ import annotations

import math
from dataclasses import replace

import grid_cases as cases
import numpy as np
import pytest
from rendered import facts, printed, rows

from analysis.documents.audit_document import audit_document
from analysis.statistics.selection_gain import chance_gain, held_out_best
from analysis.tables.results import TableResult
from analysis.tables.selection_audit import audit
from analysis.tables.selection_audit_results import Audit
from analysis.verdicts.choosing import Choice, Chosen
from analysis.verdicts.measure import VALIDATION_ACCURACY

VGG = "cifar10 VGG"


def alike(spread: float, seed: int = 1) -> TableResult:
    """One block of Table IV whose twelve settings are all the same, in runs."""
    generator = np.random.default_rng(seed)
    counts = {}

    def drawn(name: str, _: int) -> list[int]:
        return counts.setdefault(name, [int(n) for n in generator.normal(8800, spread, 15)])

    return cases.grid(drawn, blocks=[VGG], with_stars=False)


def test_printed_numbers_alone_are_set_beside_equal_settings() -> None:
    """VGG on CIFAR-10 prints .8884 against .8858 at the best λ: eight settings against four. The
    spread is what the block's own stars imply."""
    (group,) = audit([cases.empty()], seeds=15).groups
    assert (group.source, group.above, group.below, group.held_out) == ("printed", 8, 4, None)
    assert group.gain == pytest.approx(0.0026)
    assert group.spread
    assert group.spread.source == "stars"
    assert 0.002 < group.spread.value < 0.01
    assert group.chance == pytest.approx(group.spread.value * chance_gain(8, 4, 15))
    assert group.share == pytest.approx(group.chance / 0.0026)
    assert group.enough == pytest.approx(0.0026 / chance_gain(8, 4, 15))
    assert group.probability is not None
    assert 0 < group.probability < 0.5


def test_of_equal_settings_runs_gain_what_order_statistics_expect() -> None:
    """On average over tables; the runs' own spread is preferred to the stars'."""
    audited = [audit([alike(30, seed)], seeds=15).groups for seed in range(30)]
    found = [group for _, group in audited]
    assert {(g.spread or ("", ""))[1] for groups in audited for g in groups} == {"runs"}
    assert {(g.source, g.seeds) for g in found} == {("full", 15)}
    spreads = [g.spread.value for g in found if g.spread]
    assert np.mean(spreads) == pytest.approx(0.0030, rel=0.03)
    ours = np.mean([g.gain for g in found])
    assert ours == pytest.approx(0.0030 / math.sqrt(15) * chance_gain(8, 4), abs=0.00012)
    assert np.mean([g.chance or 0 for g in found]) == pytest.approx(ours, abs=0.00012)
    by_chance = [g.probability for g in found if g.probability is not None]
    assert np.mean(by_chance) == pytest.approx(0.5, abs=0.17)  # uniform: three standard errors
    cells = alike(30, 0).cells
    sides = [[c.values for c in cells if (c.kind == "plain") is plain] for plain in (False, True)]
    above, below = map(held_out_best, sides)
    assert found[0].held_out == pytest.approx(above.held_out - below.held_out)
    assert found[0].gain == pytest.approx(above.best - below.best)


def test_forms_stand_by_themselves_and_references_are_no_settings() -> None:
    """A reduced form of fewer settings has a gain of its own, never beside what is printed of the
    full one; what is only compared is neither setting nor baseline."""
    whole = alike(30)
    others = {c.name for c in whole.cells if c.group == VGG and c.name in whole.tested()}
    kept = {*sorted(others)[:2], *(c.name for c in whole.cells if c.kind == "plain")}
    reduced = replace(
        whole,
        about=replace(whole.about, protocol="reduced"),
        cells=tuple(cell for cell in whole.cells if cell.name in kept),
        comparisons=tuple(p for p in whole.comparisons if {p.first, p.against} <= kept),
    )
    empty = replace(whole, cells=tuple(replace(cell, runs=()) for cell in whole.cells))
    printed, ours = audit([empty, reduced], seeds=15).groups
    assert (printed.source, printed.above, printed.below) == ("printed", 8, 4)
    assert printed.gain == pytest.approx(0.0026)
    assert (ours.source, ours.above, ours.seeds) == ("reduced", 2, 15)
    assert ours.below == len({pair.against for pair in reduced.comparisons})
    (fewer, _) = audit([whole], seeds=15, references=sorted(others)[:3]).groups
    assert (fewer.above, fewer.below) == (5, 4)
    assert audit([whole], seeds=15, references=others).groups == ()


def test_best_epochs_are_averaged_by_seed() -> None:
    """Runs that were evaluated twice gain what their best epoch has; others count for nothing."""
    result = alike(30)
    cells = [
        replace(
            cell, runs=tuple(replace(r, best_correct=r.correct + 10 * r.seed) for r in cell.runs)
        )
        for cell in result.cells
    ]
    twice = {cell.name: [[[1, 0.9], [2, 0.8]]] * len(cell.runs) for cell in cells}
    (epochs,) = audit([replace(result, cells=tuple(cells), curves=twice)]).epochs
    assert (epochs.runs, epochs.evaluations) == (12 * 15, 2)
    assert epochs.gain == pytest.approx(0.007)
    assert epochs.low is not None
    assert epochs.low < 0.007 < (epochs.high or 0)
    once = {name: [curve[:1] for curve in curves] for name, curves in twice.items()}
    (alone,) = audit([replace(result, curves=once)]).epochs
    assert (alone.runs, alone.evaluations, alone.gain) == (0, 1, None)


def test_a_choice_on_held_out_images_is_compared_by_test_accuracy() -> None:
    result = cases.grid(cases.around, blocks=[VGG], with_stars=False)
    names = tuple(cell.name for cell in result.cells if cell.group == VGG)
    choice = Choice("λ", names, VALIDATION_ACCURACY)
    chosen = Chosen(choice, names[0], names[0], 0.9, len(names))
    (found,) = audit([replace(result, chosen=(chosen,))]).choices
    assert found.held_out == pytest.approx(0.8754, abs=2e-4)
    assert found.on_test == pytest.approx(0.8884, abs=2e-4)


def document_cases() -> list[Audit]:
    return [audit([cases.empty()], seeds=15), audit([alike(30)], seeds=15)]


@pytest.mark.parametrize("width", [80, 120])
def test_it_reads_at_both_widths_and_holds_its_numbers(width: int) -> None:
    document = audit_document(document_cases())
    text = printed(document, width)
    long = replace(document_cases()[1].groups[1], table="a-paper-of-28-letters/table-12")
    columns = printed(audit_document([Audit((), (long,), ())]), width)
    assert max(map(len, columns.splitlines())) <= width
    assert "chosen" in columns  # the last column is not cut off by the long name
    assert "+0.26" in text
    assert "stars" in text
    line = next(line for line in rows(document) if line["spread_source"] == "stars")
    assert (line["group"], line["source"], line["seeds"]) == (VGG, "printed", "15")
    assert (line["above"], line["below"]) == ("8", "4")
    assert float(line["share"]) == pytest.approx(float(line["chance"]) / 0.0026)
    told = facts(document)["tables"][0]["groups"][0]
    assert (told["source"], told["gain"]) == ("printed", pytest.approx(0.0026))
