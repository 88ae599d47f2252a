"""β-LASSO: sub-gradient descent on an ℓ1 penalty, and a threshold after every step.

Source: Neyshabur, "Towards Learning Convolutions from Scratch", Algorithm 1, section 4, A.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.optimizers.optimizer import Optimizer, trained_of
from benchmarks.parts import NotNegative

if TYPE_CHECKING:
    import torch
    from torch import nn


class BetaLassoSGD(Optimizer, tag="beta_lasso", frozen=True):
    """θ ← θ − η(g + λ·sign θ), then 0 for every weight below βλ in magnitude; sign 0 is 0.

    With β = 0 nothing is cut, so that no weight stays at 0 (B-12). A weight at 0 comes back where
    η|g| ≥ βλ, hence ever more rarely as the rate falls (B-02).

    Attributes:
        lam_conv: λ of convolutions and of what stands in their place, a dense layer too (B-11).
        lam_fc: λ of the other dense layers.
        beta: β, in multiples of the layer's λ.
        threshold: "hard" keeps what is not below βλ as it is, "soft" moves it by βλ towards 0
            (B-01).
        scale_by_lr: whether the threshold is ηβλ instead, which falls with the rate (B-02).
        momentum: of the velocity of g + λ·sign θ; the paper uses none.
        lasso_params: "weights" of layers alone, or "all" parameters, biases and batch-norm's with
            the λ of dense layers (B-10).
    """

    lam_conv: NotNegative = Decimal("0.00001")
    lam_fc: NotNegative = Decimal("0.00001")
    beta: NotNegative = Decimal(50)
    threshold: Literal["hard", "soft"] = "hard"
    scale_by_lr: bool = False
    momentum: NotNegative = Decimal(0)
    lasso_params: Literal["weights", "all"] = "weights"

    def build(self, model: nn.Module, coefficients: Mapping[str, torch.Tensor]) -> BetaLassoUpdate:
        return BetaLassoUpdate(self, model, coefficients)

    def lam_of(self, model: nn.Module) -> dict[str, float]:
        """λ by parameter.

        Raises:
            UserError: where a convolution is no ``Conv2d``.
        """
        from benchmarks.models.layers import SPATIAL, WEIGHTED, check_convolutions

        check_convolutions(model)
        everything = self.lasso_params == "all"
        found = dict.fromkeys(dict(model.named_parameters()), float(self.lam_fc) * everything)
        for name, module in model.named_modules():
            if isinstance(module, WEIGHTED):
                lam = self.lam_conv if isinstance(module, SPATIAL) else self.lam_fc
                found[f"{name}.weight".lstrip(".")] = float(lam)
        return found


@dataclass
class Group:
    """Parameters that share λ, with their velocities where there is momentum."""

    lam: float
    parameters: list[torch.Tensor] = field(default_factory=list)
    velocities: list[torch.Tensor] = field(default_factory=list)


class BetaLassoUpdate:
    """See :class:`BetaLassoSGD`; coefficients of quadratic penalties add c∘θ to g."""

    def __init__(
        self, settings: BetaLassoSGD, model: nn.Module, coefficients: Mapping[str, torch.Tensor]
    ) -> None:
        import torch

        named = trained_of(model)
        self.settings = settings
        self.beta, self.momentum = float(settings.beta), float(settings.momentum)
        self.parameters = list(named.values())
        groups: dict[float, Group] = {}
        for name, lam in settings.lam_of(model).items():
            if name not in named:
                continue
            group = groups.setdefault(lam, Group(lam))
            group.parameters.append(named[name])
            if self.momentum:
                group.velocities.append(torch.zeros_like(named[name]))
        self.groups = list(groups.values())
        self._decayed = [
            (named[name], c.to(named[name])) for name, c in coefficients.items() if name in named
        ]

    def step(self, lr: float | torch.Tensor) -> None:
        """One update from the parameters' gradients, which are consumed (set to None)."""
        import torch

        from benchmarks.optimizers.lasso import lasso_step

        with torch.no_grad():
            for parameter, coefficient in self._decayed:
                assert parameter.grad is not None
                parameter.grad.addcmul_(parameter, coefficient)
            for group in self.groups:
                threshold = self.beta * group.lam
                lasso_step(
                    group.parameters,
                    [p.grad for p in group.parameters],  # type: ignore[misc]
                    group.velocities,
                    lr=lr,
                    lam=group.lam,
                    threshold=threshold * lr if self.settings.scale_by_lr else threshold,
                    soft=self.settings.threshold == "soft",
                    momentum=self.momentum,
                )
            for consumed in self.parameters:
                consumed.grad = None

    def state(self) -> dict[str, Any]:
        """The velocities, none without momentum."""
        return {"velocities": [v for group in self.groups for v in group.velocities]}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""
        own = [v for group in self.groups for v in group.velocities]
        for velocity, saved in zip(own, state["velocities"], strict=True):
            velocity.copy_(saved)
