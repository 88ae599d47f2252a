"""The pieces that a trained table's LaTeX document is put together from."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.documents import wording
from analysis.documents.latex_text import escape
from analysis.documents.notes import STAR_LEGEND, labels
from analysis.documents.results import CellResult, TableResult

MISSING = "--"
MATH = {"gamma": r"$\gamma$", "eta": r"$\eta$"}
ROWS_A_FLOAT = 38  # as many as fit a page with their caption


def fragment(name: str, body: str) -> str:
    """``body`` between marker lines."""
    return f"% begin fragment: {name}\n{body}% end fragment: {name}\n"


def captioned(result: TableResult, text: str) -> str:
    """The caption; labels are part of it, so that a copied table keeps them."""
    heads = "".join(rf"\textbf{{{escape(label)}.}} " for label in labels(result))
    return rf"\caption{{{heads}{text}}}" + "\n"


def floating(caption: str, *tabulars: str) -> str:
    """A float with its caption above the tabulars."""
    body = "\\par\\medskip\n".join(map(_fitted, tabulars))
    return f"\\begin{{table}}[!htbp]\n\\centering\\footnotesize\n{caption}{body}\\end{{table}}\n"


def _fitted(tabular: str) -> str:
    """Made smaller where it is wider than the page; needs nothing but graphicx where it is copied
    to."""
    fit = r"\ifdim\wd4>\linewidth\resizebox{\linewidth}{!}{\usebox4}\else\usebox4\fi"
    return f"\\sbox4{{%\n{tabular}}}%\n{fit}\n"


def tabular(frame: pd.DataFrame, columns: str, *, groups: Sequence[str] = ()) -> str:
    """Ready LaTeX cells as a booktabs tabular with the column letters ``columns``.

    ``groups`` names each row's group; a little space stands between groups, unless every row is
    one of its own.
    """
    style = frame.style.hide(axis="index")
    text = style.to_latex(column_format=f"@{{}}{columns}@{{}}", hrules=True, multicol_align="l")
    lines = text.splitlines()
    first = lines.index(r"\midrule") + 1
    starts = [row for row in range(1, len(groups)) if groups[row] != groups[row - 1]]
    if len(set(groups)) < len(groups):
        for row in reversed(starts):
            lines.insert(first + row, r"\addlinespace")
    return "\n".join(lines) + "\n"


def number(text: str, *, bold: bool, stars: str | None, count: str = "") -> str:
    """A median or printed number, bold and starred, with a smaller n in parentheses."""
    if text == wording.MISSING:
        return MISSING
    text = escape(text)
    text = rf"\textbf{{{text}}}" if bold else text
    text += rf"$^{{{stars}}}$" if stars else ""
    return f"{text} ({count})" if count else text


def chunks(groups: Sequence[str]) -> list[slice]:
    """Consecutive rows that share a float: whole groups, up to a page of them."""
    starts = [i for i in range(len(groups)) if not i or groups[i] != groups[i - 1]]
    ends = [*starts[1:], len(groups)]
    found: list[slice] = []
    for start, end in zip(starts, ends, strict=True):
        if found and end - found[-1].start <= ROWS_A_FLOAT:
            found[-1] = slice(found[-1].start, end)
        else:
            found.append(slice(start, end))
    return found


def row_header(result: TableResult, cell: CellResult) -> str:
    """What a column of cell labels is headed with: the table's title for it, or the parameters."""
    if result.about.row_title:
        return escape(result.about.row_title)
    if not cell.parameters:
        return "cell"
    return "(" + ", ".join(MATH.get(name, escape(name)) for name, _ in cell.parameters) + ")"


def layout_caption(result: TableResult, bold: str) -> str:
    """The caption's text of a table in the paper's layout; ``bold`` says what is in bold."""
    return (
        f"{escape(result.about.caption)}. Our medians of the last epoch's test accuracy over "
        f"$n = {result.seeds}$ seeds; a smaller $n$ stands in parentheses. Bold: {bold}. "
        f"{escape(STAR_LEGEND)} ({escape(result.alternative)} rank-sum test)."
    )
