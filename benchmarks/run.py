"""A run is its resolved configuration plus seed, and its hash is its name.

The hash is SHA-256 over canonical JSON: keys sorted, no spaces, every decimal a string in plain
notation. Paths, devices, workers and queue options are no part of it. What the parts are, and how
settings and kinds are added without renaming old runs: :mod:`benchmarks.parts`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

from benchmarks.data.images import Data
from benchmarks.errors import UserError
from benchmarks.models import Model
from benchmarks.objectives import Objective
from benchmarks.optimizers import SGD, Optimizer
from benchmarks.parts import Experiment, Part, Whole, kind_of, made
from benchmarks.precisions import Precision
from benchmarks.procedures import Procedure
from benchmarks.schedules import Schedule

HASH_LENGTH = 16
SEEDS = 2**63


class Run(Experiment, tag="run", frozen=True, kw_only=True, dict=True):
    """Every scientific setting of one training run, by part."""

    seed: Whole
    data: Data
    model: Model
    objective: Objective
    optimizer: Optimizer = SGD()
    schedule: Schedule
    procedure: Procedure
    precision: Precision = "float32"

    def fault(self) -> str | None:
        if self.seed >= SEEDS:
            return f"seed must lie in 0 … 2^63 - 1, not {self.seed}"
        dataset = self.data.name
        return (
            self.model.misfit(dataset)
            or self.objective.misfit(dataset)
            or self.procedure.misfit(self.objective)
        )

    @cached_property
    def hash(self) -> str:
        """The run's name: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return digest_of(self.canonical())

    @property
    def configuration_hash(self) -> str:
        """The hash without the seed: the same for all seeds of one configuration."""
        return digest_of(without_seed(self.canonical()))

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.length for phase in self.procedure.phases)

    @property
    def sources(self) -> tuple[Run, ...]:
        """Runs whose kept weights this one starts from, directly."""
        return tuple(run for phase in self.procedure.phases for run in phase.sources)

    def setting(self, path: str) -> Any:
        """The value at a dotted path, such as "objective.penalties.loco_reg.gamma".

        In a tuple of parts a kind names the one and "*" the first that has the rest of the path;
        the last name may be "kind".

        Raises:
            UserError: where the run has no such setting.
        """
        found = _get(self, path.split("."))
        if found is _MISSING:
            raise UserError(f"the run has no setting {path}")
        return found

    def has_setting(self, path: str) -> bool:
        """Whether :meth:`setting` would find something."""
        return _get(self, path.split(".")) is not _MISSING

    def with_setting(self, path: str, value: Any) -> Run:
        """A copy with another value there ("*": in every part that has it).

        Raises:
            UserError: where the run has no such setting, or the value is not allowed.
        """
        if not self.has_setting(path):
            raise UserError(f"the run has no setting {path}")
        return _set(self, path.split("."), value)


_MISSING = object()


def _get(part: Any, names: list[str]) -> Any:
    if not names:
        return part
    name, *rest = names
    if isinstance(part, tuple):
        found = (_get(item, rest) for item in _chosen(part, name))
        return next((value for value in found if value is not _MISSING), _MISSING)
    if not isinstance(part, Part):
        return _MISSING
    if name == "kind" and not rest:
        return kind_of(type(part))
    return _get(getattr(part, name), rest) if name in part.__struct_fields__ else _MISSING


def _set(part: Any, names: list[str], value: Any) -> Any:
    if not names:
        return value
    name, *rest = names
    if isinstance(part, tuple):
        chosen = _chosen(part, name)
        touched = [item for item in chosen if _get(item, rest) is not _MISSING]
        return tuple(_set(item, rest, value) if item in touched else item for item in part)
    return part.replace(**{name: _set(getattr(part, name), rest, value)})


def _chosen(parts: tuple[Any, ...], name: str) -> list[Any]:
    return [p for p in parts if isinstance(p, Part) and name in ("*", kind_of(type(p)))]


def from_canonical(resolved: dict[str, Any]) -> Run:
    """The run that a record or checkpoint describes.

    Raises:
        UserError: where it was written under another protocol or by a newer version.
    """
    return made(Run, resolved)


def without_seed(resolved: dict[str, Any]) -> dict[str, Any]:
    """A canonical configuration, those of the runs that it starts from included, without seeds."""
    if isinstance(resolved, dict):
        return {k: without_seed(v) for k, v in resolved.items() if k != "seed"}
    return [without_seed(item) for item in resolved] if isinstance(resolved, list) else resolved


def digest_of(resolved: dict[str, Any]) -> str:
    """Hash of a canonical configuration; see the module's text for the rules."""
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]
