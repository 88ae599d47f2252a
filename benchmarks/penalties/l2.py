"""Plain L2 of groups of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.penalties.quadratic import Quadratic

if TYPE_CHECKING:
    import torch
    from torch import nn


class GroupL2(Quadratic, frozen=True):
    """L2 of some parameters."""

    def covers(self, module: nn.Module, name: str) -> bool:
        """Whether the parameter of that name in its module is penalised."""
        raise NotImplementedError

    def coefficients(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """See :meth:`Quadratic.coefficients`; a scalar a parameter."""
        import torch

        scale = torch.tensor(self.scale, dtype=torch.float64)
        return {
            f"{prefix}.{name}".lstrip("."): scale
            for prefix, module in model.named_modules()
            for name, _ in module.named_parameters(recurse=False)
            if self.covers(module, name)
        }


class DenseL2(GroupL2, tag="dense_l2", frozen=True):
    """L2 of the weights of dense layers."""

    def covers(self, module: nn.Module, name: str) -> bool:
        """See :meth:`GroupL2.covers`."""
        from torch import nn

        return name == "weight" and isinstance(module, nn.Linear)


class PlainL2(GroupL2, tag="l2", frozen=True):
    """L2 of every weight of convolutions of any dimension, locally connected and dense layers, of
    nothing else."""

    def covers(self, module: nn.Module, name: str) -> bool:
        """See :meth:`GroupL2.covers`."""
        from torch.nn.modules.conv import _ConvNd

        from benchmarks.models.layers import WEIGHTED

        return name == "weight" and isinstance(module, (_ConvNd, *WEIGHTED))


class NormBiasL2(GroupL2, tag="norm_bias_l2", frozen=True):
    """L2 of batch-norm's parameters and of all biases, which have none otherwise (L-15, L-51)."""

    def covers(self, module: nn.Module, name: str) -> bool:
        """See :meth:`GroupL2.covers`; nothing where λ is 0."""
        from torch.nn.modules.batchnorm import _BatchNorm

        group = isinstance(module, _BatchNorm) or name.endswith("bias")
        return group and bool(self.weight_decay)
