"""What is told of figures' values, in tables and under the pointer: whose, where, and how much."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
import table_cases as cases
from rendered import figure_of

from analysis.documents.panel_texts import number
from analysis.documents.panels import (
    Bins,
    Curves,
    DotPanel,
    Dots,
    FigureBlock,
    Histogram,
    Images,
    Map,
    Panel,
    Plane,
    Ring,
    Series,
    Spot,
    Stroke,
    over_seeds,
)
from analysis.figures import drawing
from analysis.papers.beta_lasso import description_length_document, growth
from analysis.papers.beta_lasso.counts import Size
from analysis.papers.beta_lasso.description_length import Bound
from analysis.papers.compactnets import by_depth
from analysis.rendering.figure_values import values
from analysis.tables.results import CellResult

SERIES = Series((0, 1, 2), (1.0, 2e6, 0.5), name="ours", at=("1", "2", "4"))
DOTS = Dots(0.3, (0.51, math.inf, 0.53), 1, name="plain", at="10 %", seeds=(0, 1, 4))


def lines(*panels: Panel) -> list[dict[str, str]]:
    """The table's lines by its heads."""
    heads, found = values(FigureBlock(panels))
    return [dict(zip(heads, line, strict=True)) for line in found]


def titles(*panels: Panel) -> list[str]:
    """What the SVG shows under the pointer."""
    return re.findall(r"<title>([^<]*)</title>", drawing.svg(FigureBlock(panels)))


def test_places_are_the_true_ones_wherever_they_are_drawn() -> None:
    ticks = ((0.0, "1"), (2.0, "4"))
    (line,) = lines(Curves((SERIES,), "weights", "α", ticks=ticks))
    assert line == {
        "panel": "weights", "series": "ours", "at": "α",
        "values": "1: 1; 2: 2,000,000; 4: 0.5",
    }  # fmt: skip
    named = replace(SERIES, at=())
    (line,) = lines(Curves((named,), ticks=((0.0, "a"), (1.0, "b"), (2.0, "c"))))
    assert line["values"] == "a: 1; b: 2,000,000; c: 0.5"
    (line,) = lines(Curves((named,), ticks=((0.0, "none"),)))  # not of all places: then of none
    assert line["values"] == "0: 1; 1: 2,000,000; 2: 0.5"


def test_intervals_and_bands_are_told() -> None:
    band = over_seeds([[[1, 0.1], [5, 0.5]], [[1, 0.3], [5, 0.9]]], 2, 100, "SGD")
    (line,) = lines(Curves((band,), x_title="epoch"))
    assert line["values"] == "1: 20 [15, 25]; 5: 70 [60, 80]"
    (alone,) = lines(Curves((over_seeds([[[1, 0.1]]], name="SGD"),)))
    assert alone["values"] == "1: 0.1"
    assert titles(Curves((band,))) == ["SGD, 1: 20 [15, 25]", "SGD, 5: 70 [60, 80]"]


def test_a_cells_line_has_its_median_and_no_line_is_empty() -> None:
    whole = replace(DOTS, median=0.53, interval=(0.51, math.inf), published=0.6, diverged=2)
    panel = DotPanel(
        (whole, Dots(1, (), empty="missing", name="other"), Dots(2, (), heading="p = .03")),
        ((0.0, "10 %"),),
        "cifar10",
    )
    (line,) = lines(panel)
    assert line == {
        "panel": "cifar10", "series": "plain", "at": "10 %", "values": "0.51, ∞, 0.53, 2 diverged",
        "median": "0.53 [0.51, ∞]", "published": "0.6",
    }  # fmt: skip


def test_dots_tell_their_cell_and_seed() -> None:
    """Also behind a value that cannot be drawn."""
    panel = DotPanel((replace(DOTS, published=0.6),), ((0.3, "10 %"),))
    assert titles(panel) == [
        "plain, 10 %, seed 0: 0.510",
        "plain, 10 %, seed 4: 0.530",
        "plain, 10 %, published: 0.600",
    ]
    text = drawing.svg(FigureBlock((DotPanel((replace(DOTS, median=0.53),), ((0.3, ""),)),)))
    assert text.count('<g pointer-events="none">') == 1  # its median covers a point
    nameless = DotPanel((replace(DOTS, seeds=(), name="a|b"),), ((0.3, ""),))
    assert titles(nameless) == ["a¦b, 10 %: 0.510", "a¦b, 10 %: 0.530"]


def test_bars_and_histograms_have_their_values_under_the_pointer() -> None:
    bars = replace(SERIES, y=(3.0, 0.0, 5.0), bars=True)
    assert titles(Curves((bars,))) == ["ours, 1: 3", "ours, 2: 0", "ours, 4: 5"]
    bins = Bins((1e-3, 1e-2, 1e-1), (Histogram((0.25, 0.0), 0.004, 0, "centre"),), "layer 1")
    assert titles(bins) == [
        "centre, median: 0.004",
        "centre, 0.001 to 0.01: 25 %",
        "centre, 0.01 to 0.1: 0 %",
    ]
    (line,) = lines(bins)
    assert (line["values"], line["median"]) == ("0.001 to 0.01: 25 %", "0.004")


def test_what_an_axis_cannot_show_has_no_title() -> None:
    zero = Series((1, 2, 3), (0.0, 5.0, math.nan), name="weights")
    assert titles(Curves((zero,), log=True)) == ["weights, 2: 5"]


def test_circles_lie_on_the_drawn_line_and_in_no_other_file() -> None:
    block = FigureBlock((Curves((Series((0, 10), (0.0, 1.0), points=False, name="a"),)),))
    text = drawing.svg(block)
    (path,) = re.findall(r'<path d="M ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \n" clip-path="[^"]*"'
                         r' style="fill: none; stroke: #1f4e79', text)  # fmt: skip
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', text)
    ends = [tuple(map(float, path[:2])), tuple(map(float, path[2:]))]
    assert [tuple(map(float, c)) for c in circles] == [pytest.approx(e, abs=0.06) for e in ends]
    assert text.count("<g") == text.count("</g>")
    (axis,) = drawing.draw(block).axes
    assert len(axis.lines) == 1


def test_maps_and_planes_have_tables() -> None:
    map_ = Map(((31, None), (4000, 0)), (), "kernel")
    assert lines(map_) == [
        {"panel": "kernel", "series": "row 1", "at": "by column", "values": "1: 31"},
        {"panel": "kernel", "series": "row 2", "at": "by column", "values": "1: 4,000; 2: 0"},
    ]
    names: Any = {"row_names": ("0.1", "1"), "column_names": ("3", "5")}
    (first, _) = lines(replace(map_, **names, x_title="depth", y_title="ρ"))
    assert (first["series"], first["at"], first["values"]) == ("ρ 0.1", "by depth", "3: 31")
    plane = Plane(
        (Ring(0, 0, 0.44, name="level 1"), Ring(0, 0, 1)),
        (Stroke((0, 0), (1, 0)), Stroke((0, 0), (1, 0), label="90°", name="w1 and w2")),
        (Spot(0.5, -1, 0, "w1"), Spot(0, 0), Spot(1, 1, name="w2")),
    )
    assert [tuple(line.values()) for line in lines(plane)] == [
        ("w1", "place", "(0.500, −1.000)"),
        ("w2", "place", "(1.000, 1.000)"),
        ("level 1", "radius", "0.44"),
        ("w1 and w2", "line", "90°"),
    ]
    assert sorted(titles(plane)) == [
        "level 1: radius 0.44",
        "w1: (0.500, −1.000)",
        "w2: (1.000, 1.000)",
    ]
    assert not lines(Images((((0, 1),),)))


def test_panels_of_one_title_are_told_apart_by_what_they_show() -> None:
    shown = [Curves((SERIES,), "cifar10", "M", y) for y in ("test, %", "training, %")]
    assert [line["panel"] for line in lines(*shown)] == ["cifar10, test, %", "cifar10, training, %"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(105067.6, "105,068"), (0.000123, "0.000123"), (-2.5, "−2.5"), (999.9, "999.9"), (0, "0")],
)
def test_counts_are_told_in_full(value: float, text: str) -> None:
    assert number(value) == text


def test_a_tables_figures_tell_every_seed() -> None:
    result = cases.complete()
    block = figure_of(result)
    heads, found = values(block)
    assert heads == ("series", "values", "median", "published")
    names = [line[0] for line in found]
    assert len(set(names)) == len(names)
    cell: CellResult = result.cell(names[0])
    shown = re.findall(r"<title>([^<]*)</title>", drawing.svg(block))
    for run in cell.runs:
        (title,) = {t for t in shown if t.startswith(f"{cell.name}, seed {run.seed}: ")}
        assert float(title.rsplit(": ")[-1]) == pytest.approx(run.accuracy, abs=1e-5)
    empty = values(figure_of(cases.empty()))[1]
    assert all(any(line[1:]) for line in empty)


def test_exponents_and_places_side_by_side_are_told_as_what_they_stand_for() -> None:
    found = [growth.Point("alpha", "D-CONV", Size(2**e), 4.0**e, 4**e, None) for e in range(5)]
    for series in growth._series(found, 0, "CONV"):
        assert series.at == ("1", "2", "4", "8", "16")
        assert series.x == (0, 1, 2, 3, 4)
    figure = description_length_document._figure(Bound(16, 50_000, 10**4, 100, 100, 0.05))
    for line in values(figure)[1]:
        assert line[-1].startswith("100: ")
        assert "; 178: " in line[-1]
    cell = CellResult("a 3", parameters=(("depth", "3"),), title="a", median=0.5)
    other = replace(cell, name="b 3", title="b")
    result = replace(cases.complete(), cells=(cell, other))
    (panel,) = by_depth.figure(result, "gap", "gap").panels
    assert isinstance(panel, Curves)
    assert [series.at for series in panel.series] == [("3",), ("3",)]
    assert len({series.x for series in panel.series}) == 2
