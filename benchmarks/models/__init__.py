"""Networks, one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.config import Run

MODELS = ("vgg10", "vgg10-expanded", "mobilenet", "resnet10")


def build(run: Run, classes: int, side: int = 32) -> nn.Module:
    """The run's network with its seeded initial weights, on the CPU in float32.

    Args:
        classes: number of logits.
        side: height and width of the images in pixels.

    Raises:
        UserError: where there is no such network, or it has no use for a setting of the run.
    """
    from benchmarks.models.initialization import initialize

    model = network(run, classes, side)
    initialize(model, run.initialization, run.seed)
    return model


def network(run: Run, classes: int, side: int = 32) -> nn.Module:
    """The same network on torch's default device, with weights that mean nothing yet.

    Raises:
        UserError: as :func:`build`.
    """
    shared: dict[str, Any] = {
        "width_multiplier": run.width_multiplier,
        "batch_norm_momentum": float(run.batch_norm_momentum),
        "batch_norm_eps": float(run.batch_norm_eps),
    }
    if run.model in ("vgg10", "vgg10-expanded"):
        from benchmarks.models.vgg import EXPANDED_STAGES, STAGES, VGG10

        return VGG10(
            classes,
            stages=STAGES if run.model == "vgg10" else EXPANDED_STAGES,
            kernel_sizes=run.kernel_sizes,
            side=side,
            head=run.head,
            **shared,
        )
    if run.model not in MODELS:
        raise UserError(f"model: {run.model!r} is none of {', '.join(MODELS)}")
    if run.kernel_sizes or run.head != "gap":
        raise UserError(f"kernel_sizes and head are settings of VGG-10, not of {run.model}")
    if run.model == "mobilenet":
        from benchmarks.models.mobilenet import MobileNet

        return MobileNet(classes, **shared)
    from benchmarks.models.resnet import ResNet

    return ResNet(classes, **shared)
