"""Runs recorded before a run was composed of parts: one flat list of settings, read anew.

The flat form is closed: nothing is added to it. Every flat run has exactly one composed form, which
trains the same network on the same batches, bit for bit; its former name is kept beside the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.data.augmentation import Augmentation
from benchmarks.data.images import Images
from benchmarks.errors import UserError
from benchmarks.models import Model, NormedModel
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD
from benchmarks.parts import made
from benchmarks.penalties import DenseL2, LocoLine, LocoReg, NormBiasL2, StripReg, Term
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run, digest_of
from benchmarks.schedules import Steps

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


def is_flat(resolved: Mapping[str, Any]) -> bool:
    """Whether a canonical form is of before."""
    return "kind" not in resolved


def former_name(flat: Mapping[str, Any]) -> str:
    """The hash that named a run by its flat form."""
    return digest_of(dict(flat))


def migrate(flat: Mapping[str, Any]) -> Run:
    """The run that a flat canonical form describes.

    Raises:
        UserError: where it is of another protocol or has settings that it never had.
    """
    s = {**INTRODUCED, **flat}
    if s.pop("protocol", None) != PROTOCOL:
        raise UserError(f"a run of protocol {flat.get('protocol')}, not of {PROTOCOL}")
    try:
        run = Run(
            seed=s.pop("seed"),
            data=_data(s),
            model=_model(s),
            objective=Objective(penalties=_penalties(s)),
            optimizer=SGD(
                momentum=s.pop("momentum"),
                lr_placement=s.pop("lr_placement"),
                bias_lr_factor=s.pop("bias_lr_factor"),
            ),
            schedule=Steps(
                learning_rate=s.pop("learning_rate"),
                warmup_epochs=s.pop("warmup_epochs"),
                decay=s.pop("lr_decay"),
                milestones=tuple(s.pop("lr_milestones")),
            ),
            procedure=Procedure(phases=(_train(s),)),
            precision=s.pop("precision"),
        )
    except (KeyError, TypeError) as error:
        raise UserError(f"not the settings of a run: {error}") from error
    if s:
        raise UserError(f"settings that no run of before had: {', '.join(sorted(s))}")
    return run


def _data(s: dict[str, Any]) -> Images:
    return Images(
        name=s.pop("dataset"),
        identity=s.pop("data_digest"),
        fold=s.pop("fold"),
        normalization=s.pop("normalization"),
        augmentation=made(Augmentation, s.pop("augmentation")),
    )


def _model(s: dict[str, Any]) -> Model:
    settings: dict[str, Any] = {"kind": s["model"].replace("-", "_")}
    for name in NormedModel.__struct_fields__:
        settings[name] = s.pop(name)
    kernels, head, counts = s.pop("kernel_sizes"), s.pop("head"), s.pop("block_counts")
    block: dict[str, Any] = {"kind": s.pop("block")}
    norms, start = s.pop("acb_bn"), s.pop("branch_init")
    if block["kind"] != "conv":
        block["norms"] = norms
    if block["kind"] == "square":
        block["initialization"] = start
    if s["model"].startswith("vgg10"):
        settings |= {"kernel_sizes": kernels, "head": head}
    elif s["model"] == "rcnet10":
        settings |= {"block": block, "block_counts": counts}
    return made(Model, settings)


def _penalties(s: dict[str, Any]) -> tuple[Term, ...]:
    convention = s.pop("l2_convention")
    own = {"weight_decay": s.pop("weight_decay"), "convention": convention}
    gamma, eta, a0, a1 = (s.pop(name) for name in ("gamma", "eta", "a0", "a1"))
    strip, is_branched = s.pop("strip_eta"), s.pop("model") == "rcnet10"
    spatial: Term
    if a0 is not None:
        spatial = LocoLine(a0=a0, a1=a1, **own)
    elif is_branched and gamma == eta == "1":
        spatial = StripReg(eta=strip, **own)
    else:
        spatial = LocoReg(gamma=gamma, eta=eta, **own)
    if strip != "0" and not isinstance(spatial, StripReg):
        raise UserError("no run of before had a strip's factor beside γ and η or a0 and a1")
    dense = s.pop("dense_l2_convention")
    terms: list[Term] = [
        spatial,
        DenseL2(
            weight_decay=s.pop("dense_weight_decay"),
            convention=convention if dense == "same" else dense,
        ),
    ]
    norms = s.pop("norm_bias_weight_decay")
    if is_branched or norms != "0":
        terms.append(NormBiasL2(weight_decay=norms, convention=convention))
    return tuple(terms)


def _train(s: dict[str, Any]) -> Train:
    return Train(
        epochs=s.pop("epochs"),
        batch_size=s.pop("batch_size"),
        last_batch=s.pop("last_batch"),
        evaluate_every=s.pop("evaluate_every"),
    )
