"""Records of schema 1, whose run was one flat list of settings and whose result was a count."""

from __future__ import annotations

from typing import Any

from benchmarks.errors import UserError
from benchmarks.migration import former_name, migrate
from reproduce.store import schema
from reproduce.store.schema import Record

SCHEMA = 1


def is_earlier(record: Any) -> bool:
    """Whether it is a record of schema 1."""
    return isinstance(record, dict) and record.get("schema") == SCHEMA


def migrated(record: Record, source: str, text: str | None = None) -> Record:
    """The record as this version writes it; the run's name of before is kept as ``former``.

    Raises:
        UserError: naming ``source``, where it is damaged.
    """
    if not schema.checksum_fits(record, text):
        raise UserError(
            f"{source}: the checksum does not fit, so the record was cut short or edited; "
            f"{schema.REMEDY}"
        )
    try:
        new = _migrated(record)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{source}: not a record of schema {SCHEMA} ({error})") from error
    schema.check(new, source, just_sealed=True)
    return new


def _migrated(record: Record) -> Record:
    result, flat = record["result"], record["run"]
    if former_name(flat) != record["hash"]:
        raise KeyError(f"its configuration hashes to {former_name(flat)}, not {record['hash']}")
    run = migrate(flat)
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": run.hash,
            "former": record["hash"],
            "form": record.get("protocol", schema.FULL),
            "run": run.canonical(),
            "result": {
                "diverged": result["diverged"],
                "measurements": _measurements(result),
                "curves": _curves(result["curve"]),
            },
            "provenance": record["provenance"],
        }
    )


def _measurements(result: dict[str, Any]) -> dict[str, Any]:
    total = result["total"]
    best = {"count": result["best_correct"], "of": total, "epoch": result["best_epoch"]}
    return {
        schema.HEADLINE: {"count": result["correct"], "of": total},
        schema.BEST: best,
        schema.LOSS: result["curve"][-1]["train_loss"],
    }


def _curves(curve: list[dict[str, Any]]) -> dict[str, Any]:
    evaluated = [[p["epoch"], p["correct"]] for p in curve if p["correct"] is not None]
    losses = [[p["epoch"], p["train_loss"]] for p in curve]
    return {schema.LOSS: losses, schema.CORRECT: evaluated}
