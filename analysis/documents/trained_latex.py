"""A table as one LaTeX document that compiles as it is: the paper's layout with our numbers, the
published beside the reproduced numbers, the comparisons, and what they rest on.

Each table stands between marker lines, ready to be copied into another document.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.documents import latex_blocks, wording
from analysis.documents.arrangement import groups
from analysis.documents.latex_parts import (
    MISSING,
    captioned,
    chunks,
    floating,
    fragment,
    layout_caption,
    number,
    row_header,
    tabular,
)
from analysis.documents.latex_text import escape
from analysis.documents.notes import labels, notes, reading_source, summary
from analysis.documents.results import CellResult, ComparisonResult, TableResult

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


def document(result: TableResult) -> str:
    """The complete ``.tex`` file."""
    layout = _paper_layout if result.about.layout == "pairs" else latex_blocks.paper_layout
    blocks = [
        _title(result),
        fragment("paper layout", layout(result)),
        fragment("published beside reproduced", _cells(result)),
    ]
    if result.comparisons:
        blocks.append(fragment("comparisons", _comparisons(result)))
    if result.claims:
        blocks.append(fragment("claims of the text", latex_blocks.claims(result)))
    if result.about.layout == "grid":
        blocks.append("\\clearpage\n")  # the tables first
    blocks += [_notes(result), _deviations(result), _readings(result)]
    return PREAMBLE + "\n".join(block for block in blocks if block) + "\\end{document}\n"


def _title(result: TableResult) -> str:
    about = result.about
    text = rf"\section*{{{escape(about.title)}}}" + "\n" + f"{escape(about.caption)}."
    for label in labels(result):
        text += "\n\n" + rf"\textbf{{{escape(label)}}}"
    if counted := summary(result):
        text += f"\n\n{escape(counted)}."
    return text + "\n"


def _paper_layout(result: TableResult) -> str:
    """The paper's layout: a pair of cells a column, the larger median bold, our stars."""
    tabulars = [_pairs(result, pairs) for pairs in result.parts().values()]
    text = layout_caption(result, "the larger median of a pair")
    return floating(captioned(result, text), *tabulars)


def _pairs(result: TableResult, pairs: Sequence[ComparisonResult]) -> str:
    """One part of the layout: first cells above second ones, two columns a comparison."""
    header = row_header(result, result.cell(pairs[0].first))
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
    return tabular(pd.DataFrame(rows, columns=columns), letters)


def _entry(cell: CellResult, is_larger: bool, stars: str | None) -> str:
    """The median, bold where it is the pair's larger one, with our stars and a smaller n."""
    count = "" if cell.n in (0, cell.planned) else str(cell.n)
    text = wording.accuracy(cell.median, cell.percent)
    return number(text, bold=is_larger, stars=stars, count=count)


def _cells(result: TableResult) -> str:
    """Published beside reproduced medians with their difference and verdict; plain in quick."""
    in_order = [cell for cells in groups(result).values() for cell in cells]
    rows = [_cell_row(cell, result.is_quick) for cell in in_order]
    text = (
        "Reproduced medians with the interval of each and, apart from them, the median of the best "
        "evaluated epoch, which was chosen on the test images and is not compared."
    )
    if not result.is_quick:
        text = f"Published beside reproduced. $D$: reproduced minus published. {text}"
    if any(cell.diverged for cell in result.cells):
        text += " div.: runs that diverged, ranked below all others."
    kinds = [cell.group or cell.kind for cell in in_order]
    return _floats(result, text, rows, kinds)


def _floats(
    result: TableResult, text: str, rows: Sequence[dict[str, str]], names: Sequence[str]
) -> str:
    """The rows under one caption, in as many floats as they need; ``names`` are their groups."""
    frame = pd.DataFrame(rows)
    floats = []
    for part in chunks(names):
        body = tabular(frame[part], "l" * len(frame.columns), groups=names[part])
        more = " (Continued.)" if part.start else ""
        floats.append(floating(captioned(result, text + more), body))
    return "".join(floats)


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
    row["best epoch"] = escape(wording.accuracy(cell.best_median, cell.percent))
    return row


def _comparisons(result: TableResult) -> str:
    rows = [_comparison_row(pair, result) for pair in result.comparisons]
    text = (
        f"Comparisons, first minus second cell. $p$: {escape(result.alternative)} rank-sum test, "
        f"by its {'exact distribution' if result.method == 'exact' else 'normal approximation'}, "
        f"and Holm-adjusted over {result.declared} comparisons; "
        "shift: Hodges--Lehmann, points; $p_{\\mathrm{BM}}$: Brunner--Munzel; "
        "$A$: Vargha--Delaney."
    )
    if not result.is_quick:
        text += (
            " Agree: whether our stars are the paper's, and the probability to be expected of it."
        )
    parts = [result.cell(pair.first).group or pair.part for pair in result.comparisons]
    return _floats(result, text, rows, parts)


def _comparison_row(pair: ComparisonResult, result: TableResult) -> dict[str, str]:
    first, second = result.cell(pair.first).label, result.cell(pair.against).label
    test, brunner_munzel = pair.test, pair.brunner_munzel
    row = {"": escape(pair.name), "first $-$ second": escape(f"{first} − {second}")}
    if not result.is_quick:
        row["paper"] = escape(wording.published_mark(pair))
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
    for index, reading in enumerate(result.about.readings, start=1):
        name = escape(f"{reading.id} {reading.name}: {reading.value}")
        name = rf"\textbf{{{name}}}" if reading.changed else name
        items.append(rf"\textsuperscript{{{index}}}\,{name} {escape(reading_source(reading))}")
    head = "\\subsection*{Readings: what the paper leaves open}\n{\\footnotesize\\raggedright\n"
    return head + "\n\n".join(items) + "\n\\par}\n"
