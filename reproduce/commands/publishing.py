"""Prints documents and writes their files: of a table's report, and of what trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reproduce.commands import options as opt
from reproduce.commands.exit_codes import DIFFERS, DONE
from reproduce.store.atomic import write_files
from reproduce.store.paths import default_results
from reproduce.store.store import Store

if TYPE_CHECKING:
    from analysis.documents.blocks import Document

# Where documents go instead of to the terminal and into files, if anywhere.
_taken: ContextVar[list[Document] | None] = ContextVar("_taken", default=None)
SAME = "--quick changes nothing here: this is computed at once, and is what the full form gives."
Quick = Annotated[bool, typer.Option("--quick", help="Changes nothing: this is computed at once.")]


@contextmanager
def taking() -> Iterator[list[Document]]:
    """Within it, commands publish nothing: what they would, is appended to the list."""
    found: list[Document] = []
    token = _taken.set(found)
    try:
        yield found
    finally:
        _taken.reset(token)


def publish(
    document: Document,
    results: Path | None,
    *,
    variant: str = "",
    form: str = "full",
    as_json: bool,
    quick: bool = False,
    shown: Document | None = None,
) -> int:
    """Print the document, or its JSON, and write all of its files into its folder.

    Args:
        variant: of what is looked at by default; has a folder of its own.
        quick: whether to say that the quick form is the same; the files do not differ.
        shown: what is printed of a table of runs; before anything is written, so that it is there
            to see where the folder is read-only.

    Returns:
        The exit code: 1 where the document says that what the paper prints does not hold, else 0.

    Raises:
        UserError: where the folder cannot be written.
    """
    if (taken := _taken.get()) is not None:
        taken.append(document)
        return DONE if document.holds else DIFFERS
    from rich.console import Console

    from analysis.rendering.files import files
    from analysis.rendering.terminal import print_document

    if shown and not as_json:
        print_document(shown, Console())
    folder = Store(results or default_results(), form).report(document.id, variant)
    contents = files(document)
    write_files(folder, document.name, contents)
    if as_json:
        typer.echo(contents["json"].decode(), nl=False)
    else:
        if not shown:
            print_document(document, Console())
        same = f"\n{SAME}\n" if quick else ""
        typer.echo(f"{same}\nWritten: {short(folder / document.name)}.{{{','.join(contents)}}}")
    return DONE if document.holds else DIFFERS


def computed(make: Callable[[], Document]) -> Callable[..., int]:
    """The command of what is computed at once and has no options of its own."""

    def command(
        quick: Quick = False, results: opt.Results = None, as_json: opt.Json = False
    ) -> int:
        return publish(make(), results, as_json=as_json, quick=quick)

    return command


def short(path: Path) -> Path:
    """The path from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
