"""Curves with bands, bars and small images: what is drawn is what the panels hold."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analysis.documents.panels import (
    Curves,
    FigureBlock,
    Images,
    Map,
    Panel,
    Sampled,
    Series,
    over_seeds,
)
from analysis.figures import drawing
from analysis.figures.style import LOOKS

LAYERS = tuple(enumerate(("conv1", "conv2", "dense")))
PLACES = tuple(float(place) for place, _ in LAYERS)


def drawn(*panels: Panel, legend: tuple[Sampled, ...] = ()):
    return drawing.draw(FigureBlock(panels, legend, across=len(panels)))


def test_curves_of_seeds_are_their_median_between_the_quartiles() -> None:
    curves = [[[1, 0.1 * seed], [3, 0.5 + 0.1 * seed]] for seed in range(5)]
    series = over_seeds(curves, look=2)
    assert series.x == (1, 3)
    assert series.y == pytest.approx((0.2, 0.7))
    assert series.low == pytest.approx((0.1, 0.6))
    assert series.high == pytest.approx((0.3, 0.8))
    (axis,) = drawn(Curves((series,))).axes
    (line,), (band,) = axis.lines, axis.collections
    assert line.get_xydata() == pytest.approx(np.array([[1, 0.2], [3, 0.7]]))
    corners = {(round(x, 9), round(y, 9)) for x, y in band.get_paths()[0].vertices}
    assert corners == {(1, 0.1), (1, 0.3), (3, 0.6), (3, 0.8)}
    assert to_rgb(line.get_color()) == to_rgb(LOOKS[2].color)


def test_an_epoch_without_a_finite_value_is_left_out_of_that_run() -> None:
    series = over_seeds([[[1, 0.5], [2, None]], [[1, 0.7]], [[2, 0.9]]])
    assert (series.x, series.y) == ((1, 2), pytest.approx((0.6, 0.9)))
    assert over_seeds([[[1, None]]]).x == ()


def test_bars_of_two_networks_stand_side_by_side_at_each_layer() -> None:
    base = Series(PLACES, (64, 128, 10), 1, bars=True)
    pruned = Series(PLACES, (21, 50, 10), 0, low=(20, 45, 10), high=(25, 60, 10), bars=True)
    legend = (Sampled("bars", "base net", 1), Sampled("bars", "pruned"))
    figure = drawn(Curves((base, pruned), ticks=LAYERS), legend=legend)
    (axis,) = figure.axes
    first, second = axis.containers
    assert [bar.get_height() for bar in first] == [64, 128, 10]
    assert [bar.get_height() for bar in second] == [21, 50, 10]
    for place, left, right in zip(PLACES, first, second, strict=True):
        assert left.get_x() + left.get_width() == pytest.approx(right.get_x()) == place
    assert {bar.get_hatch() for bar in first} == {"////"}  # told apart without colour
    assert [segment[:, 1].tolist() for segment in axis.collections[0].get_segments()] == [
        [20, 25], [45, 60], [10, 10],
    ]  # fmt: skip
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["conv1", "conv2", "dense"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["base net", "pruned"]


def test_counts_over_epochs_may_stand_on_a_logarithmic_axis_with_reference_lines() -> None:
    counts = Series((1, 2, 3), (1e6, 1e4, 1e3))
    stated = Series((1, 3), (4e3, 4e3), 2, points=False)
    (axis,) = drawn(Curves((counts, stated), log=True)).axes
    assert axis.get_yscale() == "log"
    assert axis.lines[-1].get_ydata().tolist() == [4e3, 4e3]


def test_a_cell_of_a_map_without_a_value_is_empty() -> None:
    """And no zero, which would look like the least."""
    (axis,) = drawn(Map(((31, None), (40, 0)))).axes
    assert sorted(text.get_text() for text in axis.texts) == ["0", "31", "40"]
    assert len(axis.patches) == 3


def test_images_lie_in_rows_a_white_pixel_apart() -> None:
    tiles = (((0, 2), (-2, 1)), ((1, 1), (1, 1)), ((0, 0), (0, 0)))
    (axis,) = drawn(Images(tiles, across=2, title="first layer")).axes
    page = np.asarray(axis.images[0].get_array())
    assert page.shape == (5, 5, 3)
    assert page[:2, :2, 0].tolist() == [[0.5, 1.0], [0.0, 0.75]]
    assert (page[:2, 3:] == 0.75).all()
    assert (page[3:, :2] == 0.5).all()
    assert (page[3:, 3:] == 1).all()  # no fourth image
    assert (page[2] == 1).all()
    assert (page[:, 2] == 1).all()
    assert axis.get_title() == "first layer"


def test_images_of_three_channels_may_have_a_scale_each_and_methods_stand_side_by_side() -> None:
    weights = np.zeros((2, 2, 2, 3))
    weights[0, 0, 0] = (1, 0, -1)
    weights[1, 0, 0] = (0.1, 0.1, 0.1)
    tiles = tuple(weights.tolist())
    common, own = (np.asarray(axis.images[0].get_array()) for axis in drawn(
        Images(tiles, title="plain"), Images(tiles, apart=True, title="penalised")
    ).axes)  # fmt: skip
    assert common[0, 0].tolist() == own[0, 0].tolist() == [1.0, 0.5, 0.0]
    assert common[0, 3] == pytest.approx([0.55] * 3)
    assert own[0, 3].tolist() == [1.0] * 3
