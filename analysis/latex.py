"""A table as one LaTeX document that compiles as it is: the paper's layout with our numbers, the
published beside the reproduced numbers, the comparisons, and what they rest on.

Each table stands between marker lines, ready to be copied into another document.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import wording
from analysis.latex_text import escape
from analysis.notes import STAR_LEGEND, labels, notes, reading_source, summary
from analysis.results import CellResult, ComparisonResult, TableResult

PREAMBLE = r"""% Compile under another name (pdflatex -jobname=tables FILE), as the PDF beside this
% file is the figure.
\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,textcomp,booktabs,graphicx}
\usepackage[margin=18mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\setlength{\abovecaptionskip}{0pt}
\setlength{\belowcaptionskip}{6pt}
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
    blocks += [_notes(result), _deviations(result), _readings(result)]
    return PREAMBLE + "\n".join(block for block in blocks if block) + "\\end{document}\n"


def _fragment(name: str, body: str) -> str:
    return f"% begin fragment: {name}\n{body}% end fragment: {name}\n"


def _title(result: TableResult) -> str:
    about = result.about
    text = rf"\section*{{{escape(about.title)}}}" + "\n" + f"{escape(about.caption)}."
    for label in labels(result):
        text += "\n\n" + rf"\textbf{{{escape(label)}}}"
    if counted := summary(result):
        text += f"\n\n{escape(counted)}."
    return text + "\n"


def _caption(result: TableResult, text: str) -> str:
    """The caption; labels are part of it, so that a copied table keeps them."""
    heads = "".join(rf"\textbf{{{escape(label)}.}} " for label in labels(result))
    return rf"\caption{{{heads}{text}}}" + "\n"


def _table(caption: str, *tabulars: str) -> str:
    body = "\\par\\medskip\n".join(map(_fitted, tabulars))
    return f"\\begin{{table}}[!htbp]\n\\centering\\footnotesize\n{caption}{body}\\end{{table}}\n"


def _fitted(tabular: str) -> str:
    """Made smaller where it is wider than the page; needs nothing but graphicx where it is copied
    to."""
    fit = r"\ifdim\wd4>\linewidth\resizebox{\linewidth}{!}{\usebox4}\else\usebox4\fi"
    return f"\\sbox4{{%\n{tabular}}}%\n{fit}\n"


def _tabular(frame: pd.DataFrame, columns: str, *, groups: Sequence[str] = ()) -> str:
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
    for pair in pairs:
        for row, side in zip(rows, ("first", "second"), strict=True):
            cell = result.cell(getattr(pair, side))
            stars = pair.stars if side == "first" else None
            row.extend([escape(cell.label), _entry(cell, pair.larger == side, stars)])
    columns = pd.MultiIndex.from_tuples(
        [(escape(pair.name), title) for pair in pairs for title in (header, "median")]
    )
    letters = r"@{\hspace{2em}}".join(["ll"] * len(pairs))
    return _tabular(pd.DataFrame(rows, columns=columns), letters)


def _parameter_header(cell: CellResult) -> str:
    if not cell.parameters:
        return "cell"
    return "(" + ", ".join(MATH.get(name, escape(name)) for name, _ in cell.parameters) + ")"


def _entry(cell: CellResult, is_larger: bool, stars: str | None) -> str:
    """The median, bold where it is the pair's larger one, with our stars and a smaller n."""
    if not cell.n:
        return MISSING
    text = escape(wording.accuracy(cell.median))
    text = rf"\textbf{{{text}}}" if is_larger else text
    text += rf"$^{{{stars}}}$" if stars else ""
    return text if cell.n == cell.planned else f"{text} ({cell.n})"


def _cells(result: TableResult) -> str:
    """Published beside reproduced medians with their difference and verdict; plain in quick."""
    rows = [_cell_row(cell, result.is_quick) for cell in result.cells]
    caption = (
        "Reproduced medians with the interval of each and, apart from them, the median of the best "
        "evaluated epoch, which was chosen on the test images and is not compared."
    )
    if not result.is_quick:
        caption = f"Published beside reproduced. $D$: reproduced minus published. {caption}"
    if any(cell.diverged for cell in result.cells):
        caption += " div.: runs that diverged, ranked below all others."
    kinds = [cell.kind for cell in result.cells]
    table = _tabular(pd.DataFrame(rows), "l" * len(rows[0]), groups=kinds)
    return _table(_caption(result, caption), table)


def _cell_row(cell: CellResult, is_quick: bool) -> dict[str, str]:
    count = wording.count(cell) + (f" ({cell.diverged} div.)" if cell.diverged else "")
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
    rows = [_comparison_row(pair, result) for pair in result.comparisons]
    caption = (
        f"Comparisons, first minus second cell. $p$: {escape(result.alternative)} rank-sum test, "
        f"by its {'exact distribution' if result.method == 'exact' else 'normal approximation'}, "
        f"and Holm-adjusted over {result.declared} comparisons; "
        "shift: Hodges--Lehmann, points; $p_{\\mathrm{BM}}$: Brunner--Munzel; "
        "$A$: Vargha--Delaney."
    )
    if not result.is_quick:
        caption += (
            " Agree: whether our stars are the paper's, and the probability to be expected of it."
        )
    parts = [pair.part for pair in result.comparisons]
    table = _tabular(pd.DataFrame(rows), "l" * len(rows[0]), groups=parts)
    return _table(_caption(result, caption), table)


def _comparison_row(pair: ComparisonResult, result: TableResult) -> dict[str, str]:
    first, second = result.cell(pair.first).label, result.cell(pair.against).label
    test, brunner_munzel = pair.test, pair.brunner_munzel
    row = {"": escape(pair.name), "first $-$ second": escape(f"{first} − {second}")}
    if not result.is_quick:
        row["paper"] = escape(wording.stars(pair.published_stars))
    row |= {
        "ours": escape(wording.stars(pair.stars)),
        "$p$": escape(wording.p_value(test.p_value if test else None)),
        r"$p_{\mathrm{Holm}}$": escape(wording.p_value(pair.p_holm)),
        "shift [interval]": escape(wording.shift(pair)),
        r"$p_{\mathrm{BM}}$": escape(
            wording.p_value(brunner_munzel.p_value if brunner_munzel else None)
        ),
        "$A$": escape(wording.probability(pair.superiority)),
    }
    if not result.is_quick:
        row["effect"] = escape(pair.effect.verdict) if pair.effect else MISSING
        row["agree"] = escape(wording.agreement(pair))
    return row


def _notes(result: TableResult) -> str:
    items = [rf"\textbf{{{escape(n.topic)}:}} {escape(n.text)}" for n in notes(result)]
    return (
        "\\subsection*{Notes}\n{\\footnotesize\\raggedright\n" + "\n\n".join(items) + "\n\\par}\n"
    )


def _deviations(result: TableResult) -> str:
    """Where the experiment departs from the paper on purpose."""
    if not result.about.deviations:
        return ""
    items = [
        rf"\textbf{{{escape(d.id)}}} {escape(f'{d.name}: {d.text}')}"
        for d in result.about.deviations
    ]
    head = "\\subsection*{Deviations from the paper}\n{\\footnotesize\\raggedright\n"
    return head + "\n\n".join(items) + "\n\\par}\n"


def _readings(result: TableResult) -> str:
    """The choices behind the numbers, as numbered footnotes; the changed ones are bold."""
    if not result.about.readings:
        return ""
    items = []
    for number, reading in enumerate(result.about.readings, start=1):
        name = escape(f"{reading.id} {reading.name}: {reading.value}")
        name = rf"\textbf{{{name}}}" if reading.changed else name
        items.append(rf"\textsuperscript{{{number}}}\,{name} {escape(reading_source(reading))}")
    head = "\\subsection*{Readings: what the paper leaves open}\n{\\footnotesize\\raggedright\n"
    return head + "\n\n".join(items) + "\n\\par}\n"
