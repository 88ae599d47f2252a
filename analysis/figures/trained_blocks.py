"""Figures of tables that are lists of rows or grids: one panel a group, each with its own scale.

In a table of rows the cells stand side by side, the group's baseline with open points. In a grid
the columns stand along the axis, and its settings side by side at each, told apart by shape and
filling as well as by colour.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import seaborn as sns

from analysis.documents import wording
from analysis.documents.arrangement import comparisons_by_cell, groups
from analysis.documents.results import CellResult, ComparisonResult, TableResult
from analysis.figures.trained_marks import (
    FIRST,
    SECOND,
    THIRD,
    Place,
    Size,
    Style,
    draw_cell,
    draw_missing,
    draw_scale,
    scale_of,
    seed_handle,
    shared_handles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COMPARED, BASELINE = Style(FIRST), Style(SECOND, filled=False)
# The settings of a grid in their order; the first is mostly the baseline.
SETTINGS = (BASELINE, Style(FIRST, "^"), Style(THIRD, "s"), Style("black", "v", filled=False))
PANELS_A_ROW = 3
LABEL_WIDTH = 16
ROW_SIZE = Size()
GRID_SIZE = Size(point=2.6, spread=0.07, left=0.115, right=0.1, diamond=0.125, caps=1.6)
STEP = 0.29  # between the settings at one column of a grid


def draw_rows(figure: Figure, result: TableResult) -> list[Line2D]:
    """One panel a group; returns the legend's handles."""
    blocks, tested = groups(result), comparisons_by_cell(result)
    widest = max(len(cells) for cells in blocks.values())
    columns = max(1, min(len(blocks), int(8 / widest)))
    rows = -(-len(blocks) // columns)
    figure.set_size_inches(max(5.5, columns * (0.7 + 1.15 * widest)), 1.1 + 3.0 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, (name, cells) in zip(axes, blocks.items(), strict=False):
        _rows_panel(axis, cells, tested)
        axis.set_title(name, fontsize=8, fontweight="bold", pad=18)
    for axis in axes[len(blocks) :]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel("test accuracy, last epoch")
    return [
        seed_handle(COMPARED, "seed"),
        seed_handle(BASELINE, "seed of the baseline"),
        *shared_handles(result),
    ]


def _rows_panel(
    axis: Axes, cells: Sequence[CellResult], tested: Mapping[str, ComparisonResult]
) -> None:
    scale = scale_of(cells)
    draw_scale(axis, scale)
    for index, cell in enumerate(cells):
        comparison = tested.get(cell.name)
        style = BASELINE if comparison is None else COMPARED
        draw_cell(axis, Place(cell, index, style), scale, ROW_SIZE)
        if not cell.n:
            draw_missing(axis, index, scale)
        if comparison is not None:
            text = f"{wording.p_equals(comparison)} {comparison.stars or ''}".rstrip()
            top = axis.get_xaxis_transform()
            axis.text(index, 1.01, text, transform=top, ha="center", va="bottom", fontsize=7)
    axis.set_xlim(-0.6, len(cells) - 0.3)
    axis.set_xticks(range(len(cells)), [_tick(cell) for cell in cells], fontsize=7)
    sns.despine(ax=axis)


def _tick(cell: CellResult) -> str:
    diverged = f"\n{cell.diverged} diverged" if cell.diverged else ""
    label = textwrap.fill(cell.label, LABEL_WIDTH, break_long_words=False)
    return f"{label}\n{wording.count(cell)}{diverged}"


def draw_grid(figure: Figure, result: TableResult) -> list[Line2D]:
    """One panel a group, three side by side; returns the legend's handles."""
    blocks = groups(result)
    settings = list(dict.fromkeys(cell.label for cell in result.cells))
    styles = dict(zip(settings, itertools.cycle(SETTINGS), strict=False))
    columns = min(len(blocks), PANELS_A_ROW)
    rows = -(-len(blocks) // columns)
    figure.set_size_inches(max(5.5, 3.9 * columns), 1.0 + 2.7 * rows)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, (name, cells) in zip(axes.ravel(), blocks.items(), strict=False):
        _grid_panel(axis, cells, styles)
        axis.set_title(_panel_title(name, cells), fontsize=8)
    for axis in axes.ravel()[len(blocks) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("test accuracy, last epoch")
    for axis in axes[-1]:
        axis.set_xlabel(result.about.column_title)
    handles = [seed_handle(style, f"seed, {name}") for name, style in styles.items()]
    return [*handles, *shared_handles(result)]


def _grid_panel(axis: Axes, cells: Sequence[CellResult], styles: Mapping[str, Style]) -> None:
    scale = scale_of(cells)
    draw_scale(axis, scale)
    columns = list(dict.fromkeys(cell.column for cell in cells))
    labels = list(styles)
    for cell in cells:
        shift = (labels.index(cell.label) - (len(labels) - 1) / 2) * STEP
        style = styles[cell.label]
        place = Place(
            cell,
            columns.index(cell.column) + shift,
            style,
            printed=style.color if style.filled else "white",
        )
        draw_cell(axis, place, scale, GRID_SIZE)
    has_runs = any(cell.n for cell in cells)  # where it has none, its title says so
    for index, column in enumerate(columns):
        if has_runs and not any(cell.n for cell in cells if cell.column == column):
            draw_missing(axis, index, scale)
        if index:
            axis.axvline(index - 0.5, color="0.85", linewidth=0.8, zorder=0)
    axis.set_xlim(-0.5, len(columns) - 0.5)
    axis.set_xticks(range(len(columns)), columns, fontsize=7)
    sns.despine(ax=axis)


def _panel_title(name: str, cells: Sequence[CellResult]) -> str:
    present, planned = sum(cell.n for cell in cells), sum(cell.planned for cell in cells)
    return name if present == planned else f"{name}: {present} of {planned} runs"
