"""A table's report shows how its cells' runs learned, where they were evaluated more than once."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import grid_cases as grids
import pytest
import table_cases as cases
from rendered import figure_of, json_of

from analysis.documents.panels import Curves, FigureBlock
from analysis.documents.table_document import table_document
from analysis.figures import drawing
from analysis.tables.results import TableResult
from analysis.verdicts.measure import ACCURACY, NON_ZERO


def learned(result: TableResult, epochs: tuple[int, ...] = (1, 2, 4)) -> TableResult:
    """The table with a curve a run that rises to the run's accuracy, a seed a little later."""
    curves = {
        cell.name: [
            [[epoch, run.accuracy - 0.1 / epoch - 0.01 * run.seed] for epoch in epochs]
            for run in cell.runs
        ]
        for cell in result.cells
    }
    return replace(result, curves=curves)


def curves_of(result: TableResult) -> FigureBlock:
    blocks = table_document(result).blocks
    return next(b for b in blocks if isinstance(b, FigureBlock) and b.name == "curves")


def test_pairs_have_a_panel_each_with_the_median_of_both_cells() -> None:
    result = learned(cases.complete())
    figure = curves_of(result)
    assert len(figure.panels) == 8
    assert figure.panels[0].title == "upper 1: locality 1.6 2.4\nand permuted 2.4 1.6"
    axis = drawing.draw(figure).axes[0]
    permuted, locality = axis.lines
    assert locality.get_xdata().tolist() == [1, 2, 4]
    expected = sorted(points[-1][1] for points in result.curves["locality 1.6 2.4"])[7]
    assert locality.get_ydata()[-1] == pytest.approx(expected)
    assert permuted.get_linestyle() != locality.get_linestyle()
    assert len(axis.collections) == 2  # a band each


def test_a_grid_has_a_panel_a_column_with_runs_and_a_line_a_setting() -> None:
    """Of λ = 0.002 no run is in."""
    figure = curves_of(learned(grids.partial()))
    titles = [panel.title for panel in figure.panels]
    assert titles == [f"cifar10 VGG, λ = {step}" for step in ("0.00025", "0.0005", "0.001")]
    assert [sampled.label for sampled in figure.legend] == ["(1, 1)", "(1.4, 1.56)", "(1.8, 2.13)"]
    shown = [
        [bool(series.x) for series in panel.series]
        for panel in figure.panels
        if isinstance(panel, Curves)
    ]
    assert shown == [[True] * 3, [False, True, True], [True] * 3]
    drawing.draw(figure)


def test_accuracy_is_in_percent_beside_numbers_and_as_shares_are_beside_them() -> None:
    result = learned(grids.rows(grids.around))
    for measure, title, factor in (
        (ACCURACY, "test accuracy", 1),
        (replace(ACCURACY, percent=True), "test accuracy, %", 100),
        (NON_ZERO, "test accuracy, %", 100),
    ):
        asked = replace(result, about=replace(result.about, measure=measure))
        panel = curves_of(asked).panels[0]
        assert isinstance(panel, Curves)
        assert panel.y_title == title
        name = next(c.name for c in result.cells if c.group == panel.title)
        last = median(curve[-1][1] for curve in result.curves[name])
        assert any(s.y[-1] == pytest.approx(factor * last) for s in panel.series)


def test_rows_have_a_panel_a_group() -> None:
    figure = curves_of(learned(grids.rows(grids.around)))
    assert [panel.title for panel in figure.panels] == ["DeepWeeds", "TinyImageNet"]


def test_rows_that_compare_nothing_have_no_baseline_and_columns_without_a_name_no_panel() -> None:
    result = learned(grids.rows(grids.around))
    assert [sampled.label for sampled in figure_of(result).legend][:2] == [
        "seed", "seed of the baseline",
    ]  # fmt: skip
    cells = tuple(replace(cell, column="-4.4") for cell in result.cells)
    about = replace(result.about, column_title="")
    alone = replace(result, cells=cells, comparisons=(), about=about)
    assert "seed of the baseline" not in [sampled.label for sampled in figure_of(alone).legend]
    assert [panel.title for panel in curves_of(alone).panels] == ["DeepWeeds", "TinyImageNet"]


def test_a_quick_table_is_labelled_here_too() -> None:
    figure = curves_of(learned(cases.five_each()))
    assert figure.watermark == "QUICK"
    assert any("QUICK" in line for line in figure.title)


def test_runs_that_were_evaluated_once_have_no_curve() -> None:
    once = learned(cases.complete(), epochs=(24,))
    names = [b.name for b in table_document(once).blocks if isinstance(b, FigureBlock)]
    assert names == ["seeds"]
    assert json_of(once) == json_of(cases.complete())
