"""A convolution whose filters differ from place to place."""

from __future__ import annotations

import math
from numbers import Integral

import torch
from torch import nn

from benchmarks.models.local_product import local_product

Pair = int | tuple[int, int]


class LocallyConnected2d(nn.Module):
    """A convolution without weight sharing: every position of the output has filters of its own.

    Input: (N, in_channels, *input_size). Output: (N, out_channels, *output_size), with
    output_size = ⌊(input_size + 2·padding − kernel_size)/stride⌋ + 1. Where all positions hold the
    same filters it is ``nn.Conv2d``; it is always ``nn.Linear`` on the flattened map whose weights
    outside the windows are zero. Initial weights are those of ``nn.Conv2d``, position by position.

    Computed by :func:`benchmarks.models.local_product.local_product`, under autocast in its type.
    In memory the output is by position or channels last: flatten it by ``flatten`` or ``reshape``,
    not ``view``.

    Args:
        input_size: height and width of the incoming maps in pixels; other sizes are refused.
        device, dtype: of the parameters.

    Raises:
        ValueError: where a number is not a whole one in its range, or the kernel does not fit.

    Attributes:
        weight: (positions, out_channels, kh·kw·in_channels), positions row by row;
            :meth:`filters` gives it as filters.
        bias: (positions, 1, out_channels), or None.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        input_size: Pair,
        *,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = _whole("in_channels", in_channels)
        self.out_channels = _whole("out_channels", out_channels)
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.input_size = _pair("input_size", input_size)
        self.stride, self.padding = _pair("stride", stride), _pair("padding", padding, least=0)
        height, width = (
            (size + 2 * pad - kernel) // step + 1
            for size, pad, kernel, step in zip(
                self.input_size, self.padding, self.kernel_size, self.stride, strict=True
            )
        )
        if height < 1 or width < 1:
            raise ValueError(
                f"a kernel of {self.kernel_size} does not fit maps of {self.input_size} "
                f"padded by {self.padding}"
            )
        self.output_size = (height, width)
        positions, inputs = height * width, self.in_channels * math.prod(self.kernel_size)

        def empty(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape, device=device, dtype=dtype))

        self.weight = empty(positions, self.out_channels, inputs)
        self.bias = empty(positions, 1, self.out_channels) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights and biases uniform in ±1/√fan_in, as ``nn.Conv2d`` has them."""
        bound = 1 / math.sqrt(self.weight.shape[2])
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    @classmethod
    def from_convolution(cls, convolution: nn.Conv2d, input_size: Pair) -> LocallyConnected2d:
        """The layer that computes what an ungrouped, undilated convolution does."""
        if convolution.groups != 1 or convolution.dilation != (1, 1):
            raise ValueError("only an ungrouped, undilated convolution has a local counterpart")
        if isinstance(convolution.padding, str) or convolution.padding_mode != "zeros":
            raise ValueError("give the convolution's padding in pixels of zeros")
        layer = cls(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            input_size,
            stride=convolution.stride,  # type: ignore[arg-type]
            padding=convolution.padding,  # type: ignore[arg-type]
            bias=convolution.bias is not None,
            device=convolution.weight.device,
            dtype=convolution.weight.dtype,
        )
        with torch.no_grad():
            layer.weight.copy_(convolution.weight.permute(0, 2, 3, 1).flatten(1))
            if layer.bias is not None and convolution.bias is not None:
                layer.bias.copy_(convolution.bias)
        return layer

    def filters(self) -> torch.Tensor:
        """The weights as a view (*output_size, out_channels, in_channels, kh, kw)."""
        shape = (*self.output_size, self.out_channels, *self.kernel_size, self.in_channels)
        return self.weight.view(shape).permute(0, 1, 2, 5, 3, 4)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (N, out_channels, *output_size) of maps (N, in_channels, *input_size).

        Raises:
            ValueError: where the maps are of another shape.
        """
        if maps.dim() != 4 or tuple(maps.shape[1:]) != (self.in_channels, *self.input_size):
            expected = ("N", self.in_channels, *self.input_size)
            raise ValueError(f"maps must have the shape {expected}, not {tuple(maps.shape)}")
        products = local_product(maps, self.weight, self.kernel_size, self.stride, self.padding)
        if self.bias is None:
            return products
        bias = self.bias.to(products.dtype).view(*self.output_size, self.out_channels)
        return products + bias.permute(2, 0, 1)

    def extra_repr(self) -> str:
        """The settings, as torch's layers show theirs."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"input_size={self.input_size}, stride={self.stride}, padding={self.padding}, "
            f"bias={self.bias is not None}"
        )


def _whole(name: str, value: int, least: int = 1) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be whole and at least {least}, not {value!r}")
    return int(value)


def _pair(name: str, value: Pair, least: int = 1) -> tuple[int, int]:
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} must be a number or two, not {value!r}")
    return _whole(name, value[0], least), _whole(name, value[1], least)
