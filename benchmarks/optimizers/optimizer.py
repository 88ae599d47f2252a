"""What every optimiser has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import nn


class Update(Protocol):
    """An optimiser at work on one network. Its state is tensors that are changed in place."""

    def step(self, lr: float | torch.Tensor) -> None:
        """One update from the parameters' gradients, which are consumed (set to None).

        Args:
            lr: the rate, a number on a CPU and a float32 tensor () on CUDA, where the update is
                recorded once and replayed at other rates.
        """
        ...

    def state(self) -> dict[str, Any]:
        """What continuing needs, as tensors on their device, lists and numbers."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""
        ...


class Optimizer(Part, frozen=True):
    """Settings of an update rule."""

    def build(self, model: nn.Module, coefficients: Mapping[str, torch.Tensor]) -> Update:
        """The rule at work on a network.

        Args:
            coefficients: by parameter, what the quadratic penalties add to its gradient per unit of
                weight, g ← g + c ∘ w; each broadcasts over its parameter. An update that takes them
                makes them cost one pass over the weights. Frozen parameters stay as they are.
        """
        raise NotImplementedError


def trained_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters that are not frozen, by name; a backward pass gives no others a gradient."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}
