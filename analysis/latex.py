"""A table as one LaTeX document that compiles as it is: the paper's layout with our numbers, the
published beside the reproduced numbers, the comparisons, and what they rest on.

Each table stands between marker lines, ready to be copied into another document.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from analysis import wording
from analysis.latex_text import escape
from analysis.notes import STAR_LEGEND, labels, notes, reading_line
from analysis.results import CellResult, ComparisonResult, TableResult

PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,textcomp,booktabs}
\usepackage[margin=18mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4.5pt}
\pagestyle{plain}
\begin{document}
"""
MISSING = "--"
MATH = {"gamma": r"$\gamma$", "eta": r"$\eta$"}


def document(result: TableResult) -> str:
    """The complete ``.tex`` file."""
    blocks = [
        _title(result),
        _fragment("paper layout", _paper_layout(result)),
        _fragment("published beside reproduced", _cells(result)),
    ]
    if result.comparisons:
        blocks.append(_fragment("comparisons", _comparisons(result)))
    blocks += [_notes(result), _readings(result)]
    return PREAMBLE + "\n".join(block for block in blocks if block) + "\\end{document}\n"


def _fragment(name: str, body: str) -> str:
    return f"% begin fragment: {name}\n{body}% end fragment: {name}\n"


def _title(result: TableResult) -> str:
    about = result.about
    text = rf"\section*{{{escape(about.title)}}}" + "\n" + f"{escape(about.caption)}."
    for label in labels(result):
        text += "\n\n" + rf"\textbf{{{escape(label)}}}"
    return text + "\n"


def _caption(result: TableResult, text: str) -> str:
    """The caption; labels are part of it, so that a copied table keeps them."""
    heads = "".join(rf"\textbf{{{escape(label)}.}} " for label in labels(result))
    return rf"\caption{{{heads}{text}}}" + "\n"


def _table(caption: str, *tabulars: str) -> str:
    body = "\\par\\medskip\n".join(tabulars)
    return (
        f"\\begin{{table}}[!htbp]\n\\centering\\footnotesize\n{caption}{body}\\end{{table}}\n"
    )


def _tabular(
    frame: pd.DataFrame,
    columns: str,
    *,
    gaps: Collection[int] = (),
    bold: pd.DataFrame | None = None,
) -> str:
    """Ready LaTeX cells as a booktabs tabular.

    Args:
        columns: LaTeX's column letters.
        gaps: rows before which a little space stands.
        bold: True where a cell is set in bold.
    """
    style = frame.style.hide(axis="index")
    if bold is not None:
        marks = bold.map(lambda is_bold: "textbf:--rwrap;" if is_bold else "")
        style = style.apply(lambda _: marks, axis=None)
    text = style.to_latex(column_format=f"@{{}}{columns}@{{}}", hrules=True, multicol_align="c")
    lines = text.splitlines()
    first = lines.index(r"\midrule") + 1
    for row in sorted(gaps, reverse=True):
        lines.insert(first + row, r"\addlinespace")
    return "\n".join(lines) + "\n"


def _paper_layout(result: TableResult) -> str:
    """The paper's layout: a pair of cells a column, the larger median bold, our stars."""
    tabulars = [_pairs(result, pairs) for pairs in result.parts().values()]
    caption = (
        f"{escape(result.about.caption)}. Our medians of the last epoch's test accuracy over "
        f"$n = {result.seeds}$ seeds; a smaller $n$ stands in parentheses. Bold: the larger median "
        f"of a pair. {escape(STAR_LEGEND)} ({escape(result.alternative)} rank-sum test)."
    )
    return _table(_caption(result, caption), *tabulars)


def _pairs(result: TableResult, pairs: Sequence[ComparisonResult]) -> str:
    """One part of the layout: first cells above second ones, two columns a comparison."""
    header = _parameter_header(result.cell(pairs[0].first))
    rows: tuple[list[str], list[str]] = ([], [])
    bold: tuple[list[bool], list[bool]] = ([], [])
    for pair in pairs:
        for index, side in enumerate(("first", "second")):
            cell = result.cell(getattr(pair, side))
            marks = _stars(pair.stars) if side == "first" else ""
            rows[index].extend([escape(cell.label), _entry(cell) + marks])
            bold[index].extend([False, pair.larger == side])
    columns = pd.MultiIndex.from_tuples(
        [(escape(pair.column), title) for pair in pairs for title in (header, "median")]
    )
    return _tabular(
        pd.DataFrame(rows, columns=columns),
        r"@{\hspace{2em}}".join(["ll"] * len(pairs)),
        bold=pd.DataFrame(bold, columns=columns),
    )


def _parameter_header(cell: CellResult) -> str:
    if not cell.parameters:
        return "cell"
    return "(" + ", ".join(MATH.get(name, escape(name)) for name, _ in cell.parameters) + ")"


def _entry(cell: CellResult) -> str:
    if not cell.n:
        return MISSING
    text = escape(wording.accuracy(cell.median))
    return text if cell.n == cell.planned else rf"{text} ({cell.n})"


def _stars(stars: str | None) -> str:
    return rf"$^{{{stars}}}$" if stars else ""


def _cells(result: TableResult) -> str:
    """Published beside reproduced medians with their difference and verdict; plain in quick."""
    rows, gaps = [], []
    for index, cell in enumerate(result.cells):
        if index and cell.kind != result.cells[index - 1].kind:
            gaps.append(index)
        rows.append(_cell_row(cell, result.is_quick))
    caption = (
        "Reproduced medians with the interval of each and, apart from them, the median of the best "
        "evaluated epoch, which was chosen on the test images and is not compared."
    )
    if not result.is_quick:
        caption = f"Published beside reproduced. $D$: reproduced minus published. {caption}"
    table = _tabular(pd.DataFrame(rows), "l" * len(rows[0]), gaps=gaps)
    return _table(_caption(result, caption), table)


def _cell_row(cell: CellResult, is_quick: bool) -> dict[str, str]:
    count = wording.count(cell) + (f", {cell.diverged} diverged" if cell.diverged else "")
    row = {
        "cell": escape(cell.name),
        "reproduced [interval]": escape(wording.median(cell)),
        "$n$": escape(count),
    }
    if not is_quick:
        verdict = escape(cell.level.verdict) if cell.level else MISSING
        row = {"cell": row.pop("cell"), "published": escape(cell.published or "") or MISSING, **row}
        row["$D$ [interval], points"] = escape(wording.difference(cell))
        row["verdict"] = verdict
        row[r"min $\delta$"] = escape(wording.smallest_delta(cell))
    row["best epoch"] = escape(wording.accuracy(cell.best_median))
    return row


def _comparisons(result: TableResult) -> str:
    rows, gaps = [], []
    for index, pair in enumerate(result.comparisons):
        if index and pair.part != result.comparisons[index - 1].part:
            gaps.append(index)
        rows.append(_comparison_row(pair, result))
    caption = (
        f"Comparisons, first minus second cell. $p$: {escape(result.alternative)} rank-sum test, "
        f"by its {'exact distribution' if result.method == 'exact' else 'normal approximation'}, "
        f"Holm-adjusted over {result.declared} comparisons, and by the normal approximation; "
        "shift: Hodges--Lehmann, points; $p_{\\mathrm{BM}}$: Brunner--Munzel; "
        "$A$: Vargha--Delaney."
    )
    if not result.is_quick:
        caption += (
            " Stars agree: whether ours are the published ones, and the probability to be expected "
            "of it."
        )
    table = _tabular(pd.DataFrame(rows), "l" * len(rows[0]), gaps=gaps)
    return _table(_caption(result, caption), table)


def _comparison_row(pair: ComparisonResult, result: TableResult) -> dict[str, str]:
    first, second = result.cell(pair.first).label, result.cell(pair.second).label
    test, brunner_munzel = pair.test, pair.brunner_munzel
    row = {"": escape(pair.name), "first $-$ second": escape(f"{first} − {second}")}
    if not result.is_quick:
        row["paper"] = escape(wording.stars(pair.published_stars))
    row |= {
        "ours": escape(wording.stars(pair.stars)),
        "$p$": escape(wording.p_value(test.p_value if test else None)),
        r"$p_{\mathrm{Holm}}$": escape(wording.p_value(pair.p_holm)),
        r"$p_{\mathrm{normal}}$": escape(wording.p_value(pair.p_normal)),
        "shift [interval]": escape(wording.shift(pair)),
        r"$p_{\mathrm{BM}}$": escape(
            wording.p_value(brunner_munzel.p_value if brunner_munzel else None)
        ),
        "$A$": escape(wording.probability(pair.superiority)),
    }
    if not result.is_quick:
        row["effect"] = escape(pair.effect.verdict) if pair.effect else MISSING
        row["stars agree"] = escape(wording.agreement(pair))
    return row


def _notes(result: TableResult) -> str:
    items = [rf"\textbf{{{escape(n.topic)}.}} {escape(n.text)}" for n in notes(result)]
    return "\\subsection*{Notes}\n{\\footnotesize\n" + "\n\n".join(items) + "\n\\par}\n"


def _readings(result: TableResult) -> str:
    """The choices behind the numbers, as numbered footnotes; the changed ones are bold."""
    if not result.about.readings:
        return ""
    items = []
    for number, reading in enumerate(result.about.readings, start=1):
        name = escape(f"{reading.id} {reading.name}")
        name = rf"\textbf{{{name}, changed}}" if reading.changed else name
        items.append(rf"\textsuperscript{{{number}}}\,{name}: {escape(reading_line(reading))}")
    head = "\\subsection*{Readings: what the paper leaves open}\n{\\footnotesize\\raggedright\n"
    return head + "\n\n".join(items) + "\n\\par}\n"
