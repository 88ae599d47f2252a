"""What a record holds, and how a damaged or foreign one is told from a good one.

A record is a JSON object::

    schema      2
    hash        name of the run, see benchmarks.run
    former      the name that the run had before it was composed of parts, where it had one
    form        "full", "reduced" or "quick": the form of the table that it was trained for
    run         the resolved configuration that was hashed
    result      diverged, measurements: {name: value}, curves: {name: [[epoch, value], …]}
    provenance  who made it, when, with what; never part of what two records must agree on
    checksum    SHA-256 of the canonical JSON of all the rest

A measurement is a number, a count {"count": …, "of": …} or a list of numbers; null where it is not
finite. Records of schema 1 are read by :mod:`reproduce.store.schema1`.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from benchmarks import data as datasets
from benchmarks.errors import UserError
from benchmarks.run import digest_of, without_seed

SCHEMA = 2
REMEDY = "move it away and run again"
KEYS = {"schema", "hash", "form", "run", "result", "provenance", "checksum"}
FULL, REDUCED, QUICK = FORMS = ("full", "reduced", "quick")
RESULT_KEYS = {"diverged", "measurements", "curves"}
HEADLINE, BEST = "test accuracy", "best evaluated accuracy"
LOSS, CORRECT = "training loss", "correct test images"

Record = dict[str, Any]


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


def contents_digest(record: Record) -> str:
    """SHA-256 over :func:`contents`: the same for records that agree."""
    return _sha256(canonical_json(contents(record)))


def headline(record: Record) -> tuple[int, int]:
    """Correct test images after the last epoch, and how many there are."""
    accuracy = record["result"]["measurements"][HEADLINE]
    return accuracy["count"], accuracy["of"]


def configuration_hash(record: Record) -> str:
    """Hash of the run without its seed: the same for all seeds of one configuration."""
    return digest_of(without_seed(record["run"]))


def committed_digest(record: Record) -> str:
    """SHA-256 over what of a record is committed: configuration, result and provenance."""
    return _sha256(canonical_json({**contents(record), "provenance": record["provenance"]}))


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
    if not isinstance(record, dict) or not _is_count(record.get("schema")):
        raise UserError(f"{source}: not a record; {remedy}")
    if record["schema"] > SCHEMA:
        raise UserError(
            f"{source}: written by a newer version (record schema {record['schema']}, this one"
            f" reads {SCHEMA}); update this checkout"
        )
    if set(record) - {"former"} != KEYS or record["schema"] != SCHEMA:
        raise UserError(f"{source}: not a record of schema {SCHEMA}; {remedy}")
    if not just_sealed and not checksum_fits(record, text):
        raise UserError(
            f"{source}: the checksum does not fit, so the record was cut short or edited; {remedy}"
        )
    if fault := _fault(record):
        raise UserError(f"{source}: {fault}; {remedy}")


def checksum_fits(record: Record, text: str | None) -> bool:
    """Whether the checksum is that of the rest; ``text`` is the JSON it was parsed from."""
    # A record's file is its canonical JSON, and "checksum" sorts first, so that taking it out of
    # the text is cheap. A file laid out anew by some tool still passes by the slow way.
    head = f'{{"checksum":"{record["checksum"]}",'
    if text is not None and text.startswith(head):
        body = "{" + text[len(head) :].rstrip("\n")
        if _sha256(body) == record["checksum"]:
            return True
    try:
        return seal(record)["checksum"] == record["checksum"]
    except ValueError:
        return False


def _fault(record: Record) -> str | None:
    run, result = record["run"], record["result"]
    if not isinstance(run, dict) or not _is_count(run.get("seed")):
        return "it describes no run"
    if digest_of(run) != record["hash"]:
        return f"its configuration hashes to {digest_of(run)}, not to {record['hash']}"
    if record["form"] not in FORMS:
        return f"its form is none of {', '.join(FORMS)}"
    if not isinstance(record.get("former", ""), str):
        return "its former name is no text"
    if not isinstance(record["provenance"], dict):
        return "its provenance is missing"
    if not isinstance(result, dict) or set(result) != RESULT_KEYS:
        return "its result is incomplete"
    return result_fault(result) or _total_fault(run, result["measurements"])


def _total_fault(run: dict[str, Any], measurements: dict[str, Any]) -> str | None:
    data = run.get("data")
    if not isinstance(data, dict):
        return "its run has no data"
    name, fold = data.get("name"), data.get("fold", 0)
    if not isinstance(name, str) or name not in datasets.DATASETS:
        return None
    try:
        known = datasets.info(name, fold)
    except (UserError, TypeError):
        return f"{name} has no fold {fold!r}"
    total = measurements[HEADLINE]["of"]
    if total != known.counts[1]:
        return f"it counts {total} test images, where {known.store} has {known.counts[1]}"
    return None


def result_fault(result: dict[str, Any]) -> str | None:
    """What contradicts itself in a result, or None."""
    measurements, curves = result["measurements"], result["curves"]
    if not isinstance(result["diverged"], bool):
        return "diverged is neither true nor false"
    if not isinstance(measurements, dict):
        return "its measurements are malformed"
    for name, value in measurements.items():
        if not _is_measurement(value):
            return f"its measurement {name!r} is malformed"
    if not _is_tally(measurements.get(HEADLINE)):
        return f"it has no {HEADLINE}"
    if not isinstance(curves, dict) or not all(map(_is_curve, curves.values())):
        return "its curves are malformed"
    return _disagreement(result["diverged"], measurements, curves)


def _disagreement(
    diverged: bool, measurements: dict[str, Any], curves: dict[str, Any]
) -> str | None:
    """Where measurements and curves do not tell the same."""
    evaluated, losses = curves.get(CORRECT), curves.get(LOSS)
    if losses and diverged != (losses[-1][1] is None):
        return "diverged does not say whether its curve's last training loss is finite"
    if not evaluated:
        return None
    if measurements[HEADLINE]["count"] != evaluated[-1][1]:
        return "its count of correct images is not that of its curve's last epoch"
    best = measurements.get(BEST)
    if best and (best["count"], best.get("epoch")) != best_of(evaluated):
        return "its best epoch is not its curve's"
    return None


def best_of(evaluated: list[list[Any]]) -> tuple[int, int]:
    """(count, epoch) of the first best of [epoch, count] pairs."""
    count, epoch = max((count, -epoch) for epoch, count in evaluated)
    return count, -epoch


def _is_measurement(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_tally(value)
    return all(map(_is_number, value if isinstance(value, list) else [value]))


def _is_tally(value: Any) -> bool:
    if not isinstance(value, dict) or not {"count", "of"} <= value.keys() <= {
        "count",
        "of",
        "epoch",
    }:
        return False
    return all(map(_is_count, value.values())) and 0 < value["of"] >= value["count"]


def _is_curve(curve: Any) -> bool:
    if not isinstance(curve, list) or not curve:
        return False
    if not all(isinstance(point, list) and len(point) == 2 for point in curve):
        return False
    epochs = [epoch for epoch, _ in curve]
    if not all(map(_is_count, epochs)) or sorted(set(epochs)) != epochs:
        return False
    return all(_is_number(value) for _, value in curve)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
