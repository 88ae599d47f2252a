"""Where this suite departs from a paper on purpose: ``paper_tables/<paper>/deviations.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from benchmarks.errors import UserError
from reproduce.catalogue.readings import read_entries
from reproduce.store.paths import extra_papers, paper_folder


@dataclass(frozen=True)
class Deviation:
    """What the paper has, what is done here, and what that can change in a table."""

    id: str
    name: str
    paper: str
    here: str
    effect: str
    tables: tuple[str, ...]


def table_deviations(table_id: str) -> list[Deviation]:
    """The deviations that touch a table such as "locality/table3", in the file's order.

    Raises:
        UserError: where the file is missing or damaged.
    """
    paper, _, table = table_id.partition("/")
    return [deviation for deviation in _read(paper) if table in deviation.tables]


@cache
def _read(paper: str) -> tuple[Deviation, ...]:
    if not (paper_folder(paper) / "deviations.toml").exists() and extra_papers():
        return ()
    entries = read_entries(paper, "deviations.toml", "deviation")
    try:
        return tuple(Deviation(**{**e, "tables": tuple(e["tables"])}) for e in entries)
    except (KeyError, TypeError) as error:
        raise UserError(f"{paper_folder(paper) / 'deviations.toml'}: {error}") from error
