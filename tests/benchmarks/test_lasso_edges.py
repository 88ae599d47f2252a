"""What the optimiser does with odd layouts, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks.optimizers import BetaLasso, lasso


def test_a_step_ends_where_one_weight_cannot_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled code gets one layout, and a row that it refuses is moved all the same."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(), (0,), (1,), (7,), (4, 1, 1, 1), (5, 6), (2, 3, 4), (8, 4, 3, 3)]
    starts = [torch.randn(shape, generator=generator) for shape in shapes]
    starts += [torch.randn(6, 5).T, torch.randn(4, 8, 3, 3).to(memory_format=torch.channels_last)]
    starts += [torch.randn(20)[::2], torch.randn(9).bfloat16()]
    seen: list[torch.Tensor] = []

    def compiled(row: tuple[torch.Tensor, ...], *numbers: Any) -> None:
        seen.extend(row)
        if len(seen) > 12:
            raise RuntimeError("recompile limit")
        lasso._moved(row, *numbers)

    def moved(lr: float | torch.Tensor) -> list[nn.Parameter]:
        parameters = [nn.Parameter(start.clone()) for start in starts]
        parameters[-2] = nn.Parameter(starts[-2].repeat(2)[::2])
        for parameter in parameters:
            parameter.grad = torch.ones_like(parameter)
        BetaLasso(parameters, lr=lr, lam=1e-3, momentum=0.9).step()
        return parameters

    expected = moved(0.1)
    monkeypatch.setattr(lasso, "COMPILED_FROM", 1)
    monkeypatch.setattr(lasso, "COMPILED_TENSOR_FROM", 2)
    monkeypatch.setattr(lasso, "_compile_fails", False)
    monkeypatch.setattr(lasso, "_compiled", lambda: compiled)
    assert all(map(torch.equal, moved(torch.tensor([0.1])), expected))
    assert lasso._compile_fails
    assert all(t.stride() == (1,) and t.numel() > 1 and t._base is None for t in seen)


@pytest.mark.parametrize("name", ["lr", "lam", "beta", "momentum"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, torch.ones(2), "much"])
def test_bad_numbers_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        BetaLasso([nn.Parameter(torch.zeros(2))], **{name: value})


@pytest.mark.parametrize("kind", ["sparse", "complex"])
def test_gradients_that_it_cannot_take_move_nothing(kind: str) -> None:
    first = nn.Parameter(torch.ones(2))
    first.grad = torch.ones(2)
    second = nn.Parameter(torch.ones(2, dtype=torch.complex64 if kind == "complex" else None))
    second.grad = second.detach().clone() if kind == "complex" else torch.ones(2).to_sparse()
    with pytest.raises(RuntimeError, match="no sparse or complex gradients"):
        BetaLasso([first, second]).step()
    assert first.tolist() == [1, 1]


def test_states_of_others_and_settings_that_cannot_be_are_not_loaded() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = BetaLasso([weight], lr=0.1)
    with pytest.raises(ValueError, match="not of BetaLasso: a group lacks lam"):
        optimizer.load_state_dict(torch.optim.SGD([weight], lr=0.1).state_dict())
    state = optimizer.state_dict()
    state["param_groups"][0]["lam"] = -1.0
    with pytest.raises(ValueError, match="lam must be finite and not negative"):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lam"] == 1e-5
