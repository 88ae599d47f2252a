"""Updates of the weights, one file a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.optimizers.beta_lasso import BetaLassoSGD
from benchmarks.optimizers.optimizer import Optimizer, Update
from benchmarks.optimizers.sgd import SGD

if TYPE_CHECKING:
    from benchmarks.optimizers.lasso import BetaLasso

__all__ = ["SGD", "BetaLasso", "BetaLassoSGD", "Optimizer", "Update"]


def __getattr__(name: str) -> Any:
    # An optimiser of torch's, for users; settings load without it.
    if name == "BetaLasso":
        from benchmarks.optimizers import lasso

        return lasso.BetaLasso
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
