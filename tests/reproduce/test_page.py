"""The page of all reports: self-contained, its links lead somewhere, browsers show it well."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from analysis.documents.blocks import Cell, Document, Grid, Note, Notes, columns, row
from analysis.rendering.html import Section
from analysis.rendering.html import page as html_page
from analysis.rendering.run_cards import RunCard
from reproduce.__main__ import run
from reproduce.catalogue.selection import select
from reproduce.commands import page
from reproduce.store.paths import ROOT

PAGE = ROOT / "results" / page.NAME
VOID = {"meta", "link", "input", "br", "img"}


class Reader(HTMLParser):
    """Notes ids, links and whatever is fetched, and that elements close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.update([found["id"]] if found.get("id") else [])
        if tag == "a":
            self.links.add(found.get("href") or "")
        elif tag in ("img", "script", "link", "iframe"):
            self.fetched += [value for name in ("src", "href") if (value := found.get(name))]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.update([i] if (i := dict(attrs).get("id")) else [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def test_the_committed_page_stands_alone() -> None:
    found = read(PAGE)
    assert not found.fetched
    assert not found.open
    assert max(found.ids.values()) == 1
    assert all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= found.ids.keys()
    text = PAGE.read_text(encoding="utf-8")
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    runs = {link for link in found.links if link.startswith("#run-")}
    assert runs


def test_numbers_lead_to_runs_and_dots_tell_their_values() -> None:
    """The reduced Table III: a dot for every committed run under its default readings, whose
    accuracy is in the drawing, with its cell and seed."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition('id="locality-table3-reduced-bf16"')[2].partition("<h2")[0]
    assert re.search(r'title="\d+ runs, one below the other"', section)
    selection = select("table3", form="reduced", results=ROOT / "results")
    runs = selection.store.records.collect([item.run.hash for item in selection.planned])
    assert len(re.findall(r"<title>[^<]+, seed \d+: 0\.\d{3,}</title>", section)) == len(runs) > 0
    assert "reproduce locality/table3 --reduced</code>" in section


def test_a_page_of_one_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["report", "--html", "theorem1", "--results", str(tmp_path)]
    assert run(asked) == 0
    assert "theorem1.html" in capsys.readouterr().out
    path = tmp_path / "theorem1.html"
    assert read(path).ids["locality-theorem1"] == 1
    before = path.read_bytes()
    assert run(asked) == 0
    assert path.read_bytes() == before
    assert run(["report", "--html", "theorem1", "locality/theorem1", *asked[3:]]) == 0
    twice = read(tmp_path / "theorem1+locality-theorem1.html")
    assert max(twice.ids.values()) == 1  # one entry by two names
    assert run(["report"]) == 2
    assert "--html" in capsys.readouterr().err
    assert run(["report", "--html", "nosuch", "--results", str(tmp_path)]) == 2


def test_a_page_takes_no_part_of_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "--html", "table3", "--reduced", "--results", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "leave out" in said.err
    assert not said.out
    assert not list(tmp_path.iterdir())


def test_a_damaged_record_is_no_missing_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page that stands is not replaced by one on which its table has no run."""
    measured = Path("reduced/measured/beta-lasso-selection.csv")
    (tmp_path / measured).parent.mkdir(parents=True)
    text = (ROOT / "results" / measured).read_text(encoding="utf-8")
    (tmp_path / measured).write_text(text[: 3 * len(text) // 4], encoding="utf-8")
    page_there = tmp_path / "beta-lasso-selection.html"
    page_there.write_text("as it was")
    for asked in (["report", "--html", "beta-lasso/selection"], ["audit", "beta-lasso/selection"]):
        assert run([*asked, "--results", str(tmp_path)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "beta-lasso-selection.csv:" in line
    assert page_there.read_text() == "as it was"


def test_what_is_there_of_a_paper_is_counted() -> None:
    """An entry counts once, whatever forms of it have runs."""
    made = Document("p/table1", "Table 1", "what it shows", ())
    shown = [
        Section("a", "Table 1", "", "P", "3 of 9 runs", "reproduce p/table1", made),
        Section("b", "Table 1", "", "P", "9 of 9 runs", "reproduce p/table1 --reduced", made),
        Section("c", "Table 2", "", "P", "no run yet", "reproduce p/table2"),
        Section("d", "Table 3", "", "P", "computed", "reproduce p/table3", made),
        Section(
            "f", "Table 2", "", "P", "x", "reproduce sensitivity p/table2", made, is_beside=True
        ),
        Section("e", "Table 4", "", "P", "needs `reproduce x`", "reproduce p/table4"),
    ]
    text = html_page("T", "", shown, [], lambda _: "")
    assert ">P<span>: of 4 entries 1 computed, 1 with runs</span></th>" in text
    assert "needs <code>reproduce x</code>" in text


# Axe looks at every letter; of what there is many times it sees some in the second scheme.
MANY = "tbody tr:nth-child(n+6), [id^=run-] ~ [id^=run-] ~ [id^=run-]"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 400)])
def test_in_a_browser(browser: Any, scheme: str, width: int) -> None:
    """No error, nothing wider than the window, and no fault that axe finds, contrast included."""
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    shown = context.new_page()
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.on("console", lambda message: errors.append(message.text))
    shown.goto(PAGE.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    table = "#locality-table3-reduced-bf16 ~ .wide table:has(caption, th button)"
    head = shown.locator(f"{table} th button", has_text="median").nth(2)
    column = "table => [...table.tBodies].flatMap(b => [...b.rows]).map(r => r.cells[1].innerText)"
    head.click()
    first = head.locator("xpath=ancestor::table").evaluate(column)
    head.click()
    assert head.locator("xpath=ancestor::table").evaluate(column) == first[::-1]
    assert len(set(first)) > 1
    shown.goto(
        PAGE.as_uri() + "#" + shown.locator("a[href^='#run-']").first.get_attribute("href")[1:]
    )
    shown.wait_for_function("document.querySelector('details[open]')")
    if scheme == "dark":
        shown.evaluate("many => document.querySelectorAll(many).forEach(e => e.remove())", MANY)
    found = Axe().run(shown).response["violations"]
    assert not [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
    assert not errors
    context.close()


def test_rows_sort_by_what_their_numbers_are_and_print_whole(browser: Any, tmp_path: Path) -> None:
    """Thousands, minus signs and bounds; what is missing stays last. Printed notes are unfolded,
    the many runs stay folded."""
    values = ["893,210 [893,000, 894,000]", "6,691,082", "–", "−1,721,653", "<.0001", ".5", "60M"]
    rows = tuple(row(f"cell {n}", Cell(value)) for n, value in enumerate(values, start=6))
    grid = Grid("weights", columns("cell", "weights"), rows)
    notes = Notes((Note("sums", "L-03"),), title="Readings")
    document = Document("p/table1", "Table 1", "what it shows", (grid, notes))
    section = Section("a", "Table 1", "", "P", "1 of 1 runs", "reproduce p/table1", document)
    path = tmp_path / "page.html"
    run_card = RunCard("0" * 16, "Table 1: cell 6", {"machine": "M"}, "{}", {})
    path.write_text(html_page("T", "", [section], [run_card], lambda _: ""), encoding="utf-8")
    shown = browser.new_page()
    shown.goto(path.as_uri())
    column = "(table, place) => [...table.tBodies[0].rows].map(r => r.cells[place].innerText)"
    table = shown.locator("#a-0")
    rising = ["−1,721,653", "<.0001", ".5", values[0], "6,691,082", "60M"]
    head = table.locator("button", has_text="weights")
    for expected in (rising, rising[::-1]):
        head.click()
        assert table.evaluate(column, 1) == [*expected, "–"]
    table.locator("button", has_text="cell").click()
    assert table.evaluate(column, 0) == [f"cell {n}" for n in range(6, 13)]
    note, of_run = shown.get_by_text("sums"), shown.get_by_text("machine")
    assert not note.is_visible()
    shown.emulate_media(media="print")
    assert note.is_visible()
    assert not of_run.is_visible()
    shown.close()
