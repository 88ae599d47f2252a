"""What a record holds, and how a damaged or foreign one is told from a good one.

A record is a JSON object::

    schema      2
    hash        name of the run, see benchmarks.run
    former      the name that the run had before it was composed of parts, where it had one
    form        "full", "reduced" or "quick": the form of the table that it was trained for
    run         the resolved configuration that was hashed
    result      diverged, measurements: {name: value}, curves: {name: [[epoch, value], …]}
    provenance  who made it, when, with what; never part of what two records must agree on; its
                laboratory is named where the record came from another one
    checksum    SHA-256 of the canonical JSON of all the rest

A measurement is a number, a count {"count": …, "of": …} or a list of numbers; null where it is not
finite. Records of schema 1 are read by :mod:`reproduce.store.schema1_migration`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from benchmarks import data as datasets
from benchmarks.errors import UserError
from benchmarks.precisions import Precision
from benchmarks.run import digest_of, without_seed

SCHEMA = 2
REMEDY = "move it away and run again"
FULL, REDUCED, QUICK = FORMS = ("full", "reduced", "quick")
HEADLINE, BEST = "test accuracy", "best evaluated accuracy"
LOSS, CORRECT = "training loss", "correct test images"
ABSENT = "absent"  # what a record says that has no such measurement; no measurement is a text
# What reports call the laboratory of records that name none, which therefore none may be called.
HERE = "here"
# Begins with a letter or digit; no colon or semicolon, which separate such names.
LABORATORY = rf"^(?!{HERE}\Z)\w(?:[\w .,&'()/+-]{{0,58}}[\w.)+])?\Z"

Record = dict[str, Any]
_Whole = Annotated[int, msgspec.Meta(ge=0)]
_Amount = Annotated[float, msgspec.Meta(ge=0)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
# Without control characters, which a terminal would obey.
_Text = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]


class _Tally(msgspec.Struct, forbid_unknown_fields=True):
    count: _Whole
    of: Annotated[int, msgspec.Meta(gt=0)]
    epoch: _Whole | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.count > self.of:
            raise ValueError(f"it counts {self.count} of {self.of}")


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    diverged: bool
    measurements: dict[_Text, float | list[float | None] | _Tally | None]
    curves: dict[_Text, Annotated[list[tuple[_Whole, float | None]], msgspec.Meta(min_length=1)]]

    def __post_init__(self) -> None:
        headline, best = self.measurements.get(HEADLINE), self.measurements.get(BEST)
        evaluated, losses = self.curves.get(CORRECT), self.curves.get(LOSS)
        if not isinstance(headline, _Tally):
            raise ValueError(f"it has no {HEADLINE}")
        for curve in self.curves.values():
            epochs = [epoch for epoch, _ in curve]
            if epochs != sorted(set(epochs)):
                raise ValueError("a curve's epochs are out of order")
        if losses and self.diverged != (losses[-1][1] is None):
            raise ValueError("diverged does not say whether the last training loss is finite")
        if evaluated and headline.count != evaluated[-1][1]:
            raise ValueError("its count of correct images is not that of its curve's last epoch")
        if (
            evaluated
            and isinstance(best, _Tally)
            and (best.count, best.epoch) != best_of(evaluated)
        ):
            raise ValueError("its best epoch is not its curve's")


class _Run(msgspec.Struct):
    """What is read of a run wherever runs are listed; the rest is its parts' own."""

    seed: _Whole
    data: dict[str, Any]
    model: dict[str, Any]
    precision: Precision


class _Device(msgspec.Struct):
    kind: _Text | None = None
    name: _Text | None = None
    threads: _Whole | None = None


class _Sitting(msgspec.Struct):
    commit: _Text | None = None
    dirty: bool | None = None
    host: _Text | None = None
    machine: _Text | None = None
    images: _Text | None = None
    started: _Moment | None = None
    from_epoch: _Whole | None = None


class _Provenance(msgspec.Struct):
    commit: _Text | None = None
    dirty: bool | None = None
    packages: dict[_Text, _Text | None] | None = None
    device: _Device | None = None
    host: _Text | None = None
    executor: _Text | None = None
    finished: _Moment | None = None
    wall_seconds: _Amount | None = None
    images_per_second: _Amount | None = None
    sittings: list[_Sitting] | None = None
    laboratory: Annotated[str, msgspec.Meta(pattern=LABORATORY)] | None = None


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[2]
    hash: str
    form: Literal["full", "reduced", "quick"]
    run: dict[str, Any]
    result: _Result
    provenance: _Provenance
    checksum: str
    former: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{16})?\Z")] = ""

    def __post_init__(self) -> None:
        data = msgspec.convert(self.run, _Run).data
        if not isinstance(data.get("name", ""), str):
            raise ValueError("the name of its data set is no text")
        if digest_of(self.run) != self.hash:
            raise ValueError(f"its configuration hashes to {digest_of(self.run)}, not {self.hash}")
        total = self.result.measurements[HEADLINE].of  # type: ignore[union-attr]
        if fault := _total_fault(data, total):
            raise ValueError(fault)


def _total_fault(data: dict[str, Any], total: int) -> str | None:
    name, fold = data.get("name"), data.get("fold", 0)
    if not isinstance(name, str) or name not in datasets.DATASETS:
        return None
    try:
        known = datasets.info(name, fold)
    except (UserError, TypeError):
        return f"{name} has no fold {fold!r}"
    # Of an index, images that could not be read may be left out.
    if total == known.counts[1] or (known.indexed and 0 < total < known.counts[1]):
        return None
    return f"it counts {total} test images, where {known.store} has {known.counts[1]}"


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys, in ASCII; raises ValueError at NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def finite(value: Any) -> Any:
    """The same with None in the place of every number that is not finite."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def seal(record: Record) -> Record:
    """The record with its checksum."""
    body = {key: value for key, value in record.items() if key != "checksum"}
    return {**body, "checksum": _sha256(canonical_json(body))}


def contents(record: Record) -> dict[str, Any]:
    """What two records of one run must agree on: the configuration and the result."""
    return {"run": record["run"], "result": record["result"]}


def agree(first: Record, second: Record) -> bool:
    """Whether two trainings of a run came to the same, bit for bit in every loss of the curve."""
    return contents(first) == contents(second)


def contents_digest(record: Record) -> str:
    """SHA-256 over :func:`contents`: the same for records that agree."""
    return _sha256(canonical_json(contents(record)))


def headline(record: Record) -> tuple[int, int]:
    """Correct test images after the last epoch, and how many there are."""
    accuracy = record["result"]["measurements"][HEADLINE]
    return accuracy["count"], accuracy["of"]


def differing(first: Record, second: Record) -> tuple[str, str, str]:
    """The first of the results in which two records of one run differ, and what it is in each, such
    as ("test accuracy", "8800 of 10000", "8801 of 10000"); they do differ."""
    one, other = first["result"], second["result"]
    values = [result["measurements"] for result in (one, other)]
    pairs = [
        (name, *(of_one.get(name, ABSENT) for of_one in values))
        for name in (HEADLINE, *sorted(values[0].keys() | values[1].keys()))
    ]
    for name in sorted(one["curves"].keys() | other["curves"].keys()):
        points = [dict(map(tuple, result["curves"].get(name, ()))) for result in (one, other)]
        pairs += [
            (f"{name} after epoch {epoch}", *(curve.get(epoch, ABSENT) for curve in points))
            for epoch in sorted(points[0].keys() | points[1].keys())
        ]
    pairs.append(("whether it diverged", one["diverged"], other["diverged"]))
    name, mine, theirs = next((pair for pair in pairs if pair[1] != pair[2]), pairs[0])
    return name, told(mine), told(theirs)


def told(value: Any) -> str:
    """A measurement or setting in words."""
    if isinstance(value, dict) and {"count", "of"} <= value.keys():
        epoch = f", epoch {value['epoch']} (not reported)" if "epoch" in value else ""
        return f"{value['count']} of {value['of']}{epoch}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def configuration_hash(record: Record) -> str:
    """Hash of the run without its seed: the same for all seeds of one configuration."""
    return digest_of(without_seed(record["run"]))


def committed_digest(record: Record) -> str:
    """SHA-256 over what of a record is committed but for its form; of no former name, nothing."""
    former = {"former": record["former"]} if record.get("former") else {}
    kept = {**contents(record), **former, "provenance": record["provenance"]}
    return _sha256(canonical_json(kept))


def check(
    record: Any,
    source: str,
    text: str | None = None,
    *,
    remedy: str = REMEDY,
    just_sealed: bool = False,
) -> None:
    """Raise where ``record`` is not a whole record of this version.

    Args:
        record: what was parsed.
        source: the file, or file and line, for the message.
        text: the JSON that ``record`` was parsed from; saves writing it out again.
        remedy: what to do about a damaged one.
        just_sealed: whether the caller made the checksum, so that it need not be compared.

    Raises:
        UserError: naming ``source`` and what to do.
    """
    if not isinstance(record, dict) or not isinstance(record.get("schema"), int):
        raise UserError(f"{source}: not a record; {remedy}")
    if record["schema"] > SCHEMA:
        raise UserError(
            f"{source}: written by a newer version (record schema {record['schema']}, this one"
            f" reads {SCHEMA}); update this checkout"
        )
    if not just_sealed and not checksum_fits(record, text):
        raise UserError(
            f"{source}: the checksum does not fit, so the record was cut short or edited; {remedy}"
        )
    try:
        msgspec.convert(record, _Record)
    except msgspec.ValidationError as error:
        raise UserError(f"{source}: no record of schema {SCHEMA}: {error}; {remedy}") from error


def checksum_fits(record: Record, text: str | None) -> bool:
    """Whether the checksum is that of the rest; ``text`` is the JSON it was parsed from."""
    # A record's file is its canonical JSON, and "checksum" sorts first, so that taking it out of
    # the text is cheap. A file laid out anew by some tool still passes by the slow way.
    head = f'{{"checksum":"{record.get("checksum")}",'
    if text is not None and text.startswith(head):
        body = "{" + text[len(head) :].rstrip("\n")
        if _sha256(body) == record["checksum"]:
            return True
    try:
        return bool(seal(record)["checksum"] == record.get("checksum"))
    except ValueError:
        return False


def best_of(evaluated: Sequence[Sequence[Any]]) -> tuple[int, int]:
    """(count, epoch) of the first best of [epoch, count] pairs."""
    count, epoch = max((count, -epoch) for epoch, count in evaluated)
    return count, -epoch


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
