"""Documents as a reader gets them: text, rows, JSON, and LaTeX that has to compile."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.documents.blocks import Document
from analysis.documents.panels import FigureBlock
from analysis.documents.table_document import table_document
from analysis.rendering import latex
from analysis.rendering.files import csv_text, json_text, tidy
from analysis.rendering.terminal import print_document
from analysis.tables.results import TableResult

NEEDS_LATEX = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed"
)


def printed(document: Document, width: int = 80) -> str:
    """What a terminal of that width shows; never wider than it."""
    console = Console(width=width, color_system=None, file=io.StringIO())
    print_document(document, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    return text


def rows(document: Document, name: str = "") -> list[dict[str, str]]:
    """The rows of a tidy table as its CSV has them."""
    return list(csv.DictReader(io.StringIO(csv_text(tidy(document)[name]))))


def facts(document: Document) -> dict[str, Any]:
    """The document's JSON."""
    return json.loads(json_text(document))


def compiled(document: Document, folder: Path) -> str:
    """The whole ``.tex`` after pdflatex took it without a complaint."""
    text = latex.text(document)
    (folder / "document.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = (folder / "document.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert "Missing character" not in log
    return text


def csv_of(result: TableResult) -> str:
    """The CSV of a table's runs."""
    return csv_text(tidy(table_document(result))[""])


def json_of(result: TableResult) -> str:
    """A table's JSON."""
    return json_text(table_document(result))


def latex_of(result: TableResult) -> str:
    """A table's whole ``.tex``."""
    return latex.text(table_document(result))


def body(result: TableResult, name: str) -> list[list[str]]:
    """The lines of a fragment's tabulars, entry by entry, with those of their heads."""
    lines = latex.fragments(table_document(result))[name].splitlines()
    found = [line.removesuffix(r" \\") for line in lines if line.endswith(r" \\")]
    return [[part.strip() for part in line.split(" & ")] for line in found]


def figure_of(result: TableResult) -> FigureBlock:
    """A table's figure."""
    blocks = table_document(result).blocks
    return next(block for block in blocks if isinstance(block, FigureBlock))
