"""Networks, one file a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.run import Run

MODELS = ("vgg10", "vgg10-expanded", "mobilenet", "resnet10", "rcnet10")


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
    initialize(model, run.initialization, run.seed, branch_init=run.branch_init)
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
    if run.model != "rcnet10":
        _refuse_branches(run)
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
    if run.model == "rcnet10":
        return _rcnet(run, classes, shared)
    from benchmarks.models.resnet import ResNet

    return ResNet(classes, **shared)


# Settings of RCNet's blocks, with the values that every other network has.
BRANCH_SETTINGS = ("block", "block_counts", "acb_bn", "branch_init", "strip_eta")


def _refuse_branches(run: Run) -> None:
    for name in BRANCH_SETTINGS:
        if getattr(run, name) != type(run).__dataclass_fields__[name].default:
            raise UserError(f"{name} is a setting of rcnet10, not of {run.model}")


def _rcnet(run: Run, classes: int, shared: dict[str, Any]) -> nn.Module:
    from benchmarks.models.rcnet import WIDTHS, RCNet

    # One experiment, one name: what a block has no use for stays at its default.
    if run.block != "square" and (run.strip_eta or run.branch_init != "default"):
        raise UserError("strip_eta and branch_init are settings of block = square alone")
    if run.block == "conv" and run.acb_bn != "per_branch":
        raise UserError("acb_bn is a setting of blocks with branches: give block acb or square")
    if len(run.block_counts) != len(WIDTHS):
        raise UserError(f"block_counts must be {len(WIDTHS)} numbers, not {run.block_counts}")
    return RCNet(
        classes,
        kind=run.block,
        block_counts=run.block_counts,
        shared_norm=run.acb_bn == "shared",
        **shared,
    )
