"""The figure shows every seed of every cell, and readably."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import table_cases as cases
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from rendered import figure_of

from analysis.figures import drawing
from analysis.figures.style import LOOKS

CASES: dict[str, Any] = {
    "complete": cases.complete,
    "mixed": cases.mixed,
    "sparse": cases.sparse,
    "empty": cases.empty,
    "quick": cases.five_each,
    "all diverged": lambda: cases.full(
        cases.frame({"plain 1 1": [1000] * 15}).assign(diverged=True)
    ),
    "equal": lambda: cases.full(cases.frame({"plain 1 1": [8790] * 15})),
}


def markers(figure: Figure, shape: str) -> list[tuple[float, float]]:
    """Positions of all markers of a shape, panels in order."""
    return [
        (float(x), float(y))
        for axis in figure.axes
        for line in axis.lines
        if line.get_marker() == shape
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def texts(figure: Figure) -> list[Any]:
    """Visible, non-empty texts; watermarks stand behind everything and may be overlapped."""
    found = [text for axis in figure.axes for text in axis.texts if text.get_zorder() > 0]
    found += [label for axis in figure.axes for label in axis.get_xticklabels()]
    return [text for text in [*found, figure._suptitle] if text is not None and text.get_text()]


def test_every_seed_is_a_point_and_every_published_value_a_diamond() -> None:
    result = cases.complete()
    figure = drawing.draw(figure_of(result))
    points = markers(figure, "o")
    assert len(points) == 16 * 15
    expected = sorted(
        run.accuracy
        for row in result.comparisons
        for name in (row.first, row.second)
        for run in result.cell(name).runs
    )
    assert sorted(y for _, y in points) == expected
    assert len(markers(figure, "D")) == 16


def test_pairs_differ_without_colour() -> None:
    figure = drawing.draw(figure_of(cases.complete()))
    faces = [
        line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "o"
    ]
    assert faces == [LOOKS[0].color, "white"] * 4


def test_medians_and_intervals_are_drawn() -> None:
    result = cases.complete()
    axis = drawing.draw(figure_of(result)).axes[0]
    for container, name in zip(axis.containers, cases.NAMES[:1], strict=False):
        interval = result.cell(name).interval
        assert interval is not None
        (segment,) = container.lines[2][0].get_segments()
        assert segment[:, 1] == pytest.approx([interval.low, interval.high])
    assert len(axis.containers) == 8


def test_missing_cells_keep_their_place() -> None:
    figure = drawing.draw(figure_of(CASES["sparse"]()))
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert words.count("missing") == 12
    ticks = [label.get_text() for axis in figure.axes for label in axis.get_xticklabels()]
    assert len(ticks) == 16
    assert sum("0/15" in tick for tick in ticks) == 12
    assert len(markers(figure, "o")) == 4


def test_diverged_runs_are_crosses_in_a_band_below_the_scale() -> None:
    result = cases.mixed()
    figure = drawing.draw(figure_of(result))
    crosses = markers(figure, "x")
    assert len(crosses) == 2
    assert max(y for _, y in crosses) < min(y for _, y in markers(figure, "o"))
    assert "2 diverged" in figure.axes[0].get_xticklabels()[1].get_text()
    limits = {axis.get_ylim() for axis in figure.axes}
    assert len(limits) == 1
    assert min(tick for axis in figure.axes for tick in axis.get_yticks()) > max(
        y for _, y in crosses
    )


def test_a_cell_that_is_compared_with_nothing_has_a_panel() -> None:
    result = replace(cases.complete(), comparisons=())
    figure = drawing.draw(figure_of(result))
    assert len(figure.axes) == 1
    assert len(markers(figure, "o")) == 195


def test_quick_is_labelled() -> None:
    figure = drawing.draw(figure_of(cases.five_each()))
    assert figure._suptitle is not None
    assert "QUICK: not comparable" in figure._suptitle.get_text()
    assert all("QUICK" in [t.get_text() for t in axis.texts] for axis in figure.axes)
    assert not markers(figure, "D")


@pytest.mark.parametrize("name", CASES)
def test_texts_lie_within_the_figure_and_apart(name: str) -> None:
    figure = drawing.draw(figure_of(CASES[name]()))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts(figure)]
    whole = Bbox([[-0.5, -0.5], [figure.bbox.width + 0.5, figure.bbox.height + 0.5]])
    for box in boxes:
        assert whole.contains(box.x0, box.y0)
        assert whole.contains(box.x1, box.y1)
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)


def test_points_of_nearly_equal_height_stand_side_by_side() -> None:
    points = markers(drawing.draw(figure_of(cases.complete())), "o")
    assert len({(round(x, 6), round(y, 9)) for x, y in points[: 8 * 15]}) == 8 * 15
    # Fifteen equal counts have seven lanes; what is beyond is drawn on top, never dropped.
    equal = markers(drawing.draw(figure_of(CASES["equal"]())), "o")
    assert len(equal) == 4 * 15
    assert len({round(x, 6) for x, _ in equal}) == 4 * 7


def test_files_are_the_same_bytes_again() -> None:
    first, second = cases.five_each(), cases.five_each.__wrapped__()
    assert drawing.files(figure_of(first)) == drawing.files(figure_of(second))


def test_the_png_has_200_dots_per_inch(tmp_path: Any) -> None:
    path = tmp_path / "figure.png"
    written = drawing.files(figure_of(cases.complete()))
    path.write_bytes(written["png"])
    pixels = matplotlib.image.imread(path)
    size = drawing.draw(figure_of(cases.complete())).get_size_inches()
    assert (pixels.shape[1], pixels.shape[0]) == tuple(np.floor(size * 200).astype(int))
    assert written["pdf"].startswith(b"%PDF")
