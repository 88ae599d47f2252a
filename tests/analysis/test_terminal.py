"""The terminal's table fits 80 and 120 columns and needs no colour."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import table_cases as cases
from rendered import printed
from rich.console import Console

from analysis.documents.blocks import Cell, Column, Document, Grid, Row
from analysis.documents.table_document import table_document
from analysis.rendering.terminal import print_document
from analysis.tables.about import Deviation
from analysis.tables.results import TableResult


def shown(result: TableResult, width: int = 80, **options: Any) -> str:
    file = io.StringIO()
    print_document(table_document(result), Console(width=width, file=file, **options))
    return file.getvalue()


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_without_breaking_a_value(width: int) -> None:
    text = shown(cases.mixed(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    for value in ("[−1.73, −1.25]", "≠ not reproduced", "[.8772, .8801]", "12/15", "(100%)"):
        assert value in text


def test_a_wide_terminal_has_one_line_a_comparison() -> None:
    text = shown(cases.mixed(), 120)
    line = line_of(text, "upper 3: locality 1.6 2.0 − permuted 2.0 1.6")
    assert "[+0.10, +0.42]" in line
    assert "+ confirmed" in line
    assert "no (" in line


def test_cells_show_published_median_n_difference_and_marked_verdict() -> None:
    text = shown(cases.mixed(), 120)
    line = line_of(text, "locality 1.6 2.2")
    assert line.split()[3:6] == [".8793", ".8788", "[.8772,"]
    assert "12/15" in line
    assert "= reproduced (0.29)" in line
    assert "? inconclusive" in line_of(text, "permuted 2.2 1.6")
    missing = line_of(text, "anti 0.8 0.8")
    assert "0/15" in missing
    assert "– missing" in missing


def test_what_is_unusual_is_said() -> None:
    text = " ".join(shown(cases.mixed()).split())
    assert "INCOMPLETE: 165 of 195 runs" in text
    assert "10 reproduced, 1 not reproduced, 1 inconclusive, 1 missing" in text
    assert "2 div." in text
    assert "Diverged 2 runs" in text
    assert "Cells mixing machines: plain 1 1: 10 on AMD EPYC" in text
    assert "best evaluated epoch (chosen on the test images; not the headline" in text
    assert "√2 widens" in text
    assert "δ = 0.5 points" in text
    assert "assumptions: L-12, T-02" in text
    assert "changed: T-02 batch_norm_eps = 0.001 (default 0.00001)" in text
    assert "see `reproduce readings`" in text


def test_deviations_are_named() -> None:
    about = replace(cases.ABOUT, deviations=(Deviation("D-01", "random numbers", "long"),))
    assert "D-01 random numbers" in shown(cases.full(cases.frame({}), about=about))


def test_a_complete_table_is_not_called_incomplete() -> None:
    assert "INCOMPLETE" not in shown(cases.complete())


def test_a_median_on_diverged_runs_is_called_so() -> None:
    runs = cases.frame({"plain 1 1": [1000] * 15}).assign(diverged=True)
    line = line_of(shown(cases.full(runs), 120), "plain 1 1")
    assert "diverged [diverged, diverged]" in line
    assert "−∞" in line
    assert "≠ not reproduced" in line


def test_quick_is_labelled_and_judges_nothing() -> None:
    for width in (80, 120):
        text = shown(cases.five_each(), width)
        assert "QUICK: not comparable with the published numbers" in text
        assert "paper" not in line_of(text, "cell")
        for word in ("verdict", "reproduced", "confirmed", "undecided", "min δ"):
            assert word not in text
        assert ".8702" in text
        assert "5/5" in text
        assert "1.0000" in text


def test_no_escape_codes_unless_it_is_a_terminal() -> None:
    assert "\x1b" not in shown(cases.mixed())
    assert "\x1b" in shown(cases.mixed(), force_terminal=True, color_system="standard")


def test_names_are_never_taken_for_markup() -> None:
    about = replace(cases.ABOUT, caption="median [bold] and [/]", margin_reason="[red]why[/red]")
    text = shown(cases.full(cases.frame({}), about=about))
    assert "median [bold] and [/]" in text
    assert "[red]why[/red]" in text


def sentences(labels: list[str]) -> Document:
    """Rows of sentences with a verdict, evidence and a dash each, all of one long group name."""
    verdict = Cell("contradicted", detail="0 of 12 [0, 0]", count="90/90 runs", note="could see 1")
    rows = tuple(
        Row(
            (
                Cell(label),
                Cell("section 5.3.4, the abstract and what the conclusions add"),
                verdict,
                Cell("–"),
            ),
            group=GROUP,
        )
        for label in labels
    )
    titles = (Column("claim", prose=True), Column("where"), Column("printed runs"), Column("full"))
    return Document("x", "X", "all", (Grid("x", titles, rows, headed=True),))


GROUP = "beta-lasso/figure5-of-a-long-name"
LONG = "a sentence of eleven words keeps them together on one line"


@pytest.mark.parametrize("width", [80, 120])
def test_rows_that_are_sentences_get_lines_of_their_own(width: int) -> None:
    """Neither a sentence nor the group's name nor an entry is broken where it fits into a line."""
    lines = printed(sentences([LONG, LONG * 3]), width).splitlines()
    assert f"  {LONG}" in [line.rstrip() for line in lines]
    assert GROUP in [line.strip() for line in lines]
    told = [line.strip() for line in lines if "contradicted" in line]
    assert len(told) == 2
    assert all(
        "printed runs: contradicted 0 of 12 [0, 0] 90/90 runs, could see 1" in t for t in told
    )
    assert not any("–" in line for line in lines)
    folded = " ".join(" ".join(lines).split())
    assert LONG * 3 in folded


@pytest.mark.parametrize("columns", [6, 9, 14, 22])
@pytest.mark.parametrize("group", ["", "structured-sparsity/figure1"])
def test_no_number_is_cut_in_80_columns(columns: int, group: str) -> None:
    """However many stand side by side, and however long the names at their left are."""
    numbers = [[f"{97.5 + 3 * row + at:+.2f}" for at in range(columns)] for row in range(3)]
    rows = tuple(
        Row((Cell(f"a network of some kind {n}"), *map(Cell, line)), group)
        for n, line in enumerate(numbers)
    )
    titles = (Column("network"), *(Column(f"measure {n}", right=True) for n in range(columns)))
    grid = Grid("grid", titles, rows, headed=bool(group))
    stream = io.StringIO()
    document = Document("p/t", "T", "c", (grid,))
    print_document(document, Console(file=stream, width=80))
    words = stream.getvalue().split()
    assert all(number in words for line in numbers for number in line)
    assert max(map(len, stream.getvalue().splitlines())) <= 80


def test_short_sentences_stay_a_table() -> None:
    lines = printed(sentences(["short"]), 120).splitlines()
    assert next(line for line in lines if line.startswith("claim")).split()[1] == "where"
    assert next(line for line in lines if line.strip().startswith("short")).split()[-1] == "–"
