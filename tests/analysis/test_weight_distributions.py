"""Figure 1's bins and quantiles count every filter once, whatever the weights are."""

from __future__ import annotations

import warnings
from collections import defaultdict

import numpy as np
import pytest
import rendered
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.documents.blocks import Document, Grid
from analysis.documents.panels import FigureBlock
from analysis.figures import drawing
from analysis.papers.locality import weight_distributions as report
from analysis.papers.locality.weight_distributions import (
    DECADES,
    POSITIONS,
    QUANTILES,
    distributions,
)

MAGNITUDES = st.one_of(
    st.just(0.0), st.floats(2.0**-60, 1.0, width=32), st.floats(-1.0, -(2.0**-60), width=32)
)
FILTERS = st.integers(1, 40).flatmap(lambda n: arrays(np.float32, (n, 3, 3), elements=MAGNITUDES))


def layers(count: int, filters: int = 200) -> list[tuple[str, np.ndarray]]:
    """Layers whose centres are twice, whose corners half as large as the edges."""
    random = np.random.default_rng(3)
    scale = np.array([[0.5, 1, 0.5], [1, 2, 1], [0.5, 1, 0.5]])
    return [
        (f"layer{k}", (random.standard_normal((filters, 3, 3)) * scale * 0.1).astype(np.float32))
        for k in range(count)
    ]


def made(count: int = 9) -> Document:
    return document(layers(count))


def document(values: list[tuple[str, np.ndarray]]) -> Document:
    details = ["with a note"]
    return report.document(values, "a network", {}, details=details, facts={"file": "a.pt"})


def figure(document: Document) -> FigureBlock:
    (block,) = (block for block in document.blocks if isinstance(block, FigureBlock))
    return block


@given(st.lists(FILTERS, min_size=1, max_size=8))
def test_every_filter_is_counted_once(filters):
    found, limits = distributions([(str(k), values) for k, values in enumerate(filters)])
    edges = np.array(limits)
    assert (np.diff(edges) > 0).all()
    assert np.log10(edges[-1] / edges[0]) <= DECADES + 1e-9
    for panel in found:
        values = filters[panel.layer - 1]
        assert panel.filters == len(values)
        assert panel.dead == sum((one == 0).all() for one in values)
        for name, (row, column) in POSITIONS.items():
            series = panel.positions[name]
            sample = np.abs(values[:, row, column].astype(float))
            assert sum(series.counts) + series.below + series.zeros == len(sample)
            assert series.zeros == (sample == 0).sum()
            assert series.below == ((sample > 0) & (sample < edges[0])).sum()
            assert list(series.quantiles) == list(QUANTILES)
            values_at = list(series.quantiles.values())
            assert values_at == pytest.approx(np.quantile(sample, QUANTILES))
            assert sample.max() < edges[-1]
            for low, high, count in zip(edges[:-1], edges[1:], series.counts, strict=True):
                assert count == ((sample >= low) & (sample < high)).sum()


@pytest.mark.parametrize(
    ("count", "numbers"),
    [(1, [1]), (2, [1, 2]), (5, [1, 2, 3, 4, 5]), (6, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 3, 5, 6, 7])],
)
def test_the_first_and_the_last_three_layers(count, numbers):
    found, _ = distributions(layers(count))
    assert [panel.layer for panel in found] == numbers
    assert [panel.name for panel in found] == [f"layer{n - 1}" for n in numbers]


def test_positions_are_the_captions():
    filters = np.zeros((1, 3, 3), np.float32)
    filters[0, 1, 1], filters[0, 1, 0], filters[0, 0, 0] = 0.5, -0.25, 0.125
    ((panel,), _) = distributions([("only", filters)])
    assert panel.medians() == [0.5, 0.25, 0.125]


def test_dead_filters_do_not_stretch_the_axis():
    (name, filters), *_ = layers(1, 1000)
    filters[:200] *= 1e-20
    found, edges = distributions([(name, filters)])
    assert edges[0] >= edges[-1] * 10.0 ** -(DECADES + 1e-9)
    assert min(found[0].of_each("below")) >= 200
    (line,) = report.unseen(found, edges[0])
    assert "below" in line


def test_the_report_says_where_the_medians_fall():
    found = made()
    assert rendered.facts(found)["statements"] == [
        "The centre's median is above the edge's in 6 of 6 layers.",
        "The edge's median is above the corner's in 6 of 6 layers.",
    ]
    (grid,) = (block for block in found.blocks if isinstance(block, Grid))
    ratios = [[cell.value for cell in row.cells[5:]] for row in grid.rows]
    assert np.array(ratios) == pytest.approx(2, rel=0.35)


def test_zeros_are_told():
    (name, filters), *_ = layers(1)
    filters[:7] = 0
    filters[7, 1, 1] = 0
    found, edges = distributions([(name, filters)])
    (line,) = report.unseen(found, edges[0])
    assert line == ("Layer 1, centre/edge/corner, exactly 0: 8/7/7; 7 filters are 0 throughout.")


def test_the_csv_adds_up():
    sums, quantiles = defaultdict(int), set()
    for row in rendered.rows(made()):
        if row["quantity"].startswith("quantile"):
            quantiles.add(row["quantity"])
        else:
            sums[row["layer"], row["position"]] += int(row["value"])
    assert set(sums.values()) == {200}
    assert len(sums) == 18
    assert len(quantiles) == len(QUANTILES)


def test_the_json_holds_the_same_counts():
    found = rendered.facts(made())
    panel = found["panels"][0]
    assert found["source"] == {"title": "a network", "file": "a.pt"}
    assert sum(panel["positions"]["edge"]["counts"]) + panel["positions"]["edge"]["below"] == 200
    assert len(found["edges"]) == len(panel["positions"]["edge"]["counts"]) + 1


@pytest.mark.parametrize(("count", "rows"), [(2, 1), (5, 2), (9, 2)])
def test_a_panel_a_layer_with_three_curves_and_medians(count, rows):
    drawn = drawing.draw(figure(made(count)))
    shown = [axis for axis in drawn.axes if axis.get_visible()]
    assert len(shown) == min(count, 6)
    assert len(drawn.axes) == min(count, 3) * rows
    assert drawn.get_suptitle() == "a network"
    for axis in shown:
        assert axis.get_xscale() == "log"
        curves = [patch for patch in axis.patches if hasattr(patch, "get_data")]
        assert len({curve.get_linestyle() for curve in curves}) == 3  # apart without colour
        points = [line for line in axis.lines if line.get_marker() != "None"]
        assert len({(p.get_marker(), p.get_markerfacecolor()) for p in points}) == 3
        medians = [line.get_xdata()[0] for line in axis.lines if line.get_marker() != "None"]
        assert medians == sorted(medians, reverse=True)


def test_the_files_are_the_same_again():
    first, second = (drawing.files(figure(made())) for _ in range(2))
    assert first == second
    assert first["png"].startswith(b"\x89PNG")
    assert first["pdf"].startswith(b"%PDF")


@pytest.mark.parametrize("zeros", [1, 3])
def test_layers_of_zeros_are_drawn_as_such_without_a_warning(zeros):
    values = layers(3)
    for _, filters in values[:zeros]:
        filters[:] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = drawing.draw(figure(document(values)))
        drawing.files(figure(document(values)))
    for number, axis in enumerate(drawn.axes):
        texts = [text.get_text() for text in axis.texts if text.get_text()]
        assert texts == ([report.ALL_ZERO] if number < zeros else [])
        assert axis.get_ylim()[0] == 0 < axis.get_ylim()[1]
