"""Plain L2 of groups of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.penalties.term import Quadratic

if TYPE_CHECKING:
    import torch
    from torch import nn


class DenseL2(Quadratic, tag="dense_l2", frozen=True):
    """L2 of the weights of dense layers."""

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; a scalar a layer."""
        from torch import nn

        layers = (m for m in model.named_modules() if isinstance(m[1], nn.Linear))
        return {f"{name}.weight": _scalar(self.scale) for name, _ in layers}


class PlainL2(Quadratic, tag="l2", frozen=True):
    """L2 of every weight of convolutions and dense layers, of nothing else."""

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; a scalar a layer."""
        from torch import nn
        from torch.nn.modules.conv import _ConvNd

        layers = (m for m in model.named_modules() if isinstance(m[1], (_ConvNd, nn.Linear)))
        return {f"{name}.weight": _scalar(self.scale) for name, _ in layers}


class NormBiasL2(Quadratic, tag="norm_bias_l2", frozen=True):
    """L2 of batch-norm's parameters and of all biases, which have none otherwise (L-15, L-51)."""

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; empty where λ is 0."""
        from torch import nn

        if not self.weight_decay:
            return {}
        found: dict[str, torch.Tensor] = {}
        for prefix, module in model.named_modules():
            for name, _ in module.named_parameters(prefix, recurse=False):
                if isinstance(module, nn.modules.batchnorm._BatchNorm) or name.endswith("bias"):
                    found[name] = _scalar(self.scale)
        return found


def _scalar(value: float) -> torch.Tensor:
    import torch

    return torch.tensor(value, dtype=torch.float64)
