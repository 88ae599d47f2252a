"""`reproduce paper`: one PDF of what there is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.documents.blocks import Document, Grid, columns, row
from analysis.documents.panels import Curves, FigureBlock, Series
from analysis.rendering import latex
from benchmarks.errors import UserError
from reproduce.__main__ import run
from reproduce.commands.paper import compiled

LATEX = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")), reason="no pdflatex or pdftotext"
)


@LATEX
def test_documents_and_their_figures_become_one_file(tmp_path: Path) -> None:
    grid = Grid("cells", columns("cell", "median"), (row("plain & 50 %", ".8790"),), "", "Medians")
    curves = (Curves((Series((1, 2), (0.1, 0.2)),)),)
    full, reduced = (FigureBlock(curves, title=(name,)) for name in ("Seeds", "Fewer epochs"))
    documents = [
        Document("p/table1", "Table I", "what it shows", (grid, full)),
        Document("p/table2", "Table II", "nothing", ()),
        Document("p/table1", "Table I, reduced", "trained less", (reduced,)),
    ]
    path = tmp_path / "paper.pdf"
    path.write_bytes(compiled("A paper", documents, "pdflatex", ["table9"]))
    done = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.split("\f")
    assert "Table I (p/table1)" in pages[0]
    assert "Table II (p/table2)" in pages[0]
    assert "Without a run yet: table9." in pages[0]
    assert any(".8790" in page and "plain & 50 %" in page for page in pages[1:])
    assert done.stdout.count("Seeds") == done.stdout.count("Fewer epochs") == 1
    assert done.stdout.index("Seeds") < done.stdout.index("trained less")
    assert done.stdout.index("trained less") < done.stdout.index("Fewer epochs")


@LATEX
def test_what_latex_says_of_a_fault_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latex, "PREAMBLE", "\\documentclass{nosuch}\n")
    with pytest.raises(UserError, match=r"pdflatex failed: ! .*nosuch"):
        compiled("A paper", [], "pdflatex")


def test_bad_input_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert run(["paper"]) == 2
    assert "apt-get install" in capsys.readouterr().err
    monkeypatch.undo()
    assert run(["paper", "nosuch"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
