"""Records of schema 1, whose run was one flat list of settings and whose result was a count.

The flat form is closed: nothing is added to it. Every flat run has exactly one composed form, which
trains the same network on the same batches, bit for bit; its former name is kept beside the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import Run, digest_of, from_canonical
from reproduce.store import schema
from reproduce.store.schema import Record

SCHEMA = 1
PROTOCOL = {"data": 1, "loop": 1, "model": 1, "regularizer": 1}
# What the flat form left out where a setting had this value.
INTRODUCED: dict[str, Any] = {
    "a0": None,
    "a1": None,
    "kernel_sizes": [],
    "head": "gap",
    "width_multiplier": "1",
    "fold": 0,
    "block": "conv",
    "block_counts": [1, 1, 1],
    "acb_bn": "per_branch",
    "branch_init": "default",
    "strip_eta": "0",
    "warmup_epochs": 0,
    "bias_lr_factor": "1",
    "norm_bias_weight_decay": "0",
}


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
    if digest_of(flat) != record["hash"]:
        raise KeyError(f"its configuration hashes to {digest_of(flat)}, not {record['hash']}")
    run, total, curve = migrate(flat), result["total"], result["curve"]
    evaluated = [[p["epoch"], p["correct"]] for p in curve if p["correct"] is not None]
    best = {"count": result["best_correct"], "of": total, "epoch": result["best_epoch"]}
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": run.hash,
            "former": record["hash"],
            "form": record.get("protocol", schema.FULL),
            "run": run.canonical(),
            "result": {
                "diverged": result["diverged"],
                "measurements": {
                    schema.HEADLINE: {"count": result["correct"], "of": total},
                    schema.BEST: best,
                    schema.LOSS: curve[-1]["train_loss"],
                },
                "curves": {
                    schema.LOSS: [[p["epoch"], p["train_loss"]] for p in curve],
                    schema.CORRECT: evaluated,
                },
            },
            "provenance": record["provenance"],
        }
    )


def migrate(flat: Mapping[str, Any]) -> Run:
    """The run that a flat canonical form describes.

    Raises:
        UserError: where it is of another protocol or has settings that it never had.
    """
    settings = {**INTRODUCED, **flat}
    if settings.pop("protocol", None) != PROTOCOL:
        raise UserError(f"a run of protocol {flat.get('protocol')}, not of {PROTOCOL}")
    try:
        composed = _composed(settings)
    except KeyError as error:
        raise UserError(f"not the settings of a run: {error}") from error
    if settings:
        raise UserError(f"settings that no run of before had: {', '.join(sorted(settings))}")
    return from_canonical(composed)


def _composed(s: dict[str, Any]) -> dict[str, Any]:
    """The canonical form, of settings that are taken out one by one."""

    def take(*names: str, **renamed: str) -> dict[str, Any]:
        wanted = {name: name for name in names} | renamed
        return {name: s.pop(old) for name, old in wanted.items()}

    kind = s.pop("model").replace("-", "_")
    model = {"kind": kind, **take("initialization", "width_multiplier")}
    model |= take("batch_norm_momentum", "batch_norm_eps")
    chain, counts = take("kernel_sizes", "head"), take("block_counts")
    block, norms, start = s.pop("block"), s.pop("acb_bn"), s.pop("branch_init")
    if kind.startswith("vgg10"):
        model |= chain
    elif kind == "rcnet10":
        own = {} if block == "conv" else {"norms": norms}
        own |= {"initialization": start} if block == "square" else {}
        model |= {"block": {"kind": block, **own}, **counts}
    convention, dense = s.pop("l2_convention"), s.pop("dense_l2_convention")
    rings, line, strip = take("gamma", "eta"), take("a0", "a1"), take(eta="strip_eta")
    if line["a0"] is not None:
        spatial = {"kind": "loco_line", **line}
    elif kind == "rcnet10" and set(rings.values()) == {"1"}:
        spatial = {"kind": "strip_reg", **strip}
    else:
        spatial = {"kind": "loco_reg", **rings}
    if strip["eta"] != "0" and spatial["kind"] != "strip_reg":
        raise UserError("no run of before had a strip's factor beside γ and η or a0 and a1")
    penalties = [
        {**spatial, "convention": convention, **take("weight_decay")},
        {
            "kind": "dense_l2",
            "convention": convention if dense == "same" else dense,
            **take(weight_decay="dense_weight_decay"),
        },
    ]
    others = take(weight_decay="norm_bias_weight_decay")
    if kind == "rcnet10" or others["weight_decay"] != "0":
        penalties.append({"kind": "norm_bias_l2", "convention": convention, **others})
    phase = {"kind": "train", **take("epochs", "batch_size", "last_batch", "evaluate_every")}
    steps = take("learning_rate", "warmup_epochs", decay="lr_decay", milestones="lr_milestones")
    images = take("fold", "normalization", "augmentation", name="dataset", identity="data_digest")
    return {
        "kind": "run",
        "data": {"kind": "images", **images},
        "model": model,
        "objective": {"kind": "objective", "penalties": penalties},
        "optimizer": {"kind": "sgd", **take("momentum", "lr_placement", "bias_lr_factor")},
        "schedule": {"kind": "steps", **steps},
        "procedure": {"kind": "procedure", "phases": [phase]},
        **take("seed", "precision"),
    }
