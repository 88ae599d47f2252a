"""`reproduce paper`: every table and figure of a paper in one PDF."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UserError
from reproduce.catalogue.papers import default_paper, entries, papers
from reproduce.commands import options as opt
from reproduce.commands import page
from reproduce.commands.publishing import short
from reproduce.store import atomic
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.documents.blocks import Document
    from analysis.documents.panels import FigureBlock

# The first that is there compiles; each is told to stop at nothing.
COMPILERS = {
    "pdflatex": ("-interaction=nonstopmode", "-halt-on-error"),
    "tectonic": ("--chatter=minimal",),
}
PASSES = 2  # the second one knows the table of contents


def paper(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[PAPER]", help="Such as beta-lasso.", show_default=False),
    ] = None,
    results: opt.Results = None,
    as_json: opt.Json = False,
) -> str:
    """Write one PDF with every table and figure of a paper, published beside reproduced, as far as
    there are runs."""
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise UserError(
            "neither pdflatex nor tectonic is installed: `apt-get install lmodern "
            "texlive-latex-recommended` brings the former; `reproduce report` needs neither"
        )
    chosen, base = name or default_paper(), results or default_results()
    own = entries(chosen)
    found = {entry.name: [s.document for s, _ in page.sections(entry, base)] for entry in own}
    made = [document for documents in found.values() for document in documents if document]
    missing = [name for name, documents in found.items() if not any(documents)]
    title = next(each.title for each in papers() if each.name == chosen)
    path = base / f"{chosen}.pdf"
    with atomic.telling(f"write {path}", "; give another --results DIR"):
        atomic.replace(path, compiled(title, made, compiler, missing))
    if as_json:
        told = {"documents": [each.id for each in made], "without_runs": missing}
        return json.dumps({"path": str(path), **told})
    lacking = f"\nWithout a run yet: {', '.join(missing)}" if missing else ""
    return f"Written: {short(path)}, {len(made)} tables and figures{lacking}"


def compiled(
    title: str, documents: list[Document], compiler: str, missing: Sequence[str] = ()
) -> bytes:
    """The PDF.

    Args:
        missing: names of entries that have no document.

    Raises:
        UserError: where LaTeX fails, with its last words.
    """
    from analysis.rendering.latex import book

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # By place and not by name: the forms of a table share theirs.
        figures = [
            [_written(block, folder / f"figure{place}-{number}.pdf") for number, block in of_one]
            for place, of_one in enumerate(map(_figures, documents))
        ]
        (folder / "paper.tex").write_text(
            book(title, documents, figures, missing), encoding="utf-8"
        )
        for _ in range(PASSES):
            done = subprocess.run(
                [compiler, *COMPILERS[compiler], "paper.tex"],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        if done.returncode != 0:
            said = [line for line in done.stdout.splitlines() if line.startswith("!")]
            raise UserError(f"{compiler} failed: {said[0] if said else done.stderr.strip()[-200:]}")
        return (folder / "paper.pdf").read_bytes()


def _figures(document: Document) -> list[tuple[int, FigureBlock]]:
    from analysis.documents.panels import FigureBlock

    return [*enumerate(block for block in document.blocks if isinstance(block, FigureBlock))]


def _written(block: FigureBlock, path: Path) -> str:
    """The name of the file that the figure was drawn into."""
    from analysis.figures import drawing

    path.write_bytes(drawing.files(block)["pdf"])
    return path.name
