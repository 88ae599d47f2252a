"""Every operation on batches equals Pillow's, image by image, bit for bit."""

from __future__ import annotations

import collections

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.data.pillow_operations import DEVICE_STAGES, FILL, ONE, Drawn, apply_policy, operate
from benchmarks.data.searched_policies import (
    GEOMETRIC,
    NAMES,
    RANGES,
    Operation,
    constants,
    draw_policy,
    policy,
)


def drawn_for(operations: list[Operation], rows: np.ndarray, spots: np.ndarray) -> Drawn:
    """Rows of the constants of these operations."""
    own = {n: torch.from_numpy(values[rows]) for n, values in constants(operations).items()}
    number, strength = own["number"][:, None], own["strength"][:, None]
    return Drawn(number, strength, own["affine"], torch.from_numpy(spots))


def pillows(image: Image.Image, operation: Operation, sign: int, spot: np.ndarray) -> Image.Image:
    """What the authors' code does with Pillow."""
    name, v = operation.name, operation.strength
    width, height = image.size
    if name in GEOMETRIC:
        v = v * sign
    if name == "Rotate":
        return image.rotate(v)
    affine = {
        "ShearX": (1, v, 0, 0, 1, 0),
        "ShearY": (1, 0, 0, v, 1, 0),
        "TranslateX": (1, 0, v * width, 0, 1, 0),
        "TranslateY": (1, 0, 0, 0, 1, v * height),
    }
    if name in affine:
        return image.transform(image.size, Image.Transform.AFFINE, affine[name])
    if name == "Cutout":
        return cut_out(image, v * width, spot)
    if hasattr(ImageEnhance, name):
        return getattr(ImageEnhance, name)(image).enhance(v)
    plain = {"AutoContrast": ImageOps.autocontrast, "Invert": ImageOps.invert}
    if name in plain:
        return plain[name](image)
    if name == "Equalize":
        return ImageOps.equalize(image)
    if name == "Solarize":
        return ImageOps.solarize(image, v)  # type: ignore[arg-type]
    return ImageOps.posterize(image, int(v))


def cut_out(image: Image.Image, side: float, spot: np.ndarray) -> Image.Image:
    if side <= 0:
        return image
    width, height = image.size
    y, x = spot / ONE * (height, width)
    x0, y0 = int(max(0, x - side / 2)), int(max(0, y - side / 2))
    image = image.copy()
    corners = (x0, y0, min(width, x0 + side), min(height, y0 + side))
    ImageDraw.Draw(image).rectangle(corners, FILL)
    return image


def on_the_device(pixels: torch.Tensor, own: Drawn) -> torch.Tensor:
    """What a device does with the whole batch."""
    for _, stage in DEVICE_STAGES:
        pixels = stage(pixels, own)
    return pixels


def some_images(count: int, height: int, width: int, seed: int) -> np.ndarray:
    """Noise, smooth ramps, few levels, one level: what the tables of levels tell apart."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    ramp = np.linspace(0, 1, height * width * 3).reshape(height, width, 3)
    for index in range(0, count, 4):
        low, high = sorted(random.integers(0, 256, 2))
        images[index] = low + ramp * (high - low)
        images[index + 1] = images[index + 1] // 64 * 64
        if index % 8 == 0:
            images[index + 2] = random.integers(0, 256, 3)
    return images


@pytest.mark.parametrize("name", RANGES)
@given(seed=st.integers(0, 2**32 - 1), side=st.sampled_from([(32, 32), (8, 8), (9, 13)]))
@settings(max_examples=4)
def test_equals_pillow(name: str, seed: int, side: tuple[int, int]) -> None:
    random = np.random.default_rng(seed)
    images = some_images(32, *side, seed)
    low, high = RANGES[name]
    levels = [0.0, 0.5, 1.0, *random.uniform(0, 1, 13)]
    operations = [Operation(name, 1.0, low + level * (high - low)) for level in levels]
    chosen = random.integers(0, len(operations), len(images))
    signs = random.integers(0, 2, len(images))
    spots = random.integers(0, ONE, (len(images), 2), dtype=np.int32)
    own = drawn_for(operations, 1 + 2 * chosen + signs, spots)
    ours = operate(torch.from_numpy(images), own).numpy()
    np.testing.assert_array_equal(ours, on_the_device(torch.from_numpy(images), own).numpy())
    for index, image in enumerate(images):
        sign = 1 - 2 * int(signs[index])
        operation = operations[chosen[index]]
        theirs = pillows(Image.fromarray(image), operation, sign, spots[index])
        np.testing.assert_array_equal(ours[index], np.asarray(theirs), str(operation))


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """64 images with what a published policy has drawn for them."""
    drawn = draw_policy(policy("fa_reduced_cifar10"), 3, 1, 64)
    images = torch.from_numpy(some_images(64, 32, 32, 1))
    return images, {name: torch.from_numpy(rows) for name, rows in drawn.items()}


def test_a_batch_is_treated_as_its_images_one_by_one(
    batch: tuple[torch.Tensor, dict[str, torch.Tensor]],
) -> None:
    images, drawn = batch
    whole = apply_policy(images, drawn)
    for index in range(len(images)):
        one = slice(index, index + 1)
        alone = apply_policy(images[one], {name: rows[one] for name, rows in drawn.items()})
        assert torch.equal(alone, whole[one])
    untouched = (drawn["number"] == 0).all(1)
    assert 0 < untouched.sum() < len(images)
    assert torch.equal(whole[untouched], images[untouched])


def test_no_shape_depends_on_what_was_drawn(
    batch: tuple[torch.Tensor, dict[str, torch.Tensor]],
) -> None:
    """A host read raises for fake tensors, which take a device's way."""
    mode = FakeTensorMode()
    images, drawn = batch
    fake = {name: mode.from_tensor(rows) for name, rows in drawn.items()}
    with mode:
        result = apply_policy(mode.from_tensor(images), fake)
    assert (result.shape, result.dtype) == (images.shape, torch.uint8)


def test_draws_follow_the_policys_probabilities() -> None:
    subs = (
        (Operation("Invert", 0.25, 0.0), Operation("ShearX", 1.0, 0.2)),
        (Operation("Equalize", 0.0, 0.0), Operation("Rotate", 0.5, 10.0)),
    )
    size = 40_000
    drawn = draw_policy(subs, 0, 0, size)
    shares = {
        (place, number): (drawn["number"][:, place] == NAMES.index(number)).mean()
        for place, number in ((0, "Invert"), (0, "Equalize"), (1, "ShearX"), (1, "Rotate"))
    }
    # Five standard errors.
    assert shares[0, "Invert"] == pytest.approx(0.125, abs=0.009)
    assert shares[0, "Equalize"] == 0
    assert shares[1, "ShearX"] == pytest.approx(0.5, abs=0.013)
    assert shares[1, "Rotate"] == pytest.approx(0.25, abs=0.011)
    sheared = drawn["number"][:, 1] == NAMES.index("ShearX")
    assert set(drawn["affine"][sheared, 1, 1]) == {0.2, -0.2}
    assert (drawn["affine"][sheared, 1, 1] > 0).mean() == pytest.approx(0.5, abs=0.018)
    assert drawn["spot"].mean() == pytest.approx(ONE / 2, rel=0.01)
    again = draw_policy(subs, 0, 0, size)
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)
    assert not np.array_equal(drawn["number"], draw_policy(subs, 0, 1, size)["number"])


def test_smoothing_rounds_as_a_division_does() -> None:
    totals = torch.arange(13 * 255 + 1)
    assert torch.equal((totals.float() * (1 / 13) + 0.5).floor().long(), (2 * totals + 13) // 26)


def test_the_published_policies() -> None:
    """493 and 497 sub-policies of two operations, all fifteen among them."""
    for name, size in (("fa_reduced_cifar10", 493), ("fa_reduced_svhn", 497)):
        pairs = policy(name)
        assert len(pairs) == size
        assert {len(pair) for pair in pairs} == {2}
        counts = collections.Counter(operation.name for pair in pairs for operation in pair)
        assert set(counts) == set(RANGES)
        assert all(0 <= operation.probability <= 1 for pair in pairs for operation in pair)
    first, second = policy("fa_reduced_cifar10")[0]
    assert (first.name, first.probability) == ("Contrast", 0.832066)
    assert first.strength == pytest.approx(0.1 + 1.8 * 0.498843)
    assert (second.name, second.probability) == ("TranslateX", 0.418499)
