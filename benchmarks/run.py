"""A run is its resolved configuration plus seed, and its hash is its name.

The hash is SHA-256 over canonical JSON: keys sorted, no spaces, every decimal a string in plain
notation. Paths, devices, workers and queue options are no part of it. A field that is added later
carries a frozen *introduction value* and is left out of the JSON while it holds that value, so old
records keep their names. Each part whose numbers a code change could alter has a protocol version
in :data:`PROTOCOL`; raise it in the same commit as the change.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from types import MappingProxyType
from typing import Any

from benchmarks.errors import UserError

PROTOCOL = MappingProxyType({"data": 1, "loop": 1, "model": 1, "regularizer": 1})
HASH_LENGTH = 16


def _introduced(value: Any) -> Any:
    """A field added after the first release, hashed only where it differs from ``value``."""
    return field(default=value, metadata={"introduced": value})


@dataclass(frozen=True, kw_only=True)
class Run:
    """Every scientific setting of one training run.

    Decimals are given as strings or :class:`~decimal.Decimal` ("0.0005"), never as floats. The
    defaults are the readings of the locality paper, section V; ``reproduce readings`` gives the
    source of each.
    """

    seed: int
    dataset: str = "cifar10"
    data_digest: str = ""
    normalization: str = "channel"
    augmentation: str = "flip"

    model: str = "vgg10"
    batch_norm_momentum: Decimal = Decimal("0.1")
    batch_norm_eps: Decimal = Decimal("0.00001")
    initialization: str = "torch"

    weight_decay: Decimal = Decimal("0.0005")
    dense_weight_decay: Decimal = Decimal("0.0005")
    l2_convention: str = "sum_sq"
    dense_l2_convention: str = "same"
    gamma: Decimal = Decimal(1)
    eta: Decimal = Decimal(1)

    epochs: int = 130
    batch_size: int = 128
    last_batch: str = "keep"
    learning_rate: Decimal = Decimal("0.1")
    lr_decay: Decimal = Decimal("0.3")
    lr_milestones: tuple[int, ...] = (50, 85, 110, 120, 127)
    lr_placement: str = "outside"
    momentum: Decimal = Decimal("0.9")
    evaluate_every: int = 10

    precision: str = "float32"

    a0: Decimal | None = _introduced(None)
    a1: Decimal | None = _introduced(None)

    kernel_sizes: tuple[int, ...] = _introduced(())  # of each convolution; empty: 3 throughout
    head: str = _introduced("gap")
    width_multiplier: Decimal = _introduced(Decimal(1))

    fold: int = _introduced(0)  # of a data set that has several; 0 too where it has none

    # RCNet, STRIP-Reg and ACNet's recipe (Table VII).
    block: str = _introduced("conv")
    block_counts: tuple[int, ...] = _introduced((1, 1, 1))
    acb_bn: str = _introduced("per_branch")
    branch_init: str = _introduced("default")
    strip_eta: Decimal = _introduced(Decimal(0))
    warmup_epochs: int = _introduced(0)
    bias_lr_factor: Decimal = _introduced(Decimal(1))
    norm_bias_weight_decay: Decimal = _introduced(Decimal(0))

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if "Decimal" in str(item.type) and value is not None:
                object.__setattr__(self, item.name, _decimal(item.name, value))
        for name in ("fold", "warmup_epochs"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        for name in ("lr_milestones", "kernel_sizes", "block_counts"):
            object.__setattr__(self, name, _whole_numbers(name, getattr(self, name)))
        _check(self)

    def canonical(self) -> dict[str, Any]:
        """What is hashed, as JSON-ready values: decimals as plain strings."""
        resolved: dict[str, Any] = {"protocol": dict(PROTOCOL)}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if "introduced" in item.metadata and value == item.metadata["introduced"]:
                continue
            resolved[item.name] = _plain(value)
        return resolved

    @cached_property
    def hash(self) -> str:
        """The run's name: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return digest_of(self.canonical())

    @property
    def configuration_hash(self) -> str:
        """The hash without the seed: the same for all seeds of one configuration."""
        return digest_of({k: v for k, v in self.canonical().items() if k != "seed"})

    def replace(self, **changes: Any) -> Run:
        """A copy with other values."""
        return dataclasses.replace(self, **changes)


def from_canonical(resolved: dict[str, Any]) -> Run:
    """The run that a record or checkpoint describes.

    Raises:
        UserError: where it was written under another protocol or by a newer version.
    """
    values = dict(resolved)
    protocol = values.pop("protocol", None)
    if protocol != dict(PROTOCOL):
        raise UserError(f"protocol {protocol} is not this version's {dict(PROTOCOL)}")
    known = {item.name for item in dataclasses.fields(Run)}
    if unknown := sorted(set(values) - known):
        raise UserError(f"settings that this version does not know: {', '.join(unknown)}")
    return Run(**values)


def digest_of(resolved: dict[str, Any]) -> str:
    """Hash of a canonical configuration; see the module's text for the rules."""
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return list(value) if isinstance(value, tuple) else value


def _decimal(name: str, value: Any) -> Decimal:
    if isinstance(value, float):
        raise TypeError(f"{name}: give decimals as strings, not as the float {value!r}")
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise UserError(f"{name}: {value!r} is not a decimal number") from error
    if not number.is_finite():
        raise UserError(f"{name}: {value!r} is not finite")
    return number


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, bool) and str(value).isdecimal():
        return int(value)
    raise UserError(f"{name}: {value!r} is not a whole number from 0 on")


def _whole_numbers(name: str, value: Any) -> tuple[int, ...]:
    """A tuple of integers, also from text such as "1,1,2", as readings are spelt."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(_whole(name, part) for part in parts)


CHOICES: dict[str, tuple[str, ...]] = {
    "normalization": ("channel", "half", "unit"),
    "augmentation": ("flip", "none", "crop_flip"),
    "initialization": ("torch", "he_normal", "glorot_uniform"),
    "l2_convention": ("sum_sq", "half_sum_sq"),
    "dense_l2_convention": ("same", "sum_sq", "half_sum_sq"),
    "head": ("gap", "flatten"),
    "last_batch": ("keep", "drop"),
    "lr_placement": ("outside", "inside"),
    "precision": ("float32", "bf16"),
    "block": ("conv", "acb", "square"),
    "acb_bn": ("per_branch", "shared"),
    "branch_init": ("default", "scaled"),
}

NOT_NEGATIVE = (
    "weight_decay",
    "dense_weight_decay",
    "norm_bias_weight_decay",
    "momentum",
    "gamma",
    "eta",
    "strip_eta",
)


def _check(run: Run) -> None:
    for name, allowed in CHOICES.items():
        if getattr(run, name) not in allowed:
            raise UserError(f"{name}: {getattr(run, name)!r} is none of {', '.join(allowed)}")
    for name in ("epochs", "batch_size", "evaluate_every"):
        if getattr(run, name) < 1:
            raise UserError(f"{name} must be at least 1, not {getattr(run, name)}")
    if not 0 <= run.seed < 2**63:
        raise UserError(f"seed must lie in 0 … 2^63 - 1, not {run.seed}")
    for name in NOT_NEGATIVE:
        if getattr(run, name) < 0:
            raise UserError(f"{name} must not be negative, not {getattr(run, name)}")
    for name in ("width_multiplier", "bias_lr_factor"):
        if getattr(run, name) <= 0:
            raise UserError(f"{name} must be positive, not {getattr(run, name)}")
    if not run.block_counts or any(count < 1 for count in run.block_counts):
        raise UserError(f"block_counts must be at least 1 in every stage, not {run.block_counts}")
    if any(size < 1 or size % 2 == 0 for size in run.kernel_sizes):
        raise UserError(f"kernel_sizes must be odd, not {run.kernel_sizes}")
    if run.kernel_sizes and set(run.kernel_sizes) == {3}:
        # One experiment, one name.
        raise UserError("kernel_sizes: 3 throughout is the default; leave it empty")
    if (run.a0 is None) != (run.a1 is None):
        raise UserError("a0 and a1 of eq. 5 belong together: give both or neither")
    terms = [term for term in (run.a0, run.a1) if term is not None]
    # A negative factor would reward large weights; with both 0 there is nothing to normalise.
    if any(term < 0 for term in terms) or (terms and not any(terms)):
        raise UserError(
            f"a0 and a1 of eq. 5 must not be negative, nor both 0: a0 = {run.a0}, a1 = {run.a1}"
        )
