"""All files of a document, as bytes by what follows its name: "csv", "tex", "seeds.png", …"""

from __future__ import annotations

from analysis.documents import csv, json, latex
from analysis.documents.blocks import Data, Document
from analysis.documents.panels import FigureBlock


def files(document: Document) -> dict[str, bytes]:
    """Data, LaTeX (whole, and each grid as ``<grid>.tex``), JSON, and figures as PNG and PDF.

    A figure's name is apart from that of the ``.tex``, whose own PDF lies beside it once compiled.
    The same document gives the same bytes, wherever and whenever.
    """
    from analysis.figures import drawing

    found = {f"{n}.csv".lstrip("."): csv.text(d).encode() for n, d in tidy(document).items()}
    for block in document.blocks:
        if isinstance(block, FigureBlock):
            for kind, drawn in drawing.files(block).items():
                found[f"{block.name}.{kind}"] = drawn
    for name, fragment in latex.fragments(document).items():
        found[f"{name}.tex"] = fragment.encode()
    return found | {"tex": latex.text(document).encode(), "json": json.text(document).encode()}


def tidy(document: Document) -> dict[str, Data]:
    """The document's tables for programs, by name; the main one has none."""
    return {block.name: block for block in document.blocks if isinstance(block, Data)}
