"""Networks, one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.config import Run

MODELS = ("vgg10",)


def build(run: Run, classes: int) -> nn.Module:
    """The run's network with its seeded initial weights, on the CPU in float32."""
    from benchmarks.models.initialization import initialize
    from benchmarks.models.vgg import VGG10

    if run.model not in MODELS:
        raise UserError(f"model: {run.model!r} is none of {', '.join(MODELS)}")
    model = VGG10(
        classes,
        batch_norm_momentum=float(run.batch_norm_momentum),
        batch_norm_eps=float(run.batch_norm_eps),
    )
    initialize(model, run.initialization, run.seed)
    return model
