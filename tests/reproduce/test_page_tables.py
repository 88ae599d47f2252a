"""Tables of the page in a browser: what they sort and filter by, and what is heard of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from analysis.documents.blocks import Block, Cell, Document, Grid, columns, row
from analysis.documents.panels import DotPanel, Dots, FigureBlock
from analysis.rendering.html import Section
from analysis.rendering.html import page as html_page
from analysis.rendering.run_cards import RunCard

DRAWN = '<svg width="40" height="40" viewBox="0 0 40 40"></svg>'
Show = Callable[..., Any]


def section(*blocks: Block, name: str = "table1", command: str = "") -> Section:
    made = Document(f"p/{name}", name.capitalize(), "what it shows", blocks)
    return Section(
        name + command[-3:], made.title, "", "Paper P", "9 of 9 runs", command or name, made
    )


def grid(texts: Sequence[str | Cell], name: str = "cells", title: str = "") -> Grid:
    rows = tuple(row(f"row {n}", cell) for n, cell in enumerate(texts))
    return Grid(name, columns("name", "number"), rows, title)


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Opens a page of some sections and runs at a width."""
    opened = []

    def shown(sections: Sequence[Section], runs: Sequence[RunCard] = (), width: int = 1000) -> Any:
        path = tmp_path / "page.html"
        path.write_text(html_page("T", "", sections, runs, lambda _: DRAWN), encoding="utf-8")
        opened.append(browser.new_page(viewport={"width": width, "height": 900}))
        opened[-1].set_default_timeout(5000)
        opened[-1].goto(path.as_uri())
        return opened[-1]

    yield shown
    for page in opened:
        page.close()


def column(page: Any, place: int, anchor: str = "table1-0") -> list[str]:
    texts = (
        "(table, n) => [...table.tBodies].flatMap(b => [...b.rows]).map(r => r.cells[n].innerText)"
    )
    found: list[str] = page.locator(f"#{anchor}").evaluate(texts, place)
    return found


def visible(page: Any, anchor: str) -> int:
    count: int = page.locator(f"#{anchor} > *:not(thead) > tr:visible").count()
    return count


@pytest.mark.parametrize(
    "rising",
    [
        ["60M", "0.724B", "1.5B", "15.47B"],
        ["2×", "36.5×", "1,185×"],
        ["27/40", "3/4", "7/4", "267/40 m'"],
        ["8 %", "19 %", "100 %"],
        ["α = 0.002", "α = 0.008", "α = 0.03"],
        ["1×3", "3×3", "12×1"],  # no numbers, as long as more than a unit follows them
        ["1.00/9.00/1.00", "1.40/1.00/0.90", "12.0/1.00/1.00"],
    ],
)
def test_numbers_are_whole_with_their_units(show: Show, rising: list[str]) -> None:
    page = show([section(grid([rising[-1], *rising[:-1]]))])
    page.get_by_role("button", name="number").click()
    assert column(page, 1) == rising
    page.get_by_role("button", name="number").click()
    assert column(page, 1) == rising[::-1]


def test_values_sort_where_all_have_them(show: Show) -> None:
    """A value counts before its text; one without a number is as good as missing, and where a
    value lacks, texts are compared with texts alone."""
    inf, nan = float("inf"), float("nan")
    cells = [
        Cell("∞", inf),
        Cell("half", Fraction(1, 2)),
        Cell("?", nan),
        Cell("–"),
        Cell("58.10", 0.581),
        Cell("below all", -inf),
    ]
    page = show([section(grid(cells), grid([Cell("58.10", 0.581), Cell("7.0")], "others"))])
    page.get_by_role("button", name="number").first.click()
    assert column(page, 1) == ["below all", "half", "58.10", "∞", "?", "–"]
    page.get_by_role("button", name="number").first.click()
    assert column(page, 1) == ["∞", "58.10", "half", "below all", "?", "–"]
    page.get_by_role("button", name="number").last.click()
    assert column(page, 1, "table1-1") == ["7.0", "58.10"]


def test_totals_stay_last_and_what_is_missing_before_them(show: Show) -> None:
    lines = (row("a", "3"), row("b", "missing"), row("all", "2", total=True), row("c", "1"))
    page = show([section(Grid("sums", columns("name", "number"), lines))])
    for expected in (["c", "a", "b", "all"], ["a", "c", "b", "all"]):
        page.get_by_role("button", name="number").click()
        assert column(page, 0) == expected


def test_the_overview_and_the_values_of_figures_sort_and_filter(show: Show) -> None:
    dots = tuple(Dots(x, (0.9 - x / 10,), at=f"step {x}") for x in range(8))
    ticks = tuple((float(x), f"step {x}") for x in range(8))
    figure = FigureBlock((DotPanel(dots, ticks),))
    page = show([section(figure), *(section(name=f"figure{n}") for n in range(2, 12))])
    assert page.get_by_role("searchbox").count() == 1  # that of the figure is folded
    page.get_by_text("Its values as a table").click()
    page.locator("#table1-0-values").get_by_role("button", name="values").click()
    assert column(page, 0, "table1-0-values") == [f"step {x}" for x in range(7, -1, -1)]
    page.locator("#entries").get_by_role("button", name="entry").click()
    assert column(page, 0, "entries")[:4] == [
        "Paper P: of 11 entries 11 with runs",
        *("Figure2", "Figure3", "Figure4"),
    ]
    overview = page.get_by_role("searchbox").first
    overview.fill("FIGURE1")
    assert visible(page, "entries") == 3  # and the heading
    overview.fill("entries")  # what a heading counts is no part of its rows
    assert visible(page, "entries") == 0


def test_a_filter_takes_words_and_every_hyphen_and_tells_what_is_left(show: Show) -> None:
    lines = (
        *(row(f"cifar10, VGG {n}", f"−{n}.5", group="Small") for n in range(6)),
        *(row(f"cifar100, ResNet-{n}", f"{n}.5", group="Large") for n in range(6)),
    )
    page = show([section(Grid("all", columns("name", "number"), lines, headed=True))])
    box, told = page.get_by_role("searchbox"), page.get_by_role("status")
    for asked, rows in (
        ("VGG cifar10", 6),
        ("-2.5", 1),
        ("resnet−3", 1),
        ("resnet‑3 cifar100", 1),
        ("large 3", 1),
        ("small resnet", 0),
    ):
        box.fill(asked)
        assert told.inner_text() == f"{rows} of 12 rows"
        assert visible(page, "table1-0") == rows + (rows > 0), asked
    box.fill("")
    assert told.inner_text() == ""
    assert visible(page, "table1-0") == 14


def test_runs_filter_and_a_link_finds_what_is_left_out(show: Show) -> None:
    runs = [RunCard(f"{n:016}", f"cell, seed {n}", {"machine": "M"}, "{}", {}) for n in range(9)]
    page = show([section()], runs)
    page.get_by_label("Runs with").fill("7 seed")
    assert page.get_by_role("status").inner_text() == "1 of 9 runs"
    assert page.locator("#all-runs > details:visible").count() == 1
    page.evaluate("location.hash = '#run-0000000000000003'")
    page.wait_for_function("document.querySelector('details[open]')")
    assert page.locator("#run-0000000000000003").is_visible()


def test_every_table_and_drawing_has_a_name_of_its_own(show: Show) -> None:
    """Short ones, also where a table is there in two precisions; and lines are named by their
    first cells."""
    long = "Reproduced medians with the interval of each, as " + "long " * 40
    blocks = (grid("12"), grid("12", "best-epochs", long), FigureBlock((), name="map"))
    page = show([section(*blocks, command="p --as a"), section(*blocks, command="p --as b")])
    label = "all => all.map(one => one.getAttribute('aria-label'))"
    names = page.locator("table, figure svg").evaluate_all(label)
    assert len({*names}) == len(names) == 7
    assert "Table1 (p/table1), p --as b: best epochs" in names
    assert "Table1 (p/table1), p --as a, figure map" in names
    assert page.get_by_role("rowheader", name="row 1", exact=True).count() == 4
    assert page.get_by_role("rowheader", name="Table1").count() == 2


def test_the_first_cell_of_a_line_is_no_head_where_it_is_empty(show: Show) -> None:
    page = show([section(Grid("two", columns("", "n"), (row("paper", "1"), row("", "2"))))])
    assert page.locator("#table1-0 tbody th").all_inner_texts() == ["paper"]


def test_the_keyboard_stops_at_what_scrolls_alone(show: Show) -> None:
    """Also in another window, and when what was folded is opened; without the script at each."""
    wide = FigureBlock((DotPanel((Dots(0, (0.5,) * 90),), (), "panel"),))
    page = show([section(grid("12"), wide)])
    boxes = page.locator(".wide[tabindex='0'][role=group]")
    assert boxes.count() == 0
    page.evaluate("document.querySelector('#table1-1-values td:last-child').style.whiteSpace='pre'")
    page.get_by_text("Its values as a table").click()
    page.wait_for_function("document.querySelectorAll('.wide[tabindex]').length === 1")
    page.set_viewport_size({"width": 60, "height": 900})
    page.wait_for_function("document.querySelectorAll('.wide[tabindex]').length > 2")
    assert boxes.first.evaluate(
        "box => document.getElementById(box.getAttribute('aria-labelledby'))"
    )
    page.set_viewport_size({"width": 9000, "height": 900})
    page.wait_for_function("document.querySelectorAll('.wide[tabindex]').length === 1")
    assert html_page("T", "", [section(grid("12"))], [], lambda _: "").count('tabindex="0"') == 2


def test_settings_of_runs_break_their_lines_and_sections_lead_back(show: Show) -> None:
    run = RunCard("0" * 16, "cell", {}, '{"identity": "' + 400 * "a" + '"}', {})
    page = show([section(grid("12")), section(name="table2")], [run], width=400)
    page.locator("summary").click()
    assert page.locator("pre").evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    assert page.get_by_role("link", name="To the overview").count() == 4  # and that to skip to it
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
