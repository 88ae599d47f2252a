"""What a paper leaves open, as named readings, and where this suite departs from it on purpose:
``readings.toml`` and ``deviations.toml`` of ``paper_tables/<paper>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal

import msgspec

from analysis.tables import about
from benchmarks.errors import UserError
from reproduce.catalogue.paper_files import decode
from reproduce.catalogue.papers import default_paper
from reproduce.catalogue.tables import spelled


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One open question of a paper and how it is read; ``readings.toml`` explains the fields.

    It maps to a *setting* (at a path, or several, in :class:`benchmarks.run.Run`: another choice
    means other runs), to a *knob* of the analysis (same runs, evaluated otherwise), or to nothing:
    a note that the reader of a table should know.
    """

    id: str
    name: str
    question: str
    default: str
    source: Literal["paper", "author's code", "assumption"]
    evidence: str
    alternatives: tuple[str, ...]
    tables: tuple[str, ...]
    setting: str | None = None
    paths: tuple[str, ...] = ()
    knob: str | None = None

    def __post_init__(self) -> None:
        if bool(self.setting) != bool(self.paths) or (self.setting and self.knob):
            raise ValueError(f"{self.id} is to have a setting with its paths, a knob, or neither")

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


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the paper has, what is done here, and what that can change in a table."""

    id: str
    name: str
    paper: str
    here: str
    effect: str
    tables: tuple[str, ...]


class _Readings(msgspec.Struct, forbid_unknown_fields=True):
    reading: tuple[Reading, ...] = ()


class _Deviations(msgspec.Struct, forbid_unknown_fields=True):
    deviation: tuple[Deviation, ...] = ()


@cache
def load(paper: str | None = None) -> tuple[Reading, ...]:
    """All readings of a paper, in the file's order.

    Raises:
        UserError: where the file is missing or damaged.
    """
    return decode(paper or default_paper(), "readings.toml", _Readings).reading


def find(name: str, paper: str | None = None) -> Reading:
    """The reading of an id or of a setting's or knob's name.

    Raises:
        UserError: where there is none.
    """
    for reading in load(paper):
        if name.upper() == reading.id or name == reading.option:
            return reading
    options = ", ".join(f"{r.id} ({r.option})" for r in load(paper) if r.option)
    of = f" {paper}" if paper and paper != default_paper() else ""
    raise UserError(
        f"no reading {name!r}: `reproduce readings{of}` lists all; to choose: {options}"
    )


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
    chosen: dict[Reading, str] = {}
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
        if chosen.setdefault(reading, picked) != picked:
            raise UserError(f"{reading.id} ({reading.option}) is given two values")
    changed = [r for r in load(paper) if chosen.get(r, r.default) != r.default]
    settings = {r.setting: chosen[r] for r in changed if r.setting}
    return settings, {r.knob: chosen[r] for r in changed if r.knob}


def paths_of(setting: str, paper: str | None = None) -> tuple[str, ...]:
    """Where a setting that a reading names lies in a run; a name that none has is its own path."""
    return next((r.paths for r in load(paper) if r.setting == setting), (setting,))


def table_readings(
    table_id: str, overrides: Mapping[str, str] | None = None
) -> tuple[about.Reading, ...]:
    """What touches a table, as its footnotes want it.

    Args:
        table_id: such as "locality/table3".
        overrides: settings and knobs that differ from the default, by name.
    """
    paper, _, table = table_id.partition("/")
    rows = []
    for r in load(paper):
        if table in r.tables:
            value = spelled((overrides or {}).get(r.option or "", r.default))
            changed = not _same(value, r.default)
            rows.append(
                about.Reading(r.id, r.name, value, r.default, r.source, r.question, changed)
            )
    return tuple(rows)


@cache
def table_deviations(table_id: str) -> tuple[Deviation, ...]:
    """The deviations that touch a table such as "locality/table3", in the file's order.

    Raises:
        UserError: where the file is missing or damaged.
    """
    paper, _, table = table_id.partition("/")
    every = decode(paper, "deviations.toml", _Deviations).deviation
    return tuple(deviation for deviation in every if table in deviation.tables)


def context(table_id: str, *, effects: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The readings and deviations that touch a theorem or figure, JSON-ready.

    Args:
        effects: whether to say what each deviation can change.

    Raises:
        UserError: where a file of the paper is missing or damaged.
    """
    fields = ("id", "name", "value", "source", "question")
    deviations = []
    for d in table_deviations(table_id):
        text = f"{d.here} In the paper: {d.paper}" + (f" Effect: {d.effect}" if effects else "")
        deviations.append({"id": d.id, "name": d.name, "text": text})
    return {
        "readings": [{f: getattr(r, f) for f in fields} for r in table_readings(table_id)],
        "deviations": deviations,
    }


def _same(value: str, text: str) -> bool:
    """As numbers, or as words whatever their case and hyphens: "CIFAR-100" is "cifar100"."""
    try:
        return Decimal(value) == Decimal(text)
    except InvalidOperation:
        return _plain(value) == _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]", "", text.casefold())
