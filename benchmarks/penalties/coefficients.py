"""From a run's settings to one decay coefficient per weight position of every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.models.branches import StripConv2d
from benchmarks.penalties.locality import factors_for
from benchmarks.penalties.strip import strip_factors

if TYPE_CHECKING:
    from benchmarks.run import Run

CONVENTION_FACTOR = {"sum_sq": 2.0, "half_sum_sq": 1.0}


def decay_coefficients(model: nn.Module, run: Run) -> dict[str, torch.Tensor]:
    """What an update adds to each gradient, per unit of weight: g ← g + c ∘ w.

    Returns a float64 tensor for each regularised parameter, by name: shape (1, 1, kh, kw) for
    convolutions, a scalar for dense layers. Branches that stand in for strips have STRIP-Reg's
    factors besides. Batch-norm parameters and biases have none (L-15), unless the run's
    ``norm_bias_weight_decay`` gives them one (L-51). Under ``l2_convention`` "sum_sq" the loss
    holds λ·Σ r w², whose gradient is 2λ r w; under "half_sum_sq" it is λ r w, as in torch's
    weight_decay (L-03).
    """
    convention = run.l2_convention
    dense = convention if run.dense_l2_convention == "same" else run.dense_l2_convention
    spatial_factor = CONVENTION_FACTOR[convention] * float(run.weight_decay)
    dense_factor = CONVENTION_FACTOR[dense] * float(run.dense_weight_decay)
    coefficients: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            r = factors_for(run, module.kernel_size)  # type: ignore[arg-type]
            if isinstance(module, StripConv2d):
                r = r * strip_factors(module.strip, float(run.strip_eta))
            coefficients[f"{name}.weight"] = (spatial_factor * torch.from_numpy(r))[None, None]
        elif isinstance(module, nn.Linear):
            coefficients[f"{name}.weight"] = torch.tensor(dense_factor, dtype=torch.float64)
    if run.norm_bias_weight_decay:
        factor = CONVENTION_FACTOR[convention] * float(run.norm_bias_weight_decay)
        for name, _ in model.named_parameters():
            coefficients.setdefault(name, torch.tensor(factor, dtype=torch.float64))
    return coefficients


def penalty(model: nn.Module, run: Run) -> torch.Tensor:
    """The regularisation loss itself, eq. 1 over the whole network, as a float64 scalar.

    Training never computes it, it applies the gradient in the update; this is for tests and for
    reporting. Half of c∘w² is λ r w² under either convention's own scale.
    """
    parameters = dict(model.named_parameters())
    terms = [
        0.5 * (coefficient.to(parameters[name].device) * parameters[name].double().square()).sum()
        for name, coefficient in decay_coefficients(model, run).items()
    ]
    return torch.stack(terms).sum()
