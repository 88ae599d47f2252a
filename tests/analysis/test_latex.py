"""The LaTeX file compiles as it is and says what the table says."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import table_cases as cases
from hypothesis import given
from hypothesis import strategies as st
from rendered import body
from rendered import latex_of as document

from analysis.rendering.latex import escape
from analysis.tables.about import Deviation, Reading
from analysis.tables.results import TableResult

NASTY = r"50 % of $x_1^2 & #3 ~ {a\b} <γ|η> “λ·Σ” ½ ≤ √2 – Łódź ⚙ 中 `a_b` \input{x}"


def nasty() -> TableResult:
    """Hostile text in every place that takes text."""
    reading = Reading("L-99", NASTY, NASTY, "other", "assumption", NASTY, True)
    about = replace(
        cases.ABOUT,
        caption=NASTY,
        variant="l2_convention=half_sum_sq",
        margin_reason=NASTY,
        readings=(reading,),
        deviations=(Deviation("D-99", NASTY, NASTY),),
    )
    return cases.full(cases.frame({"plain 1 1": [8791]}), about=about)


def wide() -> TableResult:
    """The widest entries of every column, and machines of two sittings."""
    runs = cases.frame({name: cases.around(name, shift=-1500) for name in cases.NAMES})
    for name, diverged in (("plain 1 1", 10), ("anti 0.6 0.4", 4), ("anti 0.8 0.8", 4)):
        chosen = (runs["cell"] == name) & (runs["seed"] < diverged)
        runs.loc[chosen, ["diverged", "correct", "accuracy", "value"]] = [True, 1000, 0.1, 0.1]
    sittings = f"{cases.MACHINE} + {cases.OTHER_MACHINE}"
    runs.loc[runs["seed"] > 9, "machine"] = sittings
    return cases.full(runs)


CASES: dict[str, Any] = {
    "complete": cases.complete,
    "mixed": cases.mixed,
    "sparse": cases.sparse,
    "empty": cases.empty,
    "quick": cases.five_each,
    "wide": wide,
    "nasty": nasty,
}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", CASES)
def test_the_file_compiles_as_it_is_and_nothing_sticks_out(name: str, tmp_path: Path) -> None:
    (tmp_path / "table3.tex").write_text(document(CASES[name]()), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table3.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "table3.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert (tmp_path / "table3.pdf").stat().st_size > 10_000
    if name != "nasty":
        over = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
        assert max(over, default=0) <= 1
        assert "Missing character" not in log


def test_the_paper_layout_has_two_rows_of_four_pairs_in_two_parts() -> None:
    parts = [body(cases.complete(), f"layout-{part}") for part in ("upper", "lower")]
    assert [[len(row) for row in rows] for rows in parts] == [[4, 8, 8, 8]] * 2
    (_, _, first, second), (_, _, plain, _) = parts
    assert first[0::2] == ["(1.6, 2.4)", "(1.6, 2.2)", "(1.6, 2.0)", "(1.6, 1.8)"]
    assert second[1::2] == [".8740", ".8781", ".8789", ".8789"]
    assert plain[0::2] == ["(1, 1)"] * 4


def test_the_larger_median_is_bold_with_our_stars() -> None:
    result = cases.complete()
    rows = body(result, "layout-upper")
    stars = [row.stars for row in result.comparisons]
    expected = [
        rf"\textbf{{{median}}}" + (f"$^{{{mark}}}$" if mark else "")
        for median, mark in zip([".8812", ".8793", ".8815", ".8819"], stars[:4], strict=True)
    ]
    assert rows[2][1::2] == expected
    assert not any("textbf" in entry for entry in rows[3])
    reversed_pair = cases.frame({"locality 1.6 2.4": [8700], "permuted 2.4 1.6": [8701]})
    rows = body(cases.full(reversed_pair), "layout-upper")
    assert rows[2][1] == ".8700 (1)"
    assert rows[3][1] == r"\textbf{.8701} (1)"


def test_equal_medians_are_both_plain() -> None:
    pair = cases.frame({"locality 1.6 2.4": [8700], "permuted 2.4 1.6": [8700]})
    assert r"\textbf{.8700}" not in document(cases.full(pair))


def test_published_stands_beside_reproduced_with_verdict_and_n() -> None:
    by_name = {row[0]: row[1:] for row in body(cases.mixed(), "cells")}
    assert by_name["locality 1.6 2.2"][:3] == [".8793", ".8788 [.8772, .8801]", r"\textbf{12/15}"]
    assert by_name["permuted 2.2 1.6"][2:] == [r"\textbf{3/15}", "$-$0.27", "? inconclusive"]
    assert by_name["permuted 2.4 1.6"][2] == r"15/15 \textit{2 div.}"
    assert by_name["anti 0.6 0.4"][4] == r"$\neq$ not reproduced (1.74)"
    missing = [".8772", "missing", r"\textbf{0/15}", "--", "-- missing"]
    assert by_name["anti 0.8 0.8"] == missing


def test_labels_stand_in_every_caption() -> None:
    for name, label in (("quick", "QUICK"), ("mixed", "INCOMPLETE"), ("nasty", "VARIANT")):
        text = document(CASES[name]())
        captions = re.findall(r"\\caption\{(.*)", text)
        assert len(captions) >= 3
        assert all(label in caption for caption in captions)


def test_a_quick_table_shows_no_published_number_and_no_verdict() -> None:
    text = document(cases.five_each())
    assert "Published beside" not in text
    for word in ("reproduced;", "inconclusive", "confirmed", "undecided", "min "):
        assert word not in text


def test_readings_and_deviations_are_footnotes() -> None:
    about = replace(cases.ABOUT, deviations=(Deviation("D-01", "seeds", "Shared 100 %."),))
    text = document(cases.full(cases.frame({}), about=about))
    assert r"\textsuperscript{2}\,L-12 alternative = two-sided: (assumption)." in text
    assert r"\textbf{T-02 batch\_norm\_eps = 0.001:} (assumption; the default is 0.00001)" in text
    assert r"\textbf{D-01 seeds:} Shared 100\,\%." in text


def test_the_same_table_gives_the_same_file() -> None:
    again = cases.five_each.__wrapped__()
    assert document(again) == document(cases.five_each())


@given(st.text())
def test_escaped_text_has_no_active_character_left(text: str) -> None:
    escaped = escape(text)
    bare = re.sub(r"\\[a-zA-Z]+|\\[{}$&%#_,]", "", escaped)
    assert bare.count("$") % 2 == 0
    assert not set(bare) & set("\\&%#")
    # Braces, ^ and _ are ours alone: groups, and exponents within mathematics.
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"[\^_]", re.sub(r"\$[^$]*\$", "", bare))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a_b & 50 %", r"a\_b \& 50\,\%"),
        ("√2 γ −0.3", r"$\sqrt{2}$ $\gamma$ $-$0.3"),
        ("see `reproduce readings`", r"see \texttt{reproduce readings}"),
        ("中", "[U+4E2D]"),
        ("Łódź", "Łódź"),
        ("‖ŵᵢ‖⁻¹ ŝ′", r"$\Vert$$\hat{w}$$_{i}$$\Vert$$^{-}$$^{1}$ $\hat{s}$$'$"),
    ],
)
def test_escapes(text: str, latex: str) -> None:
    assert escape(text) == latex
