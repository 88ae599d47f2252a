"""Errors over depth and regularization strength ρ: Figures 6 and 7."""

from __future__ import annotations

import math

from analysis.documents.blocks import Block, Cell, Grid, columns, row
from analysis.documents.panels import FigureBlock, Map
from analysis.documents.table_notes import labels
from analysis.papers.compactnets import by_depth
from analysis.tables.results import CellResult, TableResult


def rho_of(cell: CellResult) -> float:
    """0 of SimpleNet."""
    return float(cell.name.split()[2]) if cell.kind != "SimpleNet" else 0.0


def heat_map(result: TableResult, model: str) -> list[Block]:
    """The model's errors by depth (columns) and ρ (rows, SimpleNet's 0 first), and the best cell.

    Errors are rounded to whole percent in the figure; darker is larger, and a cell without runs is
    empty.
    """
    cells = [c for c in result.cells if c.kind in ("SimpleNet", model)]
    known = {(rho_of(c), int(by_depth.depth_of(c))): c for c in cells}
    rhos, depths = sorted({rho for rho, _ in known}), sorted({depth for _, depth in known})
    values = {key: c.median for key, c in known.items() if _is_known(c)}
    if not values:
        return []
    measure = result.about.measure
    (rho, depth), least = min(values.items(), key=lambda item: item[1] or 0.0)
    rows = [
        row(
            f"{value:g}",
            *(
                Cell(measure.text(values.get((value, d))), values.get((value, d)))
                for d in depths
            ),
        )
        for value in rhos
    ]  # fmt: skip
    heads = tuple(map(str, depths))
    name = f"{model}: error by ρ and depth"
    caption = (
        f"Errors of {model}; the least is {measure.text(least)} at depth {depth} and ρ = {rho:g}."
    )
    grid = Grid(
        "strengths", columns("ρ", *heads, right=heads), tuple(rows), name, caption, captioned=True,
    )  # fmt: skip
    shown = {key: round(100 * value) for key, value in values.items() if value is not None}
    found = tuple(tuple(shown.get((value, d)) for d in depths) for value in rhos)
    panel = Map(
        found, (), f"{model}", row_names=tuple(f"{r:g}" for r in rhos), column_names=heads,
        x_title="depth", y_title="ρ",
    )  # fmt: skip
    title = (f"{result.about.title}: median top-1 error in percent", *labels(result))
    mark = "" if result.has_levels else result.about.protocol.upper()
    size = (1.2 + 0.42 * len(depths), 1.2 + 0.42 * len(rhos))
    return [grid, FigureBlock((panel,), (), "strengths", 1, size, title, watermark=mark)]


def best(result: TableResult, gaps: TableResult) -> list[Block]:
    """The lowest error of every model at every depth, and the gap there (Figures 7 and 8)."""
    chosen: dict[tuple[str, str], CellResult] = {}
    for cell in result.cells:
        key = (cell.kind, by_depth.depth_of(cell))
        if _is_known(cell) and (key not in chosen or cell.median < chosen[key].median):  # type: ignore[operator]
            chosen[key] = cell
    if not chosen:
        return []
    gap = {c.name: c.median for c in gaps.cells}
    rows = [
        row(
            depth,
            f"{rho_of(c):g}",
            Cell(c.measure.text(c.median), c.median),
            Cell(gaps.about.measure.text(gap[c.name]), gap[c.name]),
            c.count,
            group=model,
        )
        for (model, depth), c in chosen.items()
    ]  # fmt: skip
    heads = ("ρ", "top-1 error", "gap", "n")
    caption = (
        "The lowest median error at every depth, over ρ, chosen on the test images as in the paper."
    )
    grid = Grid(
        "best", columns("depth", *heads, right=heads), tuple(rows), "Lowest errors", caption,
        headed=True, captioned=True,
    )  # fmt: skip
    lines: dict[str, list[CellResult]] = {}
    for (model, _), cell in chosen.items():
        lines.setdefault(model, []).append(cell)
    return [grid, by_depth.figure(result, "best", "lowest top-1 error (%)", lines)]


def _is_known(cell: CellResult) -> bool:
    return cell.median is not None and math.isfinite(cell.median)
