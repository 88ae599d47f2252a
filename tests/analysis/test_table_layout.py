"""Grids and lists of rows: what is best, what is bold, and whose stars the best column carries."""

from __future__ import annotations

from dataclasses import replace

import grid_cases as grids
import pytest

from analysis.documents.blocks import Cell
from analysis.documents.table_layout import BEST, Line, arrange, layout
from analysis.tables.about import About
from analysis.verdicts.measure import ACCURACY

PRINTED = grids.printed_grid()


def entries(lines: dict[str, Line]) -> list[Cell]:
    return [entry for line in lines.values() for entry in line.values()]


def test_the_printed_best_column_is_the_rows_largest_entry_with_its_stars() -> None:
    """The paper's last column, 27 of 27."""
    best = PRINTED[PRINTED["column"] == "best"]
    lines = {
        (name, label): line[BEST]
        for name, block in arrange(grids.complete(), "published").items()
        for label, line in block.items()
    }
    assert len(best) == len(lines) == 27
    for row in best.to_dict("records"):
        entry = lines[row["part"], f"({row['gamma']}, {row['eta']})"]
        assert (entry.text, entry.stars) == (row["value"], row["stars"])


def test_bold_is_the_papers_but_where_it_prints_two() -> None:
    """In three columns the paper sets a second, smaller number bold."""
    by_rule = {
        (name, column, label)
        for name, block in arrange(grids.complete(), "published").items()
        for label, line in block.items()
        for column, entry in line.items()
        if entry.bold
    }
    printed = {
        (r["part"], r["column"], f"({r['gamma']}, {r['eta']})")
        for r in PRINTED[PRINTED["bold"] == "1"].to_dict("records")
    }
    twice = {
        ("cifar10 VGG", "0.001", "(1.4, 1.56)"),
        ("cifar100 VGG", "0.001", "(1.8, 2.13)"),
        ("cifar100 VGG", "best", "(1.4, 1.56)"),
    }
    assert printed - by_rule == twice
    assert by_rule < printed


def test_our_best_column_follows_our_medians() -> None:
    def counts(name: str, printed: int) -> list[int]:
        moved = 300 if name == "cifar10 VGG 1.4 1.56 0.0005" else 0
        return [count + moved for count in grids.around(name, printed)]

    result = grids.grid(counts, blocks=["cifar10 VGG"])
    (found,) = arrange(result, "reproduced").values()
    best = found["(1.4, 1.56)"][BEST]
    assert replace(best, bold=False) == replace(
        found["(1.4, 1.56)"]["0.0005"], bold=False, mark="", aside=""
    )
    assert best.text == ".9140"
    assert best.stars == result.comparisons[1].stars == "***"
    assert [line[BEST].bold for line in found.values()] == [False, True, False]


def test_all_of_several_equal_entries_are_bold() -> None:
    result = grids.grid(lambda *_: [8800] * 15, blocks=["cifar10 VGG"])
    (found,) = arrange(result, "reproduced").values()
    assert all(entry.bold for entry in entries(found))


def test_nothing_is_bold_while_a_column_lacks_a_cell() -> None:
    (found,) = arrange(grids.partial(), "reproduced").values()
    columns = {name: [line[name] for line in found.values()] for name in found["(1, 1)"]}
    bold = {name: [entry.bold for entry in entries] for name, entries in columns.items()}
    assert bold["0.00025"].count(True) == 1
    assert not any(bold["0.0005"])  # plain has no run there
    assert bold["0.001"].count(True) == 1
    assert [entry.mark for entry in columns[BEST]] == ["(2/4)", "(3/4)", "(3/4)"]
    assert not any(bold[BEST])
    assert {entry.count for entry in columns["0.001"]} == {"6/15"}


def test_without_runs_there_is_no_best() -> None:
    (found,) = arrange(grids.empty(), "reproduced").values()
    assert {entry.text for entry in entries(found)} == {"–"}


def test_rows_have_one_column_and_no_best() -> None:
    result = grids.rows(grids.around)
    ours, printed = arrange(result, "reproduced"), arrange(result, "published")
    assert list(ours) == list(printed) == ["DeepWeeds", "TinyImageNet"]
    deepweeds = printed["DeepWeeds"]
    assert {tuple(line) for block in ours.values() for line in block.values()} == {("",)}
    shown = [(e.text, e.stars, e.bold) for e in entries(deepweeds)]
    assert shown == [(".73", "", False), (".7393", "*", False), (".7484", "*", True)]


@pytest.mark.parametrize(
    ("margin", "delta"), [("cifar10", "0.5"), ("cifar100", "0.75"), ("fashion-mnist", "0.35")]
)
def test_each_cell_is_judged_by_its_data_sets_margin(margin: str, delta: str) -> None:
    cells = [cell for cell in grids.complete().cells if cell.margin == margin]
    assert len(cells) == 36
    assert {str(cell.delta) for cell in cells} == {delta}
    moved = grids.grid(lambda name, n: [c + 30 for c in grids.around(name, n)], with_stars=False)
    verdicts = {
        c.level.verdict
        for c in moved.cells
        if c.margin == margin and c.level and len(c.published or "") == len(".8688")
    }
    # 0.3 points away, with an interval of some 0.25 points to either side.
    assert verdicts == ({"reproduced"} if margin == "cifar100" else {"inconclusive"})


def test_a_cell_without_a_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a margin 'cifar100'"):
        grids.grid(grids.around, delta={"cifar10": grids.DELTAS["cifar10"]})


def test_percent_is_compared_as_a_share() -> None:
    about = replace(grids.ROWS, measure=replace(ACCURACY, percent=True))
    table = grids.printed_rows().assign(value=["73", "73.93", "74.84", "42.84", "43.13", "43.23"])
    result = grids.rows(grids.around)
    runs = grids.cases.frame(
        {cell.name: [run.correct for run in cell.runs] for cell in result.cells}
    )
    specs = grids.declared(result)
    pairs = [{"name": r.name, "first": r.first, "second": r.second} for r in result.comparisons]
    percent = grids.cases.analysed(
        runs, table, pairs, delta=result.delta, seeds=15, declared=4, cells=specs, about=about
    )
    for ours, other in zip(percent.cells, result.cells, strict=True):
        assert ours.level is not None
        assert other.level is not None
        assert ours.level.verdict == other.level.verdict
        assert ours.published_share == other.published_share
    (first, *_) = arrange(percent, "reproduced").values()
    assert entries(first)[0].text == "73.00"
    assert isinstance(about, About)


def test_printed_p_values_stand_in_for_stars() -> None:
    def published(p: list[str]) -> list[tuple[str | None, str | None]]:
        table = grids.printed_rows().assign(stars="", p=p)
        result = grids.cases.analysed(
            grids.cases.frame({}),
            table,
            [{"name": "DeepWeeds 3", "first": "deepweeds 1.8 2.13", "second": "deepweeds 1 1"}],
            delta=None,
            seeds=15,
            declared=1,
            cells=[grids.CellResult("deepweeds 1.8 2.13"), grids.CellResult("deepweeds 1 1")],
            about=grids.ROWS,
        )
        return [(row.published_stars, row.published_p) for row in result.comparisons]

    assert published(["", "", "0.05", "", "", ""]) == [("*", "0.05")]
    assert published([""] * 6) == [(None, None)]  # no test is printed


def test_a_cell_of_several_comparisons_has_the_stars_of_its_largest_p() -> None:
    whole = grids.complete()
    pair = whole.comparisons[0]
    assert pair.test is not None
    strong = replace(pair, test=replace(pair.test, p_value=1e-6), stars="***")
    weak = replace(pair, test=replace(pair.test, p_value=0.04), stars="*")
    untested = replace(pair, test=None, stars=None)
    cell, others = whole.cell(pair.first), whole.comparisons[1:]
    for several in ((strong, weak), (weak, strong, untested), (untested, weak)):
        result = replace(whole, comparisons=(*several, *others))
        lines = arrange(result, "reproduced")[cell.group]
        assert lines[cell.label][cell.column].stars == "*"
        (grid, *_) = layout(result, [cell.name])
        assert "the stars of the largest p" in grid.caption
    assert "largest p" not in layout(whole, [cell.name])[0].caption
