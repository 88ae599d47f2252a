"""What an entry that trains nothing does with its document: print it and write its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reproduce.commands import options as opt
from reproduce.store.atomic import write_files
from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

DONE, DIFFERS = 0, 1
SAME = "--quick changes nothing here: this is computed at once, and is what the full form gives."
Quick = Annotated[bool, typer.Option("--quick", help="Changes nothing: this is computed at once.")]


def publish(
    document: Document,
    results: Path | None,
    *,
    variant: str = "",
    form: str = "full",
    as_json: bool,
    quick: bool = False,
) -> int:
    """Print the document, or its JSON, and write all of its files into its folder.

    Args:
        variant: of what is looked at by default; has a folder of its own.
        quick: whether to say that the quick form is the same; the files do not differ.

    Returns:
        The exit code: 1 where the document says that what the paper prints does not hold, else 0.

    Raises:
        UserError: where the folder cannot be written.
    """
    from rich.console import Console

    from analysis.documents.files import files
    from analysis.documents.terminal import print_document

    folder = Store(results or default_results(), form).report(document.id, variant)
    contents = files(document)
    write_files(folder, document.name, contents)
    if as_json:
        typer.echo(contents["json"].decode(), nl=False)
    else:
        print_document(document, Console())
        if quick:
            typer.echo(f"\n{SAME}")
        typer.echo(f"\nWritten: {folder / document.name}.{{{','.join(contents)}}}")
    return DONE if document.holds else DIFFERS


def computed(make: Callable[[], Document]) -> Callable[..., int]:
    """The command of what is computed at once and has no options of its own."""

    def command(
        quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False
    ) -> int:
        return publish(make(), results, as_json=as_json, quick=quick)

    return command
