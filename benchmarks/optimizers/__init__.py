"""Updates of the weights, one file a rule."""

from __future__ import annotations

from benchmarks.optimizers.optimizer import Optimizer, Update
from benchmarks.optimizers.sgd import SGD

__all__ = ["SGD", "Optimizer", "Update"]
