"""Plain text as LaTeX that pdflatex compiles, whatever the text holds."""

from __future__ import annotations

import re
import unicodedata

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
