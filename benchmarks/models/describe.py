"""What a network consists of, observed while an image of zeros passes through it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.models.hierarchical_linear import HierarchicalLinear
from benchmarks.models.layers import WEIGHTED, DenseMaps, LocallyConnected2d, width_of
from benchmarks.models.pointwise import StridedPoint

KINDS = {
    nn.Conv2d: "conv",
    StridedPoint: "conv",
    nn.MaxPool2d: "maxpool",
    nn.Linear: "fc",
    DenseMaps: "fc",
    LocallyConnected2d: "local",
    HierarchicalLinear: "fc",
}
FOLLOWERS = {nn.BatchNorm2d: "bn", nn.BatchNorm1d: "bn", nn.ReLU: "relu"}


@dataclass
class Layer:
    """A convolution, pooling or dense layer, in the order of execution.

    Attributes:
        name: the module's path in the network.
        kind: "conv", "dwconv" (one channel a filter), "pwconv" (1×1), "local" (one filter a
            place), "maxpool" or "fc".
        kernel: side of the square filter or window; 0 for dense layers.
        side, out_side: height and width of the incoming and outgoing map; 1 for dense layers.
        weights: entries of the weight tensor.
        parameters: all trainable numbers, with biases and the batch-norm that follows.
        multiply_adds: products in one forward pass of one image; batch-norm, which merges into the
            convolution, biases and poolings count none.
        followed_by: batch-norm ("bn") and ReLU ("relu") modules up to the next layer.
    """

    name: str
    kind: str
    kernel: int
    stride: int
    in_channels: int
    out_channels: int
    side: int
    out_side: int
    weights: int
    parameters: int
    multiply_adds: int
    followed_by: list[str] = field(default_factory=list)


def describe(make: Callable[[], nn.Module], side: int = 32) -> list[Layer]:
    """The layers of the network that ``make`` builds, for images (1, 3, side, side).

    The network is built without memory for its weights, so this takes no time. A batch-norm or
    ReLU is put down to the layer that ran before it, and only modules are seen: operations between
    modules, such as an addition or a mean, are not.
    """
    with torch.device("meta"):
        model = make().eval()
        image = torch.zeros(1, 3, side, side)
    names = {module: name for name, module in model.named_modules()}
    layers: list[Layer] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        if type(module) in KINDS:
            layers.append(_layer(names[module], module, inputs[0].shape, output.shape))
        elif type(module) in FOLLOWERS:
            layers[-1].followed_by.append(FOLLOWERS[type(module)])
            layers[-1].parameters += _parameters(module)

    for module in names:
        module.register_forward_hook(note)
    with torch.no_grad():
        model(image)
    if sum(layer.parameters for layer in layers) != _parameters(model):
        raise ValueError("the network has parameters outside of the layers that are described")
    return layers


def _layer(name: str, module: nn.Module, before: torch.Size, after: torch.Size) -> Layer:
    weight = getattr(module, "weight", None)
    weights = 0 if weight is None else weight.numel()
    kind = KINDS[type(module)]
    if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
        kind = "dwconv"
    elif isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1):
        kind = "pwconv"
    return Layer(
        name=name,
        kind=kind,
        kernel=_first(getattr(module, "kernel_size", 0)),
        stride=_first(getattr(module, "stride", 1)),
        in_channels=before[1],
        out_channels=after[1],
        side=before[-1] if len(before) == 4 else 1,
        out_side=after[-1] if len(after) == 4 else 1,
        weights=weights,
        parameters=_parameters(module),
        multiply_adds=weights * (1 if kind == "local" else math.prod(after[2:])),
    )


def _first(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def network_measures(model: nn.Module, side: int) -> dict[str, Any]:
    """Parameters, those that are not 0, multiply-adds of one image, and the layers' widths.

    Multiply-adds are the products of convolutions and matrix products, as torch counts them,
    wherever they stand; those of zero weights count too. Widths are the output channels of layers
    with weights, in the order of the modules.
    """
    layers = [module for module in model.modules() if isinstance(module, WEIGHTED)]
    return {
        "parameters": _parameters(model),
        "non-zero parameters": int(sum(torch.count_nonzero(p) for p in model.parameters())),
        "multiply-adds": multiply_adds(model, side),
        "layer widths": [width_of(layer) for layer in layers],
    }


def multiply_adds(model: nn.Module, side: int) -> int:
    """Products of one image's way through the network."""
    was_training = model.training
    image = torch.zeros(1, 3, side, side, device=next(model.parameters()).device)
    products = _Products()
    try:
        with torch.no_grad(), products:
            model.eval()(image)
    finally:
        model.train(was_training)
    return products.flops // 2


class _Products(TorchDispatchMode):
    """Adds up the floating-point operations of convolutions and matrix products by torch's own
    formulas. So does its ``FlopCounterMode``, which loads torch's compiler at the first operation:
    four seconds of every process that trains."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Asked when the class is made; to skip the compiler, torch would load it.
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given, operation = kwargs or {}, func.overloadpacket
        if operation not in flop_registry:
            with self:
                parts = func.decompose(*args, **given)
            if parts is not NotImplemented:
                return parts
        found = func(*args, **given)
        if operation in flop_registry:
            self.flops += flop_registry[operation](*args, **given, out_val=found)
        return found
