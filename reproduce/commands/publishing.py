"""What an entry that trains nothing does with its document: print it and write its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reproduce.store.atomic import write_files

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

SAME = "--quick changes nothing here: this is computed at once, and is what the full form gives."
Quick = Annotated[bool, typer.Option("--quick", help="Changes nothing: this is computed at once.")]


def publish(document: Document, folder: Path, *, as_json: bool, quick: bool = False) -> None:
    """Print the document, or its JSON, and write all of its files into ``folder``.

    Args:
        quick: whether to say that the quick form is the same; the files do not differ.

    Raises:
        UserError: where the folder cannot be written.
    """
    from rich.console import Console

    from analysis.documents.files import files
    from analysis.documents.terminal import print_document

    contents = files(document)
    write_files(folder, document.name, contents)
    if as_json:
        typer.echo(contents["json"].decode(), nl=False)
        return
    print_document(document, Console())
    if quick:
        typer.echo(f"\n{SAME}")
    typer.echo(f"\nWritten: {folder / document.name}.{{{','.join(contents)}}}")
