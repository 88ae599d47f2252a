"""The papers that the suite reproduces, and their tables, figures and theorems by name.

A paper is a package ``reproduce.<paper>`` whose ``__init__`` holds a ``PAPER``; nothing else lists
it. Papers of other people stand in folders that the variable REPRODUCE_PAPERS names: a package
``<paper>`` there, with its published numbers in ``<paper>/paper_tables``.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import reproduce
from benchmarks.errors import UserError
from benchmarks.parts import Part, kinds
from reproduce.store.paths import extra_papers

if TYPE_CHECKING:
    from reproduce.catalogue.tables import Table

# Packages of the suite that are no paper's.
ROOMS = frozenset({"catalogue", "commands", "executors", "running", "store"})


@dataclass(frozen=True)
class Entry:
    """A script, not yet loaded.

    Attributes:
        trains: whether its numbers come from training runs. Its module then holds a ``TABLE``;
            otherwise it holds a ``command`` with Typer's options, which computes, reports and
            returns the exit code.
        varies: whether it reports what a search has found, whose last digits, and ties, come out
            otherwise on another machine.
        paper: filled in by its paper.
    """

    name: str
    summary: str
    trains: bool = True
    varies: bool = False
    paper: str = ""
    package: str = ""

    @property
    def id(self) -> str:
        """Such as "paper/table3"."""
        return f"{self.paper}/{self.name}"

    def load(self) -> Table:
        """Import the script and return its table.

        Raises:
            UserError: where it trains nothing, or cannot be imported.
        """
        if not self.trains:
            name = self.name if self.paper == default_paper() else self.id
            raise UserError(f"{self.id} has no runs: `reproduce {name}` computes it at once")
        with _loading(f"the script of {self.id} declares no table"):
            return importlib.import_module(f"{self.package}.{self.name}").TABLE

    def command(self) -> Callable[..., int]:
        """Import the script of an entry that trains nothing and return its command."""
        with _loading(f"the script of {self.id} has no command"):
            return importlib.import_module(f"{self.package}.{self.name}").command


@dataclass(frozen=True)
class Paper:
    """A paper and what of it is reproduced.

    Attributes:
        name: before the entries' names in commands, and of the folder of its published numbers.
        is_default: whether its entries may be named without it; of one paper alone.
        reference: the default paper's table whose plain cell precisions are compared on.
    """

    name: str
    title: str
    citation: str
    entries: tuple[Entry, ...]
    is_default: bool = False
    reference: str = ""


@cache
def papers() -> tuple[Paper, ...]:
    """Every paper, the default one first. Importing them makes their own parts known.

    Raises:
        UserError: where one of REPRODUCE_PAPERS is no folder, or holds what cannot be imported.
    """
    for folder in extra_papers():
        if not folder.is_dir():
            raise UserError(f"REPRODUCE_PAPERS names {folder}, which is no folder")
        if str(folder) not in reproduce.__path__:
            reproduce.__path__.append(str(folder))
    names = [module.name for module in pkgutil.iter_modules(reproduce.__path__) if module.ispkg]
    found = [_paper(f"reproduce.{name}") for name in names if name not in ROOMS]
    return tuple(sorted(found, key=lambda paper: (not paper.is_default, paper.name)))


def _paper(package: str) -> Paper:
    with _loading(f"{package} is no paper's package"):
        paper = importlib.import_module(package).PAPER
        for room in Part.__subclasses__():
            kinds(room)  # raises where two of its parts have one name
        entries = tuple(replace(e, paper=paper.name, package=package) for e in paper.entries)
        return replace(paper, entries=entries)


@contextlib.contextmanager
def _loading(fault: str) -> Iterator[None]:
    """Say in one line what is wrong with somebody's script, whatever it raises."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{fault}: {type(error).__name__}: {error}; see CONTRIBUTING.md") from error


def entries(paper: str | None = None) -> tuple[Entry, ...]:
    """The entries of a paper, or of all.

    Raises:
        UserError: where there is no such paper.
    """
    if paper is not None and paper not in {p.name for p in papers()}:
        raise UserError(f"no paper {paper!r}; there is: {', '.join(p.name for p in papers())}")
    return tuple(e for p in papers() if paper in (None, p.name) for e in p.entries)


def default_paper() -> str:
    """The name of the paper whose entries need none."""
    return papers()[0].name


def reference() -> str:
    """The id of the table whose plain cell precisions are compared on."""
    return f"{default_paper()}/{papers()[0].reference}"


def find(name: str, among: str = "table") -> Entry:
    """The entry of "table3" (the default paper) or "paper/table3".

    Args:
        among: what might have been meant, for the message.

    Raises:
        UserError: where there is none.
    """
    full = name if "/" in name else f"{default_paper()}/{name}"
    known = {entry.id: entry for entry in entries()}
    if full not in known:
        elsewhere = [entry for entry in known if entry.rpartition("/")[2] == name]
        close = elsewhere or difflib.get_close_matches(full, known, n=3, cutoff=0.8)
        hint = f" (do you mean {' or '.join(close)}?)" if close else ""
        raise UserError(f"no {among} {name!r}{hint}; `reproduce list` names them all")
    return known[full]


def named(names: Iterable[str]) -> tuple[Entry, ...]:
    """The entries of papers and entries by their names, each once; all of no names.

    Raises:
        UserError: where nothing has such a name.
    """
    known = {paper.name for paper in papers()}
    found = [
        e
        for name in names
        for e in (entries(name) if name in known else (find(name, "paper or table"),))
    ]
    return tuple(dict.fromkeys(found)) or entries()
