"""What a built network consists of, as the tables count it; built without memory for weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from analysis.papers.structured_sparsity.architectures import Counted

SHORTCUT = "shortcut"


def count(make: Callable[[], nn.Module], side: int) -> Counted:
    """A network's counts, for images (1, 3, side, side)."""
    import torch

    from analysis.papers.structured_sparsity.architectures import Counted
    from benchmarks.models.describe import describe

    layers = describe(make, side)
    main = [layer for layer in layers if SHORTCUT not in layer.name.split(".")]
    convolutions = [layer for layer in main if layer.kind.endswith("conv")]
    with torch.device("meta"):
        depth = depth_of(make())
    return Counted(
        depth=depth,
        layers=tuple((layer.out_channels, layer.kernel) for layer in convolutions),
        weights=sum(layer.weights for layer in convolutions),
        parameters=sum(layer.parameters for layer in layers),
        convolution_parameters=sum(
            layer.parameters for layer in layers if layer.kind.endswith("conv")
        ),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        convolution_multiply_adds=sum(layer.multiply_adds for layer in convolutions),
    )


def depth_of(model: nn.Module) -> int:
    """Convolutions and dense layers on the longest way through the network."""
    from torch import fx, nn

    graph = fx.symbolic_trace(model).graph
    modules = dict(model.named_modules())
    depth: dict[fx.Node, int] = {}
    for node in graph.nodes:
        layer = modules.get(str(node.target)) if node.op == "call_module" else None
        before = max((depth[source] for source in node.all_input_nodes), default=0)
        depth[node] = before + isinstance(layer, nn.Conv2d | nn.Linear)
    return max(depth.values())
