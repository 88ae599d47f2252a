"""A document as LaTeX: one file that compiles as it is, and each grid as a fragment to be put in.

A fragment is a floating table, which needs the packages booktabs and graphicx.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence

from analysis.documents.blocks import (
    MISSING,
    Cell,
    Claims,
    Column,
    Document,
    Grid,
    Notes,
    Row,
)

PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,textcomp,booktabs,graphicx}
\usepackage[margin=18mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\setlength{\abovecaptionskip}{0pt}
\setlength{\belowcaptionskip}{6pt}
\makeatletter\setlength{\@fptop}{0pt}\setlength{\@fpsep}{14pt}\makeatother
\pagestyle{plain}
\begin{document}
"""
ROWS_A_FLOAT = 38  # as many as fit a page with their caption
# A tabular is made smaller where it is wider than the page.
FITTED = r"\ifdim\wd4>\linewidth\resizebox{\linewidth}{!}{\usebox4}\else\usebox4\fi"


# pdflatex with T1 fonts knows Latin letters; everything else that we or a paper may say is here.
SIGNS = "·±×÷√∞≠≤≥≈→∈αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
NAMES = (
    "cdot pm times div surd infty neq leq geq approx rightarrow in "
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
RAISED = (r"\circ", r"\dagger")
SYMBOLS = {
    **{sign: rf"${sign}$" for sign in "<>"},
    **{sign: rf"\{sign}" for sign in "{}$&%#_"},
    **{sign: rf"$\{name}$" for sign, name in zip(SIGNS, NAMES.split(), strict=True)},
    **{sign: rf"$^{{{what}}}$" for sign, what in zip("°†", RAISED, strict=True)},
    **{sign: rf"$^{{{digit}}}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{sign: rf"$_{{{digit}}}$" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{
        sign: rf"${name}$"
        for sign, name in zip("⌊⌋ℓ‖", (r"\lfloor", r"\rfloor", r"\ell", r"\Vert"), strict=True)
    },
    **{sign: rf"$\hat{{{letter}}}$" for sign, letter in zip("ŝŵ", "sw", strict=True)},
    **{sign: rf"$_{{{letter}}}$" for sign, letter in zip("ᵢⱼ", "ij", strict=True)},
    "⁻": "$^{-}$",
    "′": "$'$",
    **dict(zip("–—‘’“”", ("--", "---", "`", "'", "``", "''"), strict=True)),
    **dict(zip("\u00a0\u202f\u2009", ("~", r"\,", r"\,"), strict=True)),
    "½": r"$\frac{1}{2}$",
    "−": "$-$",
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    '"': r"\textquotedbl{}",
    "…": r"\dots{}",
}
ACCENTED = frozenset(
    "ĄąĆćČčĎďĘęĚěĞğĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŠšŤťŮůŰűŹźŻżŽžŒœ" + "".join(map(chr, range(0xC0, 0x100)))
) - {"×", "÷"}


def text(document: Document) -> str:
    """The complete ``.tex`` file: tables in the document's order, then what they rest on."""
    return f"{PREAMBLE}{body(document)}\\end{{document}}\n"


def book(
    title: str,
    documents: Sequence[Document],
    figures: Sequence[Sequence[str]],
    missing: Sequence[str] = (),
) -> str:
    """One ``.tex`` file of several documents.

    Args:
        figures: of each document the PDF files of its figures, beside the ``.tex``.
        missing: names of what has no document yet, told below the contents.
    """
    parts = [PREAMBLE, rf"{{\Large\bfseries\raggedright {escape(title)}\par}}\tableofcontents" "\n"]
    if missing:
        parts.append(f"\n\\bigskip Without a run yet: {escape(', '.join(missing))}.\n")
    for document, files in zip(documents, figures, strict=True):
        name = escape(f"{document.title} ({document.id})")
        parts += [rf"\clearpage\addcontentsline{{toc}}{{section}}{{{name}}}" "\n", body(document)]
        parts += [
            "\\begin{center}\n\\includegraphics[width=\\linewidth,height=.9\\textheight,"
            f"keepaspectratio]{{{file}}}\n\\end{{center}}\n"
            for file in files
        ]
    return "".join([*parts, "\\end{document}\n"])


def body(document: Document) -> str:
    """Between the preamble and the end."""
    tables = [table(document, grid) for grid in document.grids("latex")]
    tables += [_claims(document, b) for b in document.blocks if isinstance(b, Claims) if b.items]
    found = [b for b in document.blocks if isinstance(b, Notes)]
    notes = [_notes(block) for block in found if block.shown != "terminal"]
    if len(tables) > 1:
        notes.insert(0, "\\clearpage\n")  # else floats tear the text apart
    return "".join([_head(document), *tables, *notes])


def fragments(document: Document) -> dict[str, str]:
    """Each grid by its name, ready for a paper's ``\\input``."""
    packages = "% Needs \\usepackage{booktabs,graphicx}.\n"
    return {g.name: packages + table(document, g) for g in document.grids("latex")}


def table(document: Document, grid: Grid) -> str:
    """A grid as floating tables of a page at most; the document's labels stay in the captions."""
    caption = grid.caption or grid.title
    caption += "" if caption.endswith((".", ":", "?")) or not caption else "."
    floats = []
    for part in _pages(grid.rows):
        heads = "".join(rf"\textbf{{{escape(label)}.}} " for label in document.labels)
        more = " (Continued.)" if part.start else ""
        floats.append(
            "\\begin{table}[!htbp]\n\\centering\\footnotesize\n"
            f"\\caption{{{heads}{escape(caption)}{more}}}\n"
            f"\\sbox4{{%\n{_tabular(grid, grid.rows[part])}}}%\n{FITTED}\n\\end{{table}}\n"
        )
    return f"% begin fragment: {grid.name}\n{''.join(floats)}% end fragment: {grid.name}\n"


def _head(document: Document) -> str:
    lines = [rf"\textbf{{{escape(label)}}}" for label in document.labels]
    lines += [escape(line) for line in document.lines]
    head = rf"\section*{{\raggedright {escape(f'{document.title} ({document.id})')}}}"
    return "\n\n".join([f"{head}\n{escape(document.caption)}.", *lines]) + "\n\n"


def _pages(rows: Sequence[Row]) -> list[slice]:
    """Consecutive rows that share a float: whole groups, up to a page of them."""
    ends = [i for i in range(1, len(rows)) if rows[i].group != rows[i - 1].group] + [len(rows)]
    found: list[slice] = []
    for start, end in itertools.pairwise([0, *ends]):
        for first in range(start, end, ROWS_A_FLOAT):
            last = min(end, first + ROWS_A_FLOAT)
            if found and last - found[-1].start <= ROWS_A_FLOAT:
                found[-1] = slice(found[-1].start, last)
            else:
                found.append(slice(first, last))
    return found


def _tabular(grid: Grid, rows: Sequence[Row]) -> str:
    """The rows between rules; the first column has the names of headed groups."""
    columns = [Column(""), *grid.columns] if grid.headed else list(grid.columns)
    lines = [*_headings(columns), "\\midrule"]
    alone = len({row.group for row in rows}) == len(rows)
    for index, row in enumerate(rows):
        is_new = not index or row.group != rows[index - 1].group
        if row.total:
            lines.append("\\midrule")
        elif index and is_new and not alone:
            lines.append("\\addlinespace")
        cells = [_cell(cell) for cell in row.cells]
        if grid.headed:
            cells.insert(0, escape(row.group) if is_new else "")
        lines.append(f"{' & '.join(cells)} \\\\")
    body = "\n".join(["\\toprule", *lines, "\\bottomrule"])
    return f"\\begin{{tabular}}{{@{{}}{_letters(columns)}@{{}}}}\n{body}\n\\end{{tabular}}\n"


def _letters(columns: Sequence[Column]) -> str:
    """The columns' letters, with more space between those under different headings."""
    letters = ""
    for index, column in enumerate(columns):
        if index and column.over != columns[index - 1].over:
            letters += r"@{\hspace{2em}}"
        letters += "p{52mm}" if column.prose else "r" if column.right else "l"
    return letters


def _headings(columns: Sequence[Column]) -> list[str]:
    titles = [escape(c.title) + (f" ({escape(c.unit)})" if c.unit else "") for c in columns]
    lines = [f"{' & '.join(titles)} \\\\"]
    if any(column.over for column in columns):
        spans = [(over, len(list(run))) for over, run in itertools.groupby(c.over for c in columns)]
        over = (rf"\multicolumn{{{n}}}{{l}}{{{escape(text)}}}" for text, n in spans)
        lines.insert(0, f"{' & '.join(over)} \\\\")
    return lines


def _cell(cell: Cell) -> str:
    text = "--" if cell.text == MISSING else escape(cell.text)
    text = rf"\textbf{{{text}}}" if cell.bold else text
    text += rf"$^{{{cell.stars}}}$" if cell.stars else ""
    count = f"({cell.count})" if cell.count else ""
    parts = [text, *map(escape, filter(None, [cell.mark, cell.aside, cell.detail, count]))]
    return " ".join([*parts, rf"\textit{{{escape(cell.note)}}}"] if cell.note else parts)


def _claims(document: Document, block: Claims) -> str:
    """The claims as a grid, what speaks for them in columns."""
    names = [name for name, _ in block.items[0].evidence]
    columns = [Column("claim", prose=bool(names)), *map(Column, names), Column("verdict")]
    rows = [
        Row((Cell(c.text), *(Cell(text or MISSING) for _, text in c.evidence), Cell(c.verdict)))
        for c in block.items
    ]
    grid = Grid("claims", tuple(columns), tuple(rows), block.title, block.caption)
    return table(document, grid)


def _notes(block: Notes) -> str:
    head = rf"\subsection*{{{escape(block.title)}}}" + "\n" if block.title else ""
    items = []
    for number, note in enumerate(block.items, start=1):
        topic = f"{escape(note.topic)}:" if note.topic else ""
        topic = rf"\textbf{{{topic}}}" if topic and not note.light else topic
        sign = rf"\textsuperscript{{{number}}}\," if block.numbered else ""
        items.append(f"{sign}{topic} {escape(note.text)}" if topic else sign + escape(note.text))
    return head + "{\\footnotesize\\raggedright\n" + "\n\n".join(items) + "\n\\par}\n\n"


def escape(text: str) -> str:
    """``text`` for LaTeX's text mode; back-quoted words become typewriter, √2 a root.

    A character that pdflatex has no glyph for comes out as its code point, "[U+4E2D]", since a
    table that compiles with a gap is worth more than none.
    """
    found, done = "", 0
    for match in re.finditer(r"`([^`]+)`|√(\d+)", text):
        typed, root = match.groups()
        found += _characters(text[done : match.start()])
        found += rf"\texttt{{{_characters(typed)}}}" if typed else rf"$\sqrt{{{root}}}$"
        done = match.end()
    return found + _characters(text[done:])


def _characters(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace(" %", "\u202f%")
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character in SYMBOLS:
        return SYMBOLS[character]
    if character.isspace():
        return " "
    if " " < character < "\u007f" or character in ACCENTED:
        return character
    return f"[U+{ord(character):04X}]"
