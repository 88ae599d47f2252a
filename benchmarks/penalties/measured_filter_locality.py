"""How local a network's first filters are: a term that penalises nothing and measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.parts import Count
from benchmarks.penalties.term import Attached, Term

if TYPE_CHECKING:
    import torch
    from torch import nn

CHUNK = 2048  # filters that are looked at at once


class FilterLocality(Term, tag="filter_locality", frozen=True):
    """Measures the share of each first filter's ℓ1 mass in its best window, and changes nothing.

    A filter is what a unit or channel of the first layer with weights does with the image's pixels;
    its mass at a pixel is Σ|w| over the colour channels. 1 is a filter that fits the window, a
    dense one whose weights are all alike has window²/side².

    Measurements: "filter locality", the mean over the filters that have enough weights, 0 where
    none has; "filters counted", how many have them.

    Attributes:
        window: side of the window in pixels.
        least: filters with fewer weights that are not 0 are left out.
    """

    window: Count = 9
    least: Count = 20

    def attach(self, model: nn.Module) -> Attached:
        return FirstFilters(model, self)


class FirstFilters(Attached):
    """See :class:`FilterLocality`."""

    def __init__(self, model: nn.Module, settings: FilterLocality) -> None:
        from benchmarks.models.layers import WEIGHTED, check_convolutions

        super().__init__(model)
        check_convolutions(model)
        self.settings = settings
        self.layer = next(module for module in model.modules() if isinstance(module, WEIGHTED))

    def measurements(self) -> dict[str, Any]:
        """See :meth:`Attached.measurements`."""
        import torch

        filters = first_filters(self.layer.state_dict()["weight"], _side(self.layer))
        shares, counted = [], []
        for chunk in filters.split(CHUNK):
            shares.append(window_share(chunk, self.settings.window))
            counted.append(chunk.flatten(1).count_nonzero(1) >= self.settings.least)
        share, enough = torch.cat(shares).double(), torch.cat(counted)
        number = int(enough.sum())
        mean = float((share * enough).sum()) / number if number else 0.0
        return {
            "filter locality": mean,
            "filters counted": {"count": number, "of": len(enough)},
        }


def _side(layer: nn.Module) -> int:
    """Of a locally connected layer's filters."""
    return getattr(layer, "kernel_size", (0,))[0]


def first_filters(weight: torch.Tensor, kernel: int = 0) -> torch.Tensor:
    """The filters (N, 3, height, width) of a first layer's weight.

    Args:
        weight: of a convolution (N, 3, k, k), a dense layer (N, 3·side²), or a locally connected
            layer (positions, channels, k·k·3), see
            :class:`benchmarks.models.locally_connected.LocallyConnected2d`.
        kernel: k of a locally connected layer.
    """
    if weight.dim() == 3:
        return weight.reshape(-1, kernel, kernel, 3).permute(0, 3, 1, 2)
    if weight.dim() == 2:
        side = round((weight.shape[1] / 3) ** 0.5)
        return weight.reshape(-1, 3, side, side)
    return weight


def window_share(filters: torch.Tensor, window: int) -> torch.Tensor:
    """The share of each filter's ℓ1 mass in its best ``window``×``window`` pixels, (N,); 0 for a
    filter of zeros.

    Args:
        filters: (N, channels, height, width).
    """
    from torch.nn import functional

    mass = filters.float().abs().sum(1, keepdim=True)
    total = mass.flatten(1).sum(1)
    size = [min(window, length) for length in mass.shape[2:]]
    sums = functional.avg_pool2d(mass, size, stride=1) * (size[0] * size[1])
    # Sums of the same weights in another order may exceed the total by their rounding.
    return (sums.flatten(1).amax(1) / total.clamp(min=1e-30)).clamp(max=1)
