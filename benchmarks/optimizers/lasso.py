"""The step of β-LASSO on tensors, and a torch optimiser that takes it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import torch

Number = float | torch.Tensor
Many = Sequence[torch.Tensor]
# A weight with its gradient and, where there is momentum, its velocity.
Row = tuple[torch.Tensor, ...]
# On a CPU so many weights at a time, which stay in the cache from one operation to the next.
BLOCK = 2**15
# From so many weights on, one compiled pass over the memory is worth the seconds of compiling: a
# third of the time of the pass that is not.
COMPILED_FROM = 2**22
# Of fewer weights a tensor, the call costs more than the pass.
COMPILED_TENSOR_FROM = 2**16
# A weight times this is beyond ±1 unless it is 0: cutting it to ±λ gives λ·sign θ in half the time.
HUGE = 3e38


def lasso_step(
    weights: Many,
    gradients: Many,
    velocities: Many = (),
    *,
    lr: Number,
    lam: float,
    threshold: Number,
    soft: bool = False,
    momentum: float = 0.0,
) -> None:
    """u = g + λ·sign θ; with momentum v ← μv + u and u = v; θ ← θ − η·u, then the threshold. In
    place; gradients are left as they are.

    Few weights are moved by torch's operations on lists, many by one compiled pass, where torch can
    compile; both round every sum and product alike.

    Args:
        weights, gradients: of equal shapes, pair by pair, on one device.
        velocities: one for each weight where ``momentum`` is not 0.
        lr: η; a tensor () on the weights' device, or a number.
        threshold: weights smaller than this in magnitude become 0; 0: none does.
        soft: whether the others move towards 0 by as much.
    """
    lists = [weights, gradients, velocities] if momentum else [weights, gradients]
    rows = [_flat(row) for row in zip(*lists, strict=True)]
    rule = Rule(_scalar(lr), lam, _scalar(threshold), soft, momentum)
    if lam and sum(row[0].numel() for row in rows) >= COMPILED_FROM:
        rows = _left_by_compiled(rows, rule)
    if not rows:
        return
    if rows[0][0].is_cuda:
        _move([list(column) for column in zip(*rows, strict=True)], rule)
        return
    small = [row for row in rows if row[0].numel() <= BLOCK]
    if small:
        _move([list(column) for column in zip(*small, strict=True)], rule)
    for row in rows:
        if row[0].numel() > BLOCK:
            for block in zip(*(tensor.split(BLOCK) for tensor in row), strict=True):
                _move([[tensor] for tensor in block], rule)


@dataclass(frozen=True)
class Rule:
    """The settings of a step."""

    lr: Number
    lam: float
    threshold: Number
    soft: bool
    momentum: float


def _scalar(value: Number) -> Number:
    return value.reshape(()) if isinstance(value, torch.Tensor) else value


def _flat(row: Row) -> Row:
    """A weight and what belongs to it in one dimension, where they lie alike in memory."""
    for layout in (torch.contiguous_format, torch.channels_last):
        if all(tensor.is_contiguous(memory_format=layout) for tensor in row):
            return tuple(tensor.as_strided((tensor.numel(),), (1,)) for tensor in row)
    return row


def _move(lists: list[list[torch.Tensor]], rule: Rule) -> None:
    """The step by torch's operations on lists of weights, gradients and velocities."""
    weights, gradients = lists[0], lists[1]
    if rule.lam:
        # λ times a sign is exact, fused or not.
        directions = torch._foreach_add(gradients, torch._foreach_sign(weights), alpha=rule.lam)
    else:
        directions = gradients  # type: ignore[assignment]
    if rule.momentum:
        torch._foreach_mul_(lists[2], rule.momentum)
        torch._foreach_add_(lists[2], directions)
        directions = lists[2]  # type: ignore[assignment]
    torch._foreach_sub_(weights, torch._foreach_mul(directions, rule.lr))
    for weight in weights:
        cut(weight, rule.threshold, rule.soft)


def cut(weight: torch.Tensor, threshold: Number, soft: bool) -> None:
    """Set what is smaller than the threshold in magnitude to 0, in place. What is not a number
    stays so: a diverged network is not to look sparse."""
    kinds = {torch.float32: "float32", torch.float64: "float64"}
    if isinstance(threshold, torch.Tensor) or soft or weight.dtype not in kinds:
        weight.copy_(_cut(weight, threshold, soft))
    elif threshold:
        # hardshrink keeps what is above its bound, so it gets the number before the threshold.
        bounds = np.array([threshold, 0.0], kinds[weight.dtype])
        torch.hardshrink(weight, float(np.nextafter(*bounds)), out=weight)


def _cut(weight: torch.Tensor, threshold: Number, soft: bool) -> torch.Tensor:
    kept = weight - torch.sign(weight) * threshold if soft else weight
    return torch.where(weight.abs() < threshold, 0.0, kept)


def _left_by_compiled(rows: list[Row], rule: Rule) -> list[Row]:
    """Move each row in one compiled pass; returns those that cannot be and have not moved."""
    global _compile_fails

    def number(value: Number) -> torch.Tensor:
        # As tensors, since compiled code has numbers built in.
        return torch.as_tensor(value, dtype=torch.float32, device=rows[0][0].device)

    numbers = [number(value) for value in (rule.lr, rule.lam, rule.threshold, rule.momentum)]
    left = []
    for row in rows:
        if _compile_fails or not _compilable(row):
            left.append(row)
            continue
        try:
            # Of a view, torch would compile for its base's layout too.
            _compiled()(tuple(tensor.data for tensor in row), *numbers, rule.soft)
        except Exception:  # of any compiler that is missing or too old; the row has not moved
            _compile_fails = True
            left.append(row)
        else:
            torch.autograd.graph.increment_version(row[:1] + row[2:])
    return left


def _compilable(row: Row) -> bool:
    """Whether the code that is compiled once for all sizes serves: torch compiles anew for other
    layouts, and soon refuses to."""
    flat = all(tensor.dim() == 1 and tensor.is_contiguous() for tensor in row)
    is_large = row[0].numel() >= COMPILED_TENSOR_FROM
    return flat and is_large and all(t.dtype == torch.float32 for t in row)


_compile_fails = False


@cache
def _compiled() -> Callable[..., None]:
    # Where CUDA's tools are without a device, torch says so each time.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    return torch.compile(_moved, dynamic=True, fullgraph=True)


def _moved(
    row: Row,
    lr: torch.Tensor,
    lam: torch.Tensor,
    threshold: torch.Tensor,
    momentum: torch.Tensor,
    soft: bool,
) -> None:
    weight, gradient = row[0], row[1]
    direction = gradient + torch.clamp(weight * HUGE, -lam, lam)
    if len(row) == 3:
        direction = row[2] * momentum + direction
        row[2].copy_(direction)
    weight.copy_(_cut(weight - direction * lr, threshold, soft))


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
        ValueError: where one of these is negative or not finite, or ``threshold`` unknown.

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
        _check_settings({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict()``.

        Raises:
            ValueError: where it is another optimiser's, or a setting is not allowed.
        """
        for group in state_dict["param_groups"]:
            if lacking := [name for name in self.defaults if name not in group]:
                raise ValueError(f"the state is not of BetaLasso: a group lacks {lacking[0]}")
            _check_settings(group)
        super().load_state_dict(state_dict)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """One update; returns what ``closure``, which computes the loss anew, returns.

        Raises:
            RuntimeError: where a gradient is sparse or complex; nothing has moved then.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for gradient in (p.grad for p in group["params"] if p.grad is not None):
                if gradient.layout != torch.strided or gradient.is_complex():
                    raise RuntimeError("BetaLasso takes no sparse or complex gradients")
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


def _check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ValueError where a group's setting is not allowed."""
    for name in ("lr", "lam", "beta", "momentum"):
        try:
            number = float(settings[name])
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"{name} must be one number, not {settings[name]!r}") from None
        if not 0 <= number < math.inf:
            raise ValueError(f"{name} must be finite and not negative, not {number}")
    if settings["threshold"] not in ("hard", "soft"):
        raise ValueError(f'threshold must be "hard" or "soft", not {settings["threshold"]!r}')
    if not isinstance(settings["scale_by_lr"], bool):
        raise ValueError(f"scale_by_lr must be True or False, not {settings['scale_by_lr']!r}")
