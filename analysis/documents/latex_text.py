"""Plain text as LaTeX that pdflatex compiles, whatever the text holds."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# How the documents of computed tables begin; a trained table has its own, which fits its width.
PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,textcomp,booktabs}
\usepackage[margin=18mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\setlength{\belowcaptionskip}{6pt}
\begin{document}
"""

# pdflatex with T1 fonts knows Latin letters; everything else that we or a paper may say is here.
SYMBOLS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    '"': r"\textquotedbl{}",
    "<": r"$<$",
    ">": r"$>$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "·": r"$\cdot$",
    "−": r"$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "√": r"$\surd$",
    "∞": r"$\infty$",
    "≠": r"$\neq$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "∈": r"$\in$",
    "†": r"$^{\dagger}$",
    "²": r"$^{2}$",
    "³": r"$^{3}$",
    "½": r"$\frac{1}{2}$",
    "°": r"$^{\circ}$",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "\u00a0": "~",
    "\u202f": r"\,",
    "\u2009": r"\,",
}
GREEK = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
SYMBOLS |= {
    letter: rf"$\{name}$"
    for letter, name in zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", GREEK.split(), strict=True)
}
ACCENTED = frozenset(
    "ĄąĆćČčĎďĘęĚěĞğĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŠšŤťŮůŰűŹźŻżŽžŒœ" + "".join(map(chr, range(0xC0, 0x100)))
) - {"×", "÷"}


def escape(text: str) -> str:
    """``text`` for LaTeX's text mode; back-quoted words become typewriter, √2 a root.

    A character that pdflatex has no glyph for comes out as its code point, "[U+4E2D]", since a
    table that compiles with a gap is worth more than none.
    """
    parts = re.split(r"(`[^`]+`|√\d+)", text)
    return "".join(_part(part) for part in parts)


def floating_table(frame: pd.DataFrame, caption: str, texts: int = 1) -> str:
    """A floating table of plain texts; its first ``texts`` columns are set to the left."""
    ready = frame.map(escape).rename(columns=escape)
    letters = "@{}" + "l" * texts + "r" * (len(frame.columns) - texts) + "@{}"
    tabular = ready.style.hide(axis="index").to_latex(column_format=letters, hrules=True)
    return (
        "\\begin{table}[!htbp]\n\\centering\\footnotesize\n"
        f"\\caption{{{escape(caption)}}}\n{tabular}\\end{{table}}\n"
    )


def _part(part: str) -> str:
    if part.startswith("√") and len(part) > 1:
        return rf"$\sqrt{{{part[1:]}}}$"
    if len(part) > 2 and part[0] == part[-1] == "`":
        return rf"\texttt{{{_characters(part[1:-1])}}}"
    return _characters(part)


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
