"""Bundles into a results folder: what it lacks is added, what it has is recognised, and what
contradicts it is refused with both sides named.

A merge is planned whole before anything is written, and one merge at a time plans and writes in a
folder. Its records are published one by one, each once, so that one killed midway is carried on by
merging again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data import DATASETS
from benchmarks.errors import UserError
from reproduce.store import atomic, schema
from reproduce.store.bundles import REMEDY, read
from reproduce.store.committed import Row
from reproduce.store.provenance import from_laboratory, laboratory_of, machine_label
from reproduce.store.schema import Record
from reproduce.store.store import Store

LOCK = "merge"


@dataclass(frozen=True)
class Side:
    """One of two contents of a run: who made it, when, what it says, and where it stands."""

    laboratory: str
    machine: str
    finished: str
    value: str
    place: str

    def __str__(self) -> str:
        return (
            f"{self.value} by {self.laboratory} on {self.machine}, {self.finished} ({self.place})"
        )


@dataclass(frozen=True)
class Conflict:
    """A run that has two contents.

    Attributes:
        differs: the first measurement, or point of a curve, that does.
        first, second: the results folder's side, or an earlier bundle's, and the bundle's.
    """

    run: str
    form: str
    differs: str
    first: Side
    second: Side

    def __str__(self) -> str:
        return f"run {self.run}, {self.differs}: {self.first}; {self.second}"


@dataclass(frozen=True)
class Merged:
    """What a merge has come to, or would, of one form of tables.

    Attributes:
        added: runs that are new.
        known: runs that were there with the same contents.
        kept: runs that are there, or in an earlier bundle, with other contents, which stay.
        repeated: runs of any of these that several bundles have with the same contents; each counts
            once, here and above.
        laboratories: of the added runs, with their number.
    """

    form: str
    added: int
    known: int
    kept: int
    repeated: int
    laboratories: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """Of a merge: what has come, or would, of each form, and all runs with two contents."""

    forms: tuple[Merged, ...]
    conflicts: tuple[Conflict, ...]


@dataclass
class _Plan:
    """Of one form: the runs to be published, how many of the others are known or differ, and which
    several bundles have."""

    store: Store
    new: dict[str, Row] = field(default_factory=dict)
    known: int = 0
    kept: int = 0
    repeated: set[str] = field(default_factory=set)

    def take(self, row: Row) -> list[Conflict]:
        """A bundle's row, to be published where no earlier one has the run; the conflict where one
        has it with other contents."""
        first = self.new.setdefault(row.record["hash"], row)
        if first is row:
            return []
        if schema.agree(first.record, row.record):
            self.repeated.add(row.record["hash"])
            return []
        self.kept += 1
        return [_conflict(first, row)]

    def drop(self, name: str, there: Record) -> list[Conflict]:
        """Publish not the run, which is there; the conflict where it has other contents there."""
        row = self.new.pop(name)
        if schema.agree(there, row.record):
            self.known += 1
            return []
        self.kept += 1
        return [_conflict(Row(there, _place(self.store, name)), row)]

    @property
    def merged(self) -> Merged:
        """What it comes to."""
        names = Counter(laboratory_of(row.record["provenance"]) for row in self.new.values())
        counts = len(self.new), self.known, self.kept, len(self.repeated)
        return Merged(self.store.form, *counts, dict(names))


def merge(
    paths: Sequence[Path],
    base: Path,
    *,
    keep_ours: bool = False,
    laboratory: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Publish the runs of bundles in a results folder; those that it has stay as they are.

    Args:
        keep_ours: whether runs that the folder, or an earlier bundle, has with other contents are
            passed over; by default nothing is merged then.
        laboratory: which runs are from that name none.
        dry_run: whether nothing is written; conflicts are told, not raised.

    Raises:
        UserError: where a bundle is damaged or states a wrong form, or runs have two contents,
            naming both sides; then nothing is merged. Also where the folder cannot be written.
    """
    bundles = [_named(read(path), laboratory) for path in paths]
    for rows in bundles:
        for row in rows:
            _require_form(row)
    outcome, plans = _planned(bundles, base)
    if dry_run:
        return outcome
    _refuse(outcome, keep_ours)  # before the folder is made
    with atomic.telling(f"write {base}", atomic.ELSEWHERE), atomic.sole_writer(base / LOCK):
        outcome, plans = _planned(bundles, base)
        _refuse(outcome, keep_ours)
        for plan in plans:
            for row in plan.new.values():
                plan.store.records.publish(row.record)
    atomic.sweep(base)
    return outcome


def refusal(conflicts: Sequence[Conflict]) -> str:
    """Why nothing is merged: the first conflict in full, and how many there are."""
    count = len(conflicts)
    more = f"; and {count - 1} more, which `reproduce merge --dry-run` lists" if count > 1 else ""
    return (
        f"nothing was merged, since {count} {'run has' if count == 1 else 'runs have'} two "
        f"contents: {conflicts[0]}{more}; move the wrong one away, or `reproduce merge "
        "--keep-ours` merges the rest"
    )


def _refuse(outcome: Outcome, keep_ours: bool) -> None:
    if outcome.conflicts and not keep_ours:
        raise UserError(refusal(outcome.conflicts))


def _named(rows: Mapping[str, Row], laboratory: str | None) -> list[Row]:
    return [Row(from_laboratory(row.record, laboratory), row.source) for row in rows.values()]


def _planned(bundles: Iterable[Iterable[Row]], base: Path) -> tuple[Outcome, list[_Plan]]:
    """What is to be published, by form, and the runs with two contents."""
    plans: dict[str, _Plan] = {}
    conflicts = []
    for row in (row for rows in bundles for row in rows):
        form = row.record["form"]
        conflicts += plans.setdefault(form, _Plan(Store(base, form))).take(row)
    for plan in plans.values():
        for name, record in plan.store.records.collect(plan.new).items():
            conflicts += plan.drop(name, record)
    outcome = Outcome(tuple(plan.merged for plan in plans.values()), tuple(conflicts))
    return outcome, list(plans.values())


def _conflict(first: Row, second: Row) -> Conflict:
    differs, *values = schema.differing(first.record, second.record)
    sides = (_side(row, value) for row, value in zip((first, second), values, strict=True))
    return Conflict(first.record["hash"], first.record["form"], differs, *sides)


def _side(row: Row, value: str) -> Side:
    origin = row.record["provenance"]
    moment = origin.get("finished") or "at an unknown time"
    return Side(laboratory_of(origin), machine_label(origin), moment, value, row.source)


def _require_form(row: Row) -> None:
    """Raise UserError at a run on embedded images, as only quick forms have, of another form."""
    form, data = row.record["form"], row.record["run"]["data"].get("name")
    if form != schema.QUICK and data in DATASETS and DATASETS[data].embedded:
        raise UserError(
            f"{row.source}: a run on {data} is of the quick form, not {form}; nothing was merged: "
            f"{REMEDY}"
        )


def _place(store: Store, name: str) -> str:
    if store.records.path(name).exists():
        return str(store.records.path(name))
    return store.committed.read_rows([name])[name].source
