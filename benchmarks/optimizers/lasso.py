"""The step of β-LASSO on tensors, and a torch optimiser that takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import torch

Number = float | torch.Tensor


def lasso_step(
    weights: Sequence[torch.Tensor],
    gradients: Sequence[torch.Tensor],
    velocities: Sequence[torch.Tensor] = (),
    *,
    lr: Number,
    lam: float,
    threshold: Number,
    soft: bool = False,
    momentum: float = 0.0,
) -> None:
    """u = g + λ·sign θ; with momentum v ← μv + u and u = v; θ ← θ − η·u, then the threshold. In
    place; gradients are left as they are.

    Args:
        weights, gradients: of equal shapes, pair by pair.
        velocities: one for each weight where ``momentum`` is not 0.
        lr: η; a tensor () on the weights' device, or a number.
        threshold: weights smaller than this in magnitude become 0; 0: none does.
        soft: whether the others move towards 0 by as much.
    """
    for index, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        direction = torch.sign(weight).mul_(lam).add_(gradient) if lam else gradient
        if momentum:
            direction = velocities[index].mul_(momentum).add_(direction)
        if isinstance(lr, torch.Tensor):
            weight.sub_(direction * lr)
        else:
            weight.sub_(direction, alpha=lr)
        cut(weight, threshold, soft)


def cut(weight: torch.Tensor, threshold: Number, soft: bool) -> None:
    """Set what is smaller than the threshold in magnitude to 0, in place. What is not a number
    stays so: a diverged network is not to look sparse."""
    if not isinstance(threshold, torch.Tensor):
        if not threshold:
            return
        threshold = torch.full((), threshold, dtype=weight.dtype, device=weight.device)
    magnitude = weight.abs()
    small = magnitude < threshold
    if soft:
        weight.copy_(torch.sign(weight).mul_(magnitude.sub_(threshold)))
    weight.masked_fill_(small, 0.0)


class BetaLasso(torch.optim.Optimizer):
    """β-LASSO for any network: θ ← θ − η(g + λ·sign θ), then 0 for every weight below βλ.

    Source: Neyshabur, "Towards Learning Convolutions from Scratch", Algorithm 1. Groups of
    parameters may each have ``lam``, ``beta`` and ``threshold``; batch-norm and biases should have
    ``lam=0``, which is plain SGD. Learning-rate schedulers and ``torch.amp.GradScaler`` work as
    with torch's own optimisers.

    Args:
        params: parameters, or groups of them.
        lr: η.
        lam: λ, what multiplies the sign of a weight.
        beta: β; the threshold is βλ. 0: nothing is set to 0.
        threshold: "hard" keeps a weight that is not below the threshold, "soft" shrinks it by it.
        scale_by_lr: whether the threshold is ηβλ.
        momentum: μ of v ← μv + g + λ·sign θ; 0: none.

    Raises:
        ValueError: where one of these is negative, or ``threshold`` unknown.

    Example:
        >>> import torch
        >>> from benchmarks.optimizers import BetaLasso
        >>> torch.manual_seed(0)  # doctest: +ELLIPSIS
        <torch...>
        >>> layer = torch.nn.Linear(100, 1)
        >>> groups = [{"params": [layer.weight], "lam": 2e-3}, {"params": [layer.bias]}]
        >>> optimizer = BetaLasso(groups, lr=0.1, lam=0.0, beta=20)
        >>> inputs = torch.randn(512, 100)
        >>> for _ in range(100):
        ...     optimizer.zero_grad()
        ...     loss = (layer(inputs).squeeze(1) - inputs[:, :5].sum(1)).square().mean()
        ...     loss.backward()
        ...     optimizer.step()
        >>> layer.weight.count_nonzero().item()
        5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | torch.Tensor = 0.1,
        *,
        lam: float = 1e-5,
        beta: float = 50.0,
        threshold: Literal["hard", "soft"] = "hard",
        scale_by_lr: bool = False,
        momentum: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "lam": lam,
            "beta": beta,
            "threshold": threshold,
            "scale_by_lr": scale_by_lr,
            "momentum": momentum,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group; see the class.

        Raises:
            ValueError: as the class.
        """
        settings = {**self.defaults, **param_group}
        for name in ("lr", "lam", "beta", "momentum"):
            if settings[name] < 0:
                raise ValueError(f"{name} must not be negative, not {settings[name]}")
        if settings["threshold"] not in ("hard", "soft"):
            raise ValueError(f'threshold must be "hard" or "soft", not {settings["threshold"]!r}')
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """One update; returns what ``closure``, which computes the loss anew, returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.grad is not None]
            threshold = group["beta"] * group["lam"]
            lasso_step(
                weights,
                [p.grad for p in weights],
                [self._velocity(p) for p in weights] if group["momentum"] else (),
                lr=group["lr"],
                lam=group["lam"],
                threshold=threshold * group["lr"] if group["scale_by_lr"] else threshold,
                soft=group["threshold"] == "soft",
                momentum=group["momentum"],
            )
        return loss

    def _velocity(self, parameter: torch.Tensor) -> torch.Tensor:
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        return state["velocity"]
