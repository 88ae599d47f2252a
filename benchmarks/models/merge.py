"""After training: every block of branches becomes one convolution, with its batch-norms inside.

Source: Ding et al., "ACNet" (ICCV 2019), section 3.2; Schneider, "Locality-Promoting Representation
Learning", section III b.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from benchmarks.models.branches import BranchBlock, sum_of_kernels


def merge(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose blocks of branches are single convolutions with a bias.

    Its outputs are those of ``model`` in evaluation mode, up to rounding, and it has the layers of
    the network without branches. A network without blocks comes back as a plain copy; ``model``
    itself is left as it is.
    """
    merged = copy.deepcopy(model).eval()
    for name, module in list(merged.named_modules()):
        if isinstance(module, BranchBlock):
            if not name:
                return merged_convolution(module)
            parent, _, attribute = name.rpartition(".")
            setattr(merged.get_submodule(parent), attribute, merged_convolution(module))
    return merged


def merged_convolution(block: BranchBlock) -> nn.Conv2d:
    """The one convolution, with bias, that a block computes in evaluation mode.

    A batch-norm multiplies by s = γ/√(variance + ε) and adds β − s·mean; both are linear, so a
    branch's kernel times s, added over the branches, is the kernel of the whole. Computed in
    float64, given in the block's own precision.
    """
    kernels = {name: convolution.weight.double() for name, convolution in block.convolutions()}
    if block.shares_norm:
        kernels = {"sum": sum_of_kernels(kernels.values())}
    weights, biases = [], []
    for name, kernel in kernels.items():
        norm = block.norms[name]
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        weights.append(kernel * scale[:, None, None, None])
        biases.append(norm.bias.double() - norm.running_mean.double() * scale)
    return _convolution(block, sum_of_kernels(weights), torch.stack(biases).sum(0))


def _convolution(block: BranchBlock, weight: torch.Tensor, bias: torch.Tensor) -> nn.Conv2d:
    first = next(convolution for _, convolution in block.convolutions())
    result = nn.Conv2d(
        first.in_channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        device=first.weight.device,
        dtype=first.weight.dtype,
    )
    with torch.no_grad():
        result.weight.copy_(weight)
        assert result.bias is not None
        result.bias.copy_(bias)
    return result.eval()
