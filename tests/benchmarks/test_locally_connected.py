"""Between a convolution and a dense layer, and equal to both where they are the same thing."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from benchmarks.models import LocallyConnected2d
from benchmarks.models.local_product import LEAST_IMAGES

LAYERS = st.fixed_dictionaries(
    {
        "in_channels": st.integers(1, 3),
        "out_channels": st.integers(1, 3),
        "kernel_size": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "input_size": st.tuples(st.integers(4, 7), st.integers(4, 7)),
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "padding": st.tuples(st.integers(0, 2), st.integers(0, 2)),
        "bias": st.booleans(),
    }
)
# The product of few images is taken another way.
COUNTS = st.sampled_from((2, LEAST_IMAGES))


def images_for(layer: LocallyConnected2d, count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (count, layer.in_channels, *layer.input_size)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


@given(LAYERS, COUNTS)
@settings(max_examples=25)
def test_with_shared_weights_it_is_the_convolution(values: dict, count: int) -> None:
    size = values.pop("input_size")
    convolution = nn.Conv2d(**values).double()
    layer = LocallyConnected2d.from_convolution(convolution, size)
    images = images_for(layer, count)
    ours, theirs = layer(images), convolution(images)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(
        *(torch.autograd.grad(maps.square().sum(), images)[0] for maps in (ours, theirs))
    )
    # A shared filter's gradient is the sum of its copies'.
    shared = torch.autograd.grad(convolution(images).square().sum(), convolution.weight)[0]
    apart = torch.autograd.grad(layer(images).square().sum(), layer.weight)[0]
    same = apart.sum(0).view(shared.shape[0], *shared.shape[2:], -1).permute(0, 3, 1, 2)
    torch.testing.assert_close(same, shared)


@given(LAYERS, COUNTS)
@settings(max_examples=25)
def test_it_is_a_dense_layer_with_zeros_outside_the_windows(values: dict, count: int) -> None:
    layer = LocallyConnected2d(**values).double()
    images = images_for(layer, count)
    flat = images.flatten(1) @ as_matrix(layer).T
    expected = flat.view(count, layer.out_channels, *layer.output_size)
    if layer.bias is not None:
        bias = layer.bias.squeeze(1).view(*layer.output_size, -1).permute(2, 0, 1)
        expected = expected + bias
    torch.testing.assert_close(layer(images), expected)


def as_matrix(layer: LocallyConnected2d) -> torch.Tensor:
    """(outputs, inputs) of flattened maps, filled in weight by weight."""
    (height, width), (rows, columns) = layer.output_size, layer.input_size
    shape = (layer.out_channels, height, width, layer.in_channels, rows, columns)
    matrix = torch.zeros(shape, dtype=torch.float64)
    filters = layer.filters().detach()
    kernel = itertools.product(range(layer.kernel_size[0]), range(layer.kernel_size[1]))
    for (i, j), y, x in itertools.product(list(kernel), range(height), range(width)):
        down = y * layer.stride[0] - layer.padding[0] + i
        across = x * layer.stride[1] - layer.padding[1] + j
        if 0 <= down < rows and 0 <= across < columns:
            matrix[:, y, x, :, down, across] = filters[y, x, :, :, i, j]
    return matrix.flatten(3).flatten(0, 2)


def test_many_images_are_differentiated_twice_mapped_over_and_exported() -> None:
    layer = LocallyConnected2d(2, 3, 3, 5, padding=1).double()
    images = images_for(layer, LEAST_IMAGES)
    assert "ImageBesideImage" in str(layer(images).grad_fn.next_functions)

    def slope(batch: torch.Tensor) -> torch.Tensor:
        (found,) = torch.autograd.grad(layer(batch).pow(3).sum(), batch, create_graph=True)
        return torch.autograd.grad(found.square().sum(), batch)[0]

    parts = [slope(part.detach().requires_grad_()) for part in images.split(8)]
    torch.testing.assert_close(slope(images), torch.cat(parts))

    def loss(weights: dict[str, torch.Tensor], image: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(layer, weights, image[None]).square().sum()

    weights = {name: p.detach() for name, p in layer.named_parameters()}
    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, images.detach())
    whole = torch.autograd.grad(layer(images).square().sum(), layer.weight)[0]
    torch.testing.assert_close(each["weight"].sum(0), whole)
    exported = torch.export.export(layer, (images.detach(),)).module()
    torch.testing.assert_close(exported(images), layer(images))


def test_it_computes_in_bfloat16_under_autocast() -> None:
    layer = LocallyConnected2d(3, 8, 3, 8, padding=1)
    images = images_for(layer).detach().float().to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        maps = layer(images)
    assert maps.dtype == torch.bfloat16
    maps.float().square().sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float32
    torch.testing.assert_close(maps.float(), layer(images), rtol=0.05, atol=0.05)


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        LocallyConnected2d(3, 4, 9, 4)
    with pytest.raises(ValueError, match="must have the shape"):
        LocallyConnected2d(3, 4, 3, 8)(torch.zeros(2, 3, 9, 9))
    with pytest.raises(ValueError, match="ungrouped"):
        LocallyConnected2d.from_convolution(nn.Conv2d(4, 4, 3, groups=2), 8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stride", 0), ("kernel_size", 0), ("in_channels", 0), ("out_channels", -1),
        ("padding", -1), ("padding", (1, 1, 1)), ("stride", ()), ("kernel_size", 2.5),
        ("input_size", "8"), ("out_channels", 4.0), ("stride", True),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(name: str, value: object) -> None:
    good = {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "input_size": 8}
    with pytest.raises(ValueError, match=f"^{name} must be"):
        LocallyConnected2d(**{**good, name: value})


def test_an_empty_batch_a_device_and_a_type() -> None:
    layer = LocallyConnected2d(3, 4, 3, 8, device="cpu", dtype=torch.float64)
    maps = layer(images_for(layer, 0))
    assert maps.shape == (0, 4, 6, 6)
    maps.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.count_nonzero() == 0
    assert all(p.dtype == torch.float64 for p in layer.parameters())
    assert LocallyConnected2d(3, 4, 3, 8, device="meta").weight.is_meta
