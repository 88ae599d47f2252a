"""What a network consists of, observed while an image of zeros passes through it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

KINDS = {nn.Conv2d: "conv", nn.MaxPool2d: "maxpool", nn.Linear: "fc"}
FOLLOWERS = {nn.BatchNorm2d: "bn", nn.ReLU: "relu"}


@dataclass
class Layer:
    """A convolution, pooling or dense layer, in the order of execution.

    Attributes:
        name: the module's path in the network.
        kind: "conv", "dwconv" (one channel a filter), "pwconv" (1×1), "maxpool" or "fc".
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
    layers: list[Layer] = []
    for name, module in model.named_modules():
        if type(module) in KINDS:
            module.register_forward_hook(_note_layer(layers, name))
        elif type(module) in FOLLOWERS:
            module.register_forward_hook(_note_follower(layers))
    with torch.no_grad():
        model(image)
    counted = sum(layer.parameters for layer in layers)
    if counted != sum(p.numel() for p in model.parameters()):
        raise ValueError("the network has parameters outside of the layers that are described")
    return layers


Hook = Callable[[nn.Module, tuple[torch.Tensor, ...], torch.Tensor], None]


def _note_layer(layers: list[Layer], name: str) -> Hook:
    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        layers.append(_layer(name, module, inputs[0].shape, output.shape))

    return note


def _note_follower(layers: list[Layer]) -> Hook:
    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        layers[-1].followed_by.append(FOLLOWERS[type(module)])
        layers[-1].parameters += _parameters(module)

    return note


def _layer(name: str, module: nn.Module, before: torch.Size, after: torch.Size) -> Layer:
    weight = getattr(module, "weight", None)
    weights = 0 if weight is None else weight.numel()
    return Layer(
        name=name,
        kind=_kind(module),
        kernel=_first(getattr(module, "kernel_size", 0)),
        stride=_first(getattr(module, "stride", 1)),
        in_channels=before[1],
        out_channels=after[1],
        side=before[-1] if len(before) == 4 else 1,
        out_side=after[-1] if len(after) == 4 else 1,
        weights=weights,
        parameters=_parameters(module),
        multiply_adds=weights * math.prod(after[2:]),
    )


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        if module.groups == module.in_channels > 1:
            return "dwconv"
        if module.kernel_size == (1, 1):
            return "pwconv"
    return KINDS[type(module)]


def _first(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
