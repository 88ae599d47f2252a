"""Grids and lists of rows in the terminal, in LaTeX, in the JSON and as figures."""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import grid_cases as grids
import pytest
import table_cases as cases
from matplotlib.transforms import Bbox
from rendered import body, figure_of
from rendered import csv_of as csv_text
from rendered import json_of as json_text
from rendered import latex_of as document
from rich.console import Console

from analysis.documents.table_document import table_document
from analysis.figures import drawing
from analysis.rendering.terminal import print_document
from analysis.tables.claims_by_contests import judge
from analysis.tables.results import TableResult

CLAIM = {
    "claim": "same column",
    "text": "at the same λ, the better setting beats plain L2",
    "stated": "4 of 4",
    "where": "section V.C",
}


def with_claims() -> TableResult:
    result = grids.partial()
    return replace(result, claims=judge(result, [CLAIM]))


def diverged() -> TableResult:
    """Rows with diverged runs and a cell that has none."""
    result = grids.rows(lambda n, p: [] if n == "deepweeds 1 1" else grids.around(n, p))
    runs = cases.frame({c.name: [r.correct for r in c.runs] for c in result.cells if c.n})
    runs.loc[runs["cell"] == "tiny-imagenet 1 1", ["diverged", "accuracy", "value"]] = [
        True,
        0.01,
        0.01,
    ]
    specs = grids.declared(result)
    pairs = [{"name": r.name, "first": r.first, "second": r.second} for r in result.comparisons]
    return cases.analysed(
        runs,
        grids.printed_rows(),
        pairs,
        delta=result.delta,
        seeds=15,
        declared=4,
        cells=specs,
        about=grids.ROWS,
    )


CASES: dict[str, Any] = {
    "grid": grids.complete,
    "partial grid": with_claims,
    "empty grid": grids.empty,
    "quick grid": grids.quick,
    "rows": lambda: grids.rows(grids.around),
    "diverged rows": diverged,
    "empty rows": lambda: grids.rows(grids.nothing),
}


def shown(result: TableResult, width: int = 80, asked: set[str] | None = None) -> str:
    file = io.StringIO()
    print_document(table_document(result, asked), Console(width=width, file=file))
    return file.getvalue()


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_fits(name: str, width: int) -> None:
    text = shown(CASES[name](), width)
    assert max(len(line) for line in text.splitlines()) <= width


def test_a_grid_shows_the_papers_line_above_ours() -> None:
    text = shown(grids.complete())
    assert len(lines_of(text, "cifar10 VGG")) == 1
    start = text.splitlines().index(lines_of(text, "cifar10 VGG")[0])
    paper, ours = text.splitlines()[start + 3 : start + 5]
    printed = [".8722", ".884**", ".8858***", ".8869", ".8869"]
    assert paper.split() == ["(1.4,", "1.56)", "paper", *printed]
    assert ours.split()[:3] == ["ours", ".8722***", "="]
    assert ours.split()[-1] == ".8869"
    assert "[.8706, .8739]" not in text  # 108 cells: the intervals are in the files
    assert "Best λ: the best column of each line, chosen on the test set" in " ".join(text.split())
    assert text.count("cells: 108 reproduced") == 2  # above and, once that has scrolled away, below


def test_a_selection_shows_its_blocks_in_full_and_says_so() -> None:
    text = shown(grids.complete(), 120, {"cifar10 VGG 1 1 0.0005", "cifar10 VGG 1 1 0.001"})
    assert "Shown: 12 of 108 cells; the files hold all." in text
    assert "cifar10 VGG" in text
    assert "MobileNet" not in text
    assert "cifar100" not in text.partition("Margin")[0]
    assert ".8722 [.8706, .8739] 15/15" in text
    assert lines_of(text, "cifar10 VGG 1.8 2.13 0.002 − (1, 1)")


def test_a_selection_of_pairs_hides_nothing() -> None:
    assert shown(cases.complete(), 120, {"plain 1 1"}) == shown(cases.complete(), 120)


def test_missing_seeds_cells_and_columns_show() -> None:
    text = " ".join(shown(with_claims(), 120).split())
    assert "(3/4)" in text
    assert "12/15" in text
    assert "6/15" in text
    assert "the better setting beats plain L2 (section V.C)" in text
    assert "stated 4 of 4; its table 4 of 4" in text
    assert "– not decidable" in text


def test_margins_of_several_data_sets_are_named() -> None:
    texts = [shown(grids.complete()), document(grids.complete())]
    for text in texts:
        words = " ".join(text.split())
        assert "0.5 points on cifar10, 0.75 points on cifar100, 0.35 points on fashion" in words
        assert "L-03 decides where" in words
    margins = json.loads(json_text(grids.complete()))["delta_points"]
    assert margins == {"cifar10": "0.5", "cifar100": "0.75", "fashion-mnist": "0.35"}


def test_rows_stand_in_groups_with_the_printed_stars() -> None:
    text = shown(grids.rows(grids.around), 120)
    (line,) = lines_of(text, "deepweeds 1.4 1.56 − (1, 1)")
    assert line.partition("(1, 1)")[2].split()[:3] == ["*", "+0.93", "***"]
    assert "1.15 points on deepweeds" in " ".join(text.split())


def test_quick_judges_nothing() -> None:
    text = shown(grids.quick())
    assert "QUICK: not comparable" in text
    for word in ("paper", "reproduced", "margin"):
        assert word not in text.partition("Estimator")[0]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", CASES)
def test_the_latex_file_compiles_and_nothing_sticks_out(name: str, tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(document(CASES[name]()), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "table.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    over = [float(points) for points in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]
    assert max(over, default=0) <= 1
    assert "Float too large" not in log
    assert "Missing character" not in log


def test_a_grid_in_latex_has_the_papers_line_above_ours() -> None:
    rows = body(grids.complete(), "layout")
    assert len(rows) == 2 * 2 + 2 * 27  # a page and a half, each with its head
    start = next(i for i, row in enumerate(rows) if row[0] == "cifar10 VGG")
    printed, ours, last = rows[start + 2 : start + 5]
    assert printed[1:] == [
        "(1.4, 1.56)", "paper", ".8722", r"\textbf{.884}$^{**}$", ".8858$^{***}$", ".8869", ".8869",
    ]  # fmt: skip
    assert last[-1] == r"\textbf{.8884}$^{*}$"
    assert ours[3] == ".8722$^{***}$ = 0.00"


def test_the_long_tables_are_parted_between_groups() -> None:
    cells = [row for row in body(grids.complete(), "cells") if row[0] != "cell"]
    assert [row[0] for row in cells] == [cell.name for cell in grids.complete().cells]
    assert "(Continued.)" in document(grids.complete())


def test_rows_in_latex_have_the_printed_beside_ours() -> None:
    rows = body(grids.rows(grids.around), "layout")
    assert rows[0][1:] == [r"($\gamma$, $\eta$)", "published", "reproduced"]
    assert rows[3] == ["", "(1.8, 2.13)", r"\textbf{.7484}$^{*}$", r"\textbf{.7484}$^{***}$"]


def test_claims_reach_latex_and_json() -> None:
    result = with_claims()
    assert r"4 of 4 & 4 of 4" in document(result)
    (claim,) = json.loads(json_text(result))["statements"]
    assert claim["verdict"] == "not decidable"


def test_the_csv_has_the_cells_parameters() -> None:
    header = csv_text(grids.partial()).splitlines()[0]
    assert header.startswith("protocol,cell,kind,gamma,eta,weight_decay,seed,")


def markers(figure: Any, axis: Any = None) -> list[str]:
    return [
        line.get_marker()
        for panel in ([axis] if axis else figure.axes)
        for line in panel.lines
        for _ in line.get_xdata()
        if line.get_marker() not in ("", "None", None)
    ]


def test_a_grids_figure_has_a_panel_a_block_and_a_point_a_seed() -> None:
    figure = drawing.draw(figure_of(grids.complete()))
    assert len(figure.axes) == 9
    found = markers(figure)
    assert {shape: found.count(shape) for shape in "osD"} == {"o": 1080, "s": 540, "D": 108}
    for axis in figure.axes:
        ticks = [label.get_text() for label in axis.get_xticklabels()]
        assert ticks == ["0.00025", "0.0005", "0.001", "0.002"]
    assert len({axis.get_ylim() for axis in figure.axes}) == 9  # each has its own scale


def test_a_panel_says_how_many_runs_it_lacks() -> None:
    figure = drawing.draw(figure_of(grids.partial()))
    assert figure.axes[0].get_title() == "cifar10 VGG: 87 of 180 runs"
    assert [t.get_text() for t in figure.axes[0].texts if t.get_text()] == ["missing"]


def test_the_figure_of_rows_has_a_panel_a_group() -> None:
    figure = drawing.draw(figure_of(grids.rows(grids.around)))
    assert [axis.get_title() for axis in figure.axes] == ["DeepWeeds", "TinyImageNet"]
    assert markers(figure).count("o") == 90
    faces = [
        line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "o"
    ]
    assert faces[0] == "white"
    assert "white" not in faces[1:]


@pytest.mark.parametrize("name", CASES)
def test_texts_lie_within_the_figure_and_apart(name: str) -> None:
    figure = drawing.draw(figure_of(CASES[name]()))
    figure.draw_without_rendering()
    texts = [text for axis in figure.axes for text in axis.texts if text.get_zorder() > 0]
    texts += [label for axis in figure.axes for label in axis.get_xticklabels()]
    texts += [axis.title for axis in figure.axes]
    boxes = [text.get_window_extent() for text in [*texts, figure._suptitle] if text.get_text()]
    whole = Bbox([[-0.5, -0.5], [figure.bbox.width + 0.5, figure.bbox.height + 0.5]])
    for box in boxes:
        assert whole.contains(box.x0, box.y0)
        assert whole.contains(box.x1, box.y1)
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)


def test_files_are_the_same_bytes_again() -> None:
    again = grids.partial.__wrapped__()
    assert figure_of(again) == figure_of(grids.partial())
    assert json_text(again) == json_text(grids.partial())
    assert document(again) == document(grids.partial())
