"""SGD with momentum whose decay has one coefficient per weight position."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from benchmarks.optimizers.optimizer import Optimizer, trained_of
from benchmarks.parts import NotNegative, Positive

if TYPE_CHECKING:
    import torch
    from torch import nn

Many = list["torch.Tensor"]


class SGD(Optimizer, tag="sgd", frozen=True):
    """SGD with momentum.

    Attributes:
        lr_placement: whether the rate multiplies the velocity ("outside", PyTorch) or the gradient
            in it ("inside", Keras); the two differ only where the rate changes.
        bias_lr_factor: biases, those of batch-norm included, learn at this many times the rate.
        fast: parameters whose names begin so, such as a new "classifier", learn at
            ``fast_lr_factor`` times the rate; all of them do where it is empty.
    """

    introduced: ClassVar[Mapping[str, Any]] = {"fast": "", "fast_lr_factor": Decimal(1)}

    momentum: NotNegative = Decimal("0.9")
    lr_placement: Literal["outside", "inside"] = "outside"
    bias_lr_factor: Positive = Decimal(1)
    fast: str = ""
    fast_lr_factor: Positive = Decimal(1)

    def rate_factor(self, parameter: str) -> float:
        """How many times the rate a parameter of that name learns at."""
        biases = self.bias_lr_factor if parameter.endswith("bias") else Decimal(1)
        fast = self.fast_lr_factor if parameter.startswith(self.fast) else Decimal(1)
        return float(biases * fast)

    def build(self, model: nn.Module, coefficients: Mapping[str, torch.Tensor]) -> SGDUpdate:
        return SGDUpdate(self, model, coefficients)


class SGDUpdate:
    """Momentum SGD: v ← μ·v + (g + c∘w), w ← w − lr·v; or, with the rate inside the velocity,
    v ← μ·v + lr·(g + c∘w), w ← w − v.

    Each coefficient broadcasts over its parameter, so LOCO-Reg costs what plain weight decay costs:
    one pass over the weights.
    """

    def __init__(
        self, settings: SGD, model: nn.Module, coefficients: Mapping[str, torch.Tensor]
    ) -> None:
        import torch

        named = trained_of(model)
        self.parameters: list[torch.Tensor] = list(named.values())
        self.velocities = [torch.zeros_like(p) for p in self.parameters]
        self.momentum = float(settings.momentum)
        self.lr_inside = settings.lr_placement == "inside"
        # Parameters and velocities that share a rate; all of them, in order, for a factor of 1.
        self._groups: dict[float, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
        for (name, parameter), velocity in zip(named.items(), self.velocities, strict=True):
            rate = settings.rate_factor(name)
            parameters, velocities = self._groups.setdefault(rate, ([], []))
            parameters.append(parameter)
            velocities.append(velocity)
        self._decayed = [
            (named[name], c.to(named[name])) for name, c in coefficients.items() if name in named
        ]

    def step(self, lr: float | torch.Tensor) -> None:
        """See :meth:`Update.step`."""
        import torch

        with torch.no_grad():
            for parameter, coefficient in self._decayed:
                assert parameter.grad is not None
                parameter.grad.addcmul_(parameter, coefficient)
            for factor, (parameters, velocities) in self._groups.items():
                rate = lr if factor == 1 else lr * factor
                gradients = [p.grad for p in parameters if p.grad is not None]
                if isinstance(rate, torch.Tensor):
                    self._move_by_tensor(rate, parameters, velocities, gradients)
                else:
                    self._move(rate, parameters, velocities, gradients)
            for consumed in self.parameters:
                consumed.grad = None

    def _move(self, rate: float, parameters: Many, velocities: Many, gradients: Many) -> None:
        import torch

        torch._foreach_mul_(velocities, self.momentum)
        torch._foreach_add_(velocities, gradients, alpha=rate if self.lr_inside else 1.0)
        torch._foreach_add_(parameters, velocities, alpha=-1.0 if self.lr_inside else -rate)

    def _move_by_tensor(
        self, rate: torch.Tensor, parameters: Many, velocities: Many, gradients: Many
    ) -> None:
        """The same, to rounding, without the host ever knowing the rate."""
        import torch

        if not self.lr_inside and _alike(parameters, velocities, gradients):
            # One pass over the weights instead of four.
            torch._fused_sgd_(
                parameters,
                gradients,
                velocities,
                weight_decay=0.0,
                momentum=self.momentum,
                lr=rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
            return
        torch._foreach_mul_(velocities, self.momentum)
        if self.lr_inside:
            torch._foreach_add_(velocities, torch._foreach_mul(gradients, rate))
            torch._foreach_sub_(parameters, velocities)
        else:
            torch._foreach_add_(velocities, gradients)
            torch._foreach_sub_(parameters, torch._foreach_mul(velocities, rate))

    def state(self) -> dict[str, Any]:
        """The velocities."""
        return {"velocities": list(self.velocities)}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""
        for velocity, saved in zip(self.velocities, state["velocities"], strict=True):
            velocity.copy_(saved)


def _alike(*groups: Many) -> bool:
    """Whether torch's fused update takes them: on CUDA, each parameter's tensors of one layout."""
    return all(
        own.is_cuda and other.dtype == own.dtype and other.stride() == own.stride()
        for own, *others in zip(*groups, strict=True)
        for other in others
    )
