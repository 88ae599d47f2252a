"""What a record holds, and how a damaged or foreign one is told from a good one.

A record is a JSON object::

    schema      1
    hash        name of the run, see benchmarks.run
    run         the resolved configuration that was hashed
    result      correct, total, diverged, best_correct, best_epoch,
                curve: [{epoch, train_loss or null, correct or null}, …]
    protocol    "full", or "quick" for a run of a quick table; "full" where an old record lacks it
    provenance  who made it, when, with what; never part of what two records must agree on
    checksum    SHA-256 of the canonical JSON of all the rest
"""

from __future__ import annotations

import hashlib
import json
from types import NoneType
from typing import Any

from benchmarks import data as datasets
from benchmarks.errors import UserError
from benchmarks.run import digest_of

SCHEMA = 1
REMEDY = "move it away and run again"
KEYS = {"schema", "hash", "run", "result", "provenance", "checksum"}
FULL, QUICK = PROTOCOLS = ("full", "quick")
RESULT_KEYS = {"correct", "total", "diverged", "best_correct", "best_epoch", "curve"}
POINT_KEYS = {"epoch", "train_loss", "correct"}

Record = dict[str, Any]


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys, in ASCII; raises ValueError at NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


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


def protocol(record: Record) -> str:
    """Whether the run is a "full" or a "quick" one; not part of what records must agree on."""
    return str(record.get("protocol", FULL))


def configuration_hash(record: Record) -> str:
    """Hash of the run without its seed: the same for all seeds of one configuration."""
    return digest_of({key: value for key, value in record["run"].items() if key != "seed"})


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
    if set(record) - {"protocol"} != KEYS or record["schema"] != SCHEMA:
        raise UserError(f"{source}: not a record of schema {SCHEMA}; {remedy}")
    if not just_sealed and not _checksum_fits(record, text):
        raise UserError(
            f"{source}: the checksum does not fit, so the record was cut short or edited; {remedy}"
        )
    if fault := _fault(record):
        raise UserError(f"{source}: {fault}; {remedy}")


def _checksum_fits(record: Record, text: str | None) -> bool:
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
    if protocol(record) not in PROTOCOLS:
        return "its protocol is neither full nor quick"
    if not isinstance(record["provenance"], dict):
        return "its provenance is missing"
    if not isinstance(result, dict) or set(result) != RESULT_KEYS:
        return "its result is incomplete"
    return result_fault(result) or _total_fault(run, result["total"])


def _total_fault(run: dict[str, Any], total: int) -> str | None:
    dataset, fold = run.get("dataset"), run.get("fold", 0)
    if not isinstance(dataset, str) or dataset not in datasets.DATASETS:
        return None
    try:
        known = datasets.info(dataset, fold)
    except (UserError, TypeError):
        return f"{dataset} has no fold {fold!r}"
    if total != known.counts[1]:
        return f"it counts {total} test images, where {known.store} has {known.counts[1]}"
    return None


def result_fault(result: dict[str, Any]) -> str | None:
    """What contradicts itself in a result, or None."""
    counts = ("correct", "total", "best_correct", "best_epoch")
    if not all(_is_count(result[name]) for name in counts):
        return "its counts are not whole numbers"
    if not isinstance(result["diverged"], bool):
        return "diverged is neither true nor false"
    curve = result["curve"]
    if not _is_curve(curve):
        return "its curve is malformed"
    if result["total"] == 0:
        return "it was tested on no images"
    if not max(result["correct"], result["best_correct"]) <= result["total"]:
        return "it has more correct images than images"
    if result["correct"] != (curve[-1]["correct"] or 0):
        return "its count of correct images is not that of its curve's last epoch"
    if (result["best_correct"], result["best_epoch"]) != best_of(curve):
        return "its best epoch is not its curve's"
    if result["diverged"] != (curve[-1]["train_loss"] is None):
        return "diverged does not say whether its curve's last training loss is finite"
    return None


def best_of(curve: list[dict[str, Any]]) -> tuple[int, int]:
    """(count, epoch) of the first best evaluated epoch; (0, last epoch) where none was."""
    evaluated = [(p["correct"], -p["epoch"]) for p in curve if p["correct"] is not None]
    correct, epoch = max(evaluated, default=(0, -curve[-1]["epoch"]))
    return correct, -epoch


def _is_curve(curve: Any) -> bool:
    if not isinstance(curve, list) or not curve:
        return False
    if not all(isinstance(point, dict) and point.keys() == POINT_KEYS for point in curve):
        return False
    epochs, losses, counts = ([p[key] for p in curve] for key in ("epoch", "train_loss", "correct"))
    return (
        {type(epoch) for epoch in epochs} == {int}
        and {type(loss) for loss in losses} <= {float, int, NoneType}
        and {type(count) for count in counts} <= {int, NoneType}
        and sorted(set(epochs)) == epochs
        and min(count or 0 for count in [*counts, epochs[0]]) >= 0
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
