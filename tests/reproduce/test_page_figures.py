"""What the page tells of the figures of all committed results."""

from __future__ import annotations

import math
import re
from collections import Counter

import pytest

from analysis.documents.panel_texts import places
from analysis.documents.panels import Curves, FigureBlock, Images, Map
from analysis.figures.drawing import svg
from analysis.rendering.figure_values import values
from reproduce.catalogue.papers import papers
from reproduce.commands import page
from reproduce.store.paths import ROOT

pytestmark = pytest.mark.slow
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
ROUNDING = 0.05  # of a doubling, by which the text of a tick is rounded


@pytest.fixture(scope="module")
def blocks() -> list[FigureBlock]:
    """Every figure of the papers' entries."""
    found: list[FigureBlock] = []

    def kept(block: FigureBlock) -> str:
        found.append(block)
        return "<svg></svg>"

    page.page_of(ROOT / "results", [paper.name for paper in papers()], kept)
    assert len(found) > 40
    return found


def number_of(text: str) -> float | None:
    """Of a tick or a place, such as "2k", "10²" or "1,000"; None of a name."""
    if raised := re.fullmatch("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text):
        return 10.0 ** int(raised[1].translate(RAISED))
    if not re.fullmatch(r"-?[\d,.]+(e-?\d+)?k?", text):
        return None
    value = float(text.removesuffix("k").replace(",", ""))
    return 1000 * value if text.endswith("k") else value


def drawn_at(panel: Curves, told: float, x: float) -> bool:
    """Whether what is told stands at x: itself, the tick or whole number that is nearest, or on the
    logarithmic scale that the ticks' texts show."""
    ticks = [(place, value) for place, text in panel.ticks if (value := number_of(text))]
    scaled = [(place, value) for place, value in ticks if value != place]
    if not scaled:
        return math.isclose(told, x, rel_tol=1e-5) or (
            panel.whole and told == int(told) and abs(told - x) <= 0.5
        )
    (place, value), (last, end) = ticks[0], ticks[-1]
    share = math.log(told / value) / math.log(end / value)
    return abs(place + share * (last - place) - x) < ROUNDING


def test_every_place_is_a_true_one(blocks: list[FigureBlock]) -> None:
    """No exponent, and no place beside the true one."""
    wrong = []
    for block in blocks:
        for panel in (panel for panel in block.panels if isinstance(panel, Curves)):
            for series in panel.series:
                texts = places(panel, series)
                assert len(texts) == len(series.x)
                for text, x in zip(texts, series.x, strict=True):
                    told = number_of(text)
                    if told is None:
                        is_right = (x, text) in panel.ticks
                    else:
                        counts = not panel.whole or told == int(told)
                        is_right = counts and drawn_at(panel, told, x)
                    if not is_right:
                        wrong.append((block.title, series.name, text, x))
    assert not wrong


def test_every_line_says_whose_values_it_has(blocks: list[FigureBlock]) -> None:
    without = []
    for block in blocks:
        heads, lines = values(block)
        if not lines:
            without.append(block)
            continue
        named = [dict(zip(heads, line, strict=True)) for line in lines]
        keys = Counter((n.get("panel"), n.get("at"), n["series"]) for n in named)
        assert max(keys.values()) == 1, (block.title, keys.most_common(3))
        assert all(line["series"] for line in named), block.title
        assert all(any(line.get(h) for h in ("values", "median", "published")) for line in named)
    # Of small images nothing is told, nor of what has no run yet.
    for block in without:
        assert all(isinstance(panel, Images) for panel in block.panels), block.title


def test_every_figure_has_its_values_under_the_pointer(blocks: list[FigureBlock]) -> None:
    """But maps, whose numbers are written in them, and small images."""
    for block in blocks:
        if not all(isinstance(panel, Images | Map) for panel in block.panels):
            titles = re.findall(r"<title>([^<]*)</title>", svg(block))
            assert titles, block.title
            assert all(re.fullmatch(r".+: \S.*", title) for title in titles), block.title
