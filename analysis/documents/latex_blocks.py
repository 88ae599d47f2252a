"""The paper's layout of tables that are lists of rows or grids, for a LaTeX document."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.documents import wording
from analysis.documents.arrangement import Block, Entry, Line, Side, arrange, comparisons_by_cell
from analysis.documents.latex_parts import (
    MISSING,
    captioned,
    floating,
    layout_caption,
    number,
    row_header,
    tabular,
)
from analysis.documents.latex_text import escape
from analysis.documents.results import TableResult

BOLD = "the largest of a group's column"
BEST = (
    " Best: the best column of each line, chosen on the test set, with the stars and $n$ of the "
    "cell that won; in brackets how many columns have runs where some have none."
)


def paper_layout(result: TableResult) -> str:
    """Rows with ours and the printed numbers side by side; a grid once with each."""
    if result.about.layout == "grid":
        return _grids(result)
    return floating(captioned(result, layout_caption(result, BOLD)), _rows(result))


def _rows(result: TableResult) -> str:
    blocks = arrange(result, "reproduced")
    tested = comparisons_by_cell(result)
    prints_p = any(row.published_p for row in result.comparisons)
    header = row_header(result, result.cells[0])
    rows, names = [], []
    for ours, printed in zip(blocks, arrange(result, "published"), strict=True):
        for index, (line, other) in enumerate(zip(ours.lines, printed.lines, strict=True)):
            row = {"group": "" if index else escape(ours.name), header: escape(line.label)}
            if not result.is_quick:
                row["published"] = _number(other.entries[0])
            row["reproduced"] = _number(line.entries[0])
            entry = line.entries[0]
            comparison = tested.get(entry.cell.name) if entry else None
            if prints_p:
                printed_p = (comparison.published_p if comparison else None) or MISSING
                test = comparison.test if comparison else None
                row["published $p$"] = escape(printed_p)
                row["our $p$"] = escape(wording.p_value(test.p_value if test else None))
            rows.append(row)
            names.append(ours.name)
    frame = pd.DataFrame(rows).rename(columns={"group": ""})
    if not any(names):
        frame = frame.iloc[:, 1:]
    return tabular(frame, "l" * len(frame.columns), groups=names)


def _grids(result: TableResult) -> str:
    text = layout_caption(result, BOLD) + BEST
    tables = [floating(captioned(result, text), _grid(result, "reproduced"))]
    if not result.is_quick:
        text = f"The published numbers in the same layout; bold, too, by rule.{BEST}"
        tables.append(floating(captioned(result, text), _grid(result, "published")))
    return "".join(tables)


def _grid(result: TableResult, side: Side) -> str:
    blocks = arrange(result, side)
    columns = tuple(dict.fromkeys(column for block in blocks for column in block.columns))
    rows = [row for block in blocks for row in _lines(block, columns)]
    names = [block.name for block in blocks for _ in block.lines]
    title = escape(result.about.column_title)
    head = [("", ""), ("", row_header(result, result.cells[0]))]
    head += [(title, escape(column)) for column in columns]
    head.append(("", f"best {title}"))
    frame = pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(head))
    return tabular(frame, "l" * len(head), groups=names)


def _lines(block: Block, columns: Sequence[str]) -> list[list[str]]:
    rows = []
    for index, line in enumerate(block.lines):
        by_column = dict(zip(block.columns, line.entries, strict=True))
        row = ["" if index else escape(block.name), escape(line.label)]
        rows.append([*row, *(_number(by_column.get(column)) for column in columns), _best(line)])
    return rows


def _best(line: Line) -> str:
    text = _number(line.best)
    return f"{text} [{line.searched}]" if line.searched else text


def _number(entry: Entry | None) -> str:
    if entry is None or entry.value is None:
        return MISSING
    count = str(entry.cell.n) if entry.count else ""
    return number(entry.text, bold=entry.bold, stars=entry.stars, count=count)


def claims(result: TableResult) -> str:
    """What the paper's text says of the table, beside its printed numbers and ours."""
    rows = [
        {
            "claim": escape(f"{claim.text} ({claim.where})"),
            "stated": escape(claim.stated),
            "its table": escape(claim.printed),
            "ours": escape(claim.ours or wording.MISSING),
            "interval": escape(claim.interval or wording.MISSING),
            "by chance": escape(claim.chance or wording.MISSING),
            "verdict": escape(claim.verdict),
        }
        for claim in result.claims
    ]
    body = tabular(pd.DataFrame(rows), r"p{52mm}@{\hspace{1em}}llllll")
    text = "What the text says of the table, in words of ours; see the note on claims."
    return floating(captioned(result, text), body)
