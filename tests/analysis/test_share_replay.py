"""The printed rows of Table I hold together; rows that were altered do not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analysis.papers.locality import share_replay, share_results
from analysis.papers.locality.share_replay import (
    Printed,
    Rows,
    attainable,
    lower_weight,
    mixture,
    read_printed,
    read_structures,
)
from analysis.papers.locality.shares import Interval, Share
from analysis.statistics.stars import stars
from reproduce.store.paths import PAPER_TABLES

Lines = list[dict[str, str]]


def rows(file: str) -> Lines:
    with open(PAPER_TABLES / "locality" / file, encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


PRINTED = read_printed(rows("table1.csv"))
STRUCTURES = read_structures(rows("table1_layers.csv"))


def changed(arch: str, part: str, comparison: str, **values: str) -> Rows:
    """The printed rows with one number replaced."""
    place = (arch, part, f"{comparison} > {'neighbour' if comparison == 'centre' else 'corner'}")
    return {**PRINTED, place: replace(PRINTED[place], **values)}


def test_the_printed_rows_hold_together() -> None:
    found = share_replay.replay(PRINTED, STRUCTURES)
    assert len(found.mixtures) == 10
    assert len(found.attainable) == 30
    assert found.holds


def test_the_shares_of_the_lower_halves() -> None:
    weights = {arch: f"{float(lower_weight(known)):.4f}" for arch, known in STRUCTURES.items()}
    assert weights == {
        "VGG16": "0.0778",
        "ResNet50": "0.1140",
        "InceptionV3": "0.0778",
        "Xception": "0.4360",
        "MobileNet": "0.1899",
    }


def test_the_middle_layer_of_vgg16_does_not_belong_below() -> None:
    found = share_replay.replay(PRINTED, STRUCTURES, "ceil")
    assert [(m.arch, m.comparison) for m in found.mixtures if not m.holds] == [
        ("VGG16", "neighbour > corner")
    ]


@pytest.mark.parametrize(
    ("arch", "part", "comparison", "text"),
    [
        ("VGG16", "all", "centre", "0.559"),
        ("VGG16", "upper", "neighbour", "0.497"),
        ("ResNet50", "upper", "centre", "0.541"),
        ("InceptionV3", "all", "neighbour", "0.448"),
        ("Xception", "lower", "neighbour", "0.575"),
        ("Xception", "all", "centre", "0.627"),
        ("MobileNet", "all", "centre", "0.631"),
        ("MobileNet", "lower", "neighbour", "0.785"),
    ],
)
def test_a_total_that_is_no_mixture_is_found(
    arch: str, part: str, comparison: str, text: str
) -> None:
    altered = changed(arch, part, comparison, text=text)
    found = share_replay.replay(altered, STRUCTURES)
    assert [m.arch for m in found.mixtures if not m.holds] == [arch]
    assert not found.holds


@pytest.mark.parametrize(
    ("arch", "part", "comparison", "mark"),
    [
        ("VGG16", "all", "centre", ""),
        ("VGG16", "all", "neighbour", "**"),
        ("MobileNet", "upper", "neighbour", "*"),
        ("Xception", "all", "neighbour", "*"),
    ],
)
def test_stars_that_cannot_be_are_found(arch: str, part: str, comparison: str, mark: str) -> None:
    found = share_replay.replay(changed(arch, part, comparison, stars=mark), STRUCTURES)
    assert [(a.printed.arch, a.printed.part) for a in found.attainable if not a.holds] == [
        (arch, part)
    ]
    assert all(m.holds for m in found.mixtures)


@pytest.mark.parametrize("mark", ["", "*", "**", "***"])
def test_any_stars_fit_vgg16s_upper_half(mark: str) -> None:
    """.499 of 1.5 million filters leaves p between 2e-4 and .22."""
    altered = changed("VGG16", "upper", "neighbour", stars=mark)
    found = share_replay.replay(altered, STRUCTURES)
    assert found.holds
    (row,) = (a for a in found.attainable if a.printed.text == "0.499")
    assert row.low == pytest.approx(2.3e-4, rel=0.02)
    assert row.high == pytest.approx(0.22, rel=0.02)


@given(st.integers(1, 1500), st.integers(0, 1000))
def test_attainable_stars_are_those_of_all_counts_that_round(n: int, thousandths: int) -> None:
    text = f"{thousandths / 1000:.3f}"
    value = Fraction(thousandths, 1000)
    counts = [k for k in range(n + 1) if abs(Fraction(k, n) - value) <= Fraction(1, 2000)]
    p_values = [binomtest(k, n).pvalue for k in counts]
    found = attainable(Printed("a", "all", "centre > neighbour", text, ""), n)
    assert found.stars == {stars(p) for p in p_values}
    if p_values:
        assert found.low == pytest.approx(min(p_values))
        assert found.high == pytest.approx(max(p_values))
    else:
        assert (found.low, found.high, found.holds) == (None, None, False)


@given(
    st.lists(st.tuples(st.integers(1, 9999), st.floats(0, 1)), min_size=2, max_size=2),
)
def test_rounded_halves_of_a_true_total_always_fit(halves: list[tuple[int, float]]) -> None:
    counts = [(round(n * p), n) for n, p in halves]
    total = Fraction(sum(k for k, _ in counts), sum(n for _, n in counts))
    shares = [total, *(Fraction(k, n) for k, n in counts)]
    all_, lower, upper = (
        Printed("a", part, "centre > neighbour", f"{float(value):.3f}", "")
        for part, value in zip(("all", "lower", "upper"), shares, strict=True)
    )
    weight = Fraction(counts[0][1], sum(n for _, n in counts))
    assert mixture(weight, all_, lower, upper).holds


def measured(larger: int, filters: int, p_value: float) -> Share:
    return Share(2, filters, larger, 0, p_value, Interval(0, 1), None, None)


@pytest.mark.parametrize(
    ("larger", "p_value", "word"),
    [
        (5494, 1e-9, "reproduced"),
        (5485, 1e-9, "reproduced"),
        (5495, 1e-9, "reproduced"),
        (5496, 1e-9, "share differs"),
        (5484, 1e-9, "share differs"),
        (5490, 0.05, "stars differ"),
        (5600, 0.5, "both differ"),
    ],
)
def test_a_measured_number_has_the_printed_share_and_stars(
    larger: int, p_value: float, word: str
) -> None:
    printed = Printed("VGG16", "all", "centre > neighbour", "0.549", "***")
    assert share_results.verdict(printed, measured(larger, 10_000, p_value)) == word


def _without(column: str) -> Callable[[Lines], Lines]:
    return lambda found: [{k: v for k, v in row.items() if k != column} for row in found]


def _with(column: str, value: str) -> Callable[[Lines], Lines]:
    return lambda found: [{**found[0], column: value}, *found[1:]]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_without("stars"), "no column 'stars'"),
        (_with("part", "middle"), "unknown entry 'middle'"),
        (_with("comparison", "edge"), "unknown entry"),
        (_with("value", "54.9"), "unknown entry"),
        (_with("value", "0.5491"), "unknown entry"),
        (_with("value", "1.5"), "no share"),
        (_with("stars", "****"), "no share with stars"),
        (lambda found: found[1:], "no entry for VGG16, all, centre > neighbour"),
        (lambda found: [found[0], *found], "two entries for VGG16"),
    ],
)
def test_damaged_rows_are_named(damage: Callable[[Lines], Lines], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_printed(damage(rows("table1.csv")))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_without("groups"), "no column 'groups'"),
        (_with("layer", "2"), "layer 2 of VGG16 is out of order"),
        (_with("groups", "0"), "has no filters"),
        (_with("inputs", "three"), "three"),
    ],
)
def test_damaged_layers_are_named(damage: Callable[[Lines], Lines], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_structures(damage(rows("table1_layers.csv")))


def test_a_network_without_layers_is_named() -> None:
    known = [row for row in rows("table1_layers.csv") if row["arch"] != "Xception"]
    with pytest.raises(ValueError, match="no layers of Xception"):
        read_structures(known, set(STRUCTURES))
