"""What a paper leaves open, as named readings: ``paper_tables/<paper>/readings.toml``.

A reading maps to a *setting* (at a path, or several, in :class:`benchmarks.run.Run`: another choice
means other runs), to a *knob* of the analysis (same runs, evaluated otherwise), or to nothing: a
note that the reader of a table should know.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.catalogue.papers import default_paper
from reproduce.catalogue.tables import spelled
from reproduce.store.paths import PAPER_TABLES, extra_papers, paper_folder

if TYPE_CHECKING:
    from rich.console import RenderableType

SOURCES = ("paper", "author's code", "assumption")
_LOOK: dict[str, Any] = {
    "box": None,
    "pad_edge": False,
    "title_justify": "left",
    "highlight": False,
}
WIDTH = 80


@dataclass(frozen=True)
class Reading:
    """One open question of a paper and how it is read; ``readings.toml`` explains the fields."""

    id: str
    name: str
    question: str
    default: str
    source: str
    evidence: str
    alternatives: tuple[str, ...]
    tables: tuple[str, ...]
    setting: str | None = None
    paths: tuple[str, ...] = ()
    knob: str | None = None

    @property
    def option(self) -> str | None:
        """The name of the setting or knob; None for a note."""
        return self.setting or self.knob

    def choose(self, text: str) -> str:
        """The value that ``text`` names, spelt as in the file; decimals compare as numbers.

        Raises:
            UserError: naming the alternatives, or that there is nothing to choose.
        """
        if self.option is None:
            raise UserError(f"{self.id} ({self.name}) is a note: there is nothing to choose")
        for value in (self.default, *self.alternatives):
            if _same(value, text):
                return value
        values = ", ".join((self.default, *self.alternatives))
        raise UserError(f"{self.id} ({self.option}): {text!r} is none of {values}")


def load(paper: str | None = None) -> list[Reading]:
    """All readings of a paper, in the file's order.

    Raises:
        UserError: where the file is missing or damaged.
    """
    return list(_read(paper or default_paper()))


@cache
def _read(paper: str) -> tuple[Reading, ...]:
    if not (paper_folder(paper, PAPER_TABLES) / "readings.toml").exists() and extra_papers():
        return ()  # another person's paper may leave nothing open
    entries = read_entries(paper, "readings.toml", "reading")
    try:
        return tuple(_reading(**entry) for entry in entries)
    except TypeError as error:
        raise UserError(
            f"{paper_folder(paper, PAPER_TABLES) / 'readings.toml'}: {error}"
        ) from error


def _reading(
    alternatives: list[str], tables: list[str], paths: Sequence[str] = (), **texts: str
) -> Reading:
    return Reading(
        alternatives=tuple(alternatives), tables=tuple(tables), paths=tuple(paths), **texts
    )


def read_entries(paper: str, file: str, key: str) -> list[dict[str, Any]]:
    """The array of tables ``key`` of a TOML file in ``paper_tables/<paper>``.

    Raises:
        UserError: where the file is missing or is no TOML.
    """
    path = paper_folder(paper, PAPER_TABLES) / file
    try:
        with open(path, "rb") as stream:
            return list(tomllib.load(stream)[key])
    except FileNotFoundError:
        raise UserError(f"{path} is missing: restore it with `git checkout -- {path}`") from None
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def find(name: str, paper: str | None = None) -> Reading:
    """The reading of an id or of a setting's or knob's name .

    Raises:
        UserError: where there is none.
    """
    paper = paper or default_paper()
    for reading in _read(paper):
        if name.upper() == reading.id or name == reading.option:
            return reading
    options = ", ".join(f"{r.id} ({r.option})" for r in _read(paper) if r.option)
    raise UserError(f"no reading {name!r}: `reproduce readings` lists all; to choose: {options}")


def parse_overrides(
    texts: Iterable[str], paper: str | None = None, table: str | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and knobs of the analysis, by name, from choices such as "ID=VALUE" or
    "setting=VALUE", in the file's order.

    Choices that equal the default are left out, so that nothing means the default experiment.

    Raises:
        UserError: in one line, naming the alternatives, for anything unknown or contradictory, and
            for a reading that does not touch ``table``, where one is given.
    """
    chosen: dict[str, tuple[Reading, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--reading {text!r}: give NAME=VALUE; `reproduce readings` lists them")
        reading = find(name.strip(), paper)
        picked = reading.choose(value.strip())
        if table is not None and table not in reading.tables:
            raise UserError(
                f"{reading.id} ({reading.name}) does not touch {table}, only "
                f"{', '.join(reading.tables)}"
            )
        if chosen.setdefault(reading.id, (reading, picked))[1] != picked:
            raise UserError(f"{reading.id} ({reading.option}) is given two values")
    order = [reading.id for reading in _read(paper or default_paper())]
    changed = sorted(
        ((r, value) for r, value in chosen.values() if value != r.default),
        key=lambda choice: order.index(choice[0].id),
    )
    settings = {r.setting: value for r, value in changed if r.setting}
    knobs = {r.knob: value for r, value in changed if r.knob}
    return settings, knobs


def paths_of(setting: str, paper: str | None = None) -> tuple[str, ...]:
    """Where a setting that a reading names lies in a run; a name that none has is its own path.

    Raises:
        UserError: where the file is missing or damaged.
    """
    for reading in _read(paper or default_paper()):
        if reading.setting == setting:
            return reading.paths
    return (setting,)


def table_readings(
    table_id: str, overrides: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """What touches a table, as its footnotes want it.

    Args:
        table_id: such as "locality/table3".
        overrides: settings and knobs that differ from the default, by name.

    Returns:
        One dict a reading: id, name, value (what holds here), default, source, question, and
        changed (whether value is not the default).
    """
    paper, _, table = table_id.partition("/")
    rows = []
    for reading in _read(paper):
        if table in reading.tables:
            value = spelled((overrides or {}).get(reading.option or "", reading.default))
            rows.append(
                {
                    "id": reading.id,
                    "name": reading.name,
                    "value": value,
                    "default": reading.default,
                    "source": reading.source,
                    "question": reading.question,
                    "changed": not _same(value, reading.default),
                }
            )
    return rows


def to_json(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """All fields of the readings, JSON-ready."""
    return [
        {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(reading).items()}
        for reading in readings
    ]


def render(name: str | None = None, *, as_json: bool = False) -> str:
    """All readings as a list for the terminal, or one in full, as text or JSON.

    Raises:
        UserError: where there is no reading of that id or name.
    """
    chosen = load() if name is None else [find(name)]
    if as_json:
        rows = to_json(chosen)
        return json.dumps(rows if name is None else rows[0], indent=1, ensure_ascii=False)
    from rich.console import Console

    with (console := Console(width=WIDTH, color_system=None)).capture() as captured:
        console.print(_list(chosen) if name is None else _full(chosen[0]))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _list(readings: Sequence[Reading]) -> RenderableType:
    """What can be chosen, then the notes."""
    from rich.console import Group
    from rich.table import Table

    choices = Table(title="To choose by --reading NAME=VALUE", **_LOOK)
    for heading, width in (("id", 4), ("reading", 27), ("default", 10), ("or", 17)):
        choices.add_column(heading, width=width)
    choices.add_column("source")
    notes = Table(title="\nNotes", **_LOOK)
    for heading, width in (("id", 4), ("reading", 27), ("is read as", 30)):
        notes.add_column(heading, width=width)
    notes.add_column("source")
    for r in readings:
        if r.option:
            name, others = f"{r.name}\n{r.option}", ", ".join(r.alternatives)
            choices.add_row(r.id, name, r.default, others, r.source)
        else:
            notes.add_row(r.id, r.name, r.default, r.source)
    return Group(choices, notes)


def _full(reading: Reading) -> RenderableType:
    from rich.table import Table

    kind = "a setting" if reading.setting else "a knob of the analysis"
    table = Table(**_LOOK, show_header=False)
    for name in ("id", "name", "question", "default", "source", "evidence"):
        table.add_row(name, getattr(reading, name))
    table.add_row("alternatives", "; ".join(reading.alternatives) or "–")
    table.add_row("changes", f"{kind}: {reading.option}" if reading.option else "nothing: a note")
    table.add_row("touches", ", ".join(reading.tables))
    return table


def _same(value: str, text: str) -> bool:
    """As numbers, or as words whatever their case and hyphens: "CIFAR-100" is "cifar100"."""
    try:
        return Decimal(value) == Decimal(text)
    except InvalidOperation:
        return _plain(value) == _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]", "", text.casefold())
