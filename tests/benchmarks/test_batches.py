"""Batches equal their definition bit for bit, however they are assembled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_makers import batches_of, changed, make_run, normalizer_of

from benchmarks.data.crop_flip_on_device import crop
from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.procedures import Train
from benchmarks.randomness import coin_flips, integers, permutation
from benchmarks.run import Run
from benchmarks.training.host_memory import keep_freed_memory, release_pages
from benchmarks.training.placed_splits import ResidentSplit

CPU = torch.device("cpu")


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 200),
    batch_size=st.integers(1, 200),
    last_batch=st.sampled_from(["keep", "drop"]),
    augmentation=st.sampled_from(["flip", "none", "crop_flip"]),
)
def test_batches_equal_their_definition(
    noise: Dataset, seed: int, epoch: int, batch_size: int, last_batch: str, augmentation: str
) -> None:
    run = make_run(
        seed=seed, batch_size=batch_size, last_batch=last_batch, augmentation=augmentation
    )
    size = len(noise.train)
    order = permutation(seed, "order", epoch, size)
    mirrored = coin_flips(seed, "flip", epoch, size) & (augmentation != "none")
    scale = (1 / (255 * noise.std)).astype(np.float32)
    shift = (-noise.mean / noise.std).astype(np.float32)
    split, normalizer = ResidentSplit(noise.train, CPU), normalizer_of(run, noise, CPU)
    batches = list(batches_of(run, split, normalizer, epoch))
    assert len(batches) == (size // batch_size if last_batch == "drop" else -(-size // batch_size))
    for step, (pixels, labels) in enumerate(batches):
        index = order[step * batch_size : (step + 1) * batch_size]
        raw = noise.train.images[index]
        if augmentation == "crop_flip":
            raw = windows(raw, index, seed, epoch, size)
        raw = np.where(mirrored[index, None, None, None], raw[:, :, ::-1], raw)
        expected = raw.astype(np.float32) * scale + shift
        assert np.array_equal(pixels.permute(0, 2, 3, 1).numpy(), expected)
        assert np.array_equal(labels.numpy(), noise.train.labels[index])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**63 - 1), length=st.integers(1, 200), batch_size=st.integers(1, 70))
def test_short_epochs_are_parts_of_passes(
    noise: Dataset, seed: int, length: int, batch_size: int
) -> None:
    """One behind the other they are the passes over all images, flips and windows included."""
    whole = make_run(seed=seed, batch_size=batch_size, augmentation="crop_flip")
    short = changed(whole, epoch_images=length)
    split, normalizer = ResidentSplit(noise.train, CPU), normalizer_of(whole, noise, CPU)

    def seen(run: Run, epochs: int) -> tuple[torch.Tensor, torch.Tensor]:
        found = [b for e in range(epochs) for b in batches_of(run, split, normalizer, e)]
        images, labels = zip(*found, strict=True)
        return torch.cat(images), torch.cat(labels)

    size = len(noise.train)
    epochs = -(-size // length) + 1
    images, labels = seen(short, epochs)
    count = epochs * min(length, size)
    passes, named = seen(whole, -(-count // size))
    assert torch.equal(images, passes[:count])
    assert torch.equal(labels, named[:count])


def test_a_short_epoch_without_an_update_is_refused() -> None:
    with pytest.raises(UserError, match="epoch_images is 8 and a batch 16"):
        Train(epochs=1, batch_size=16, last_batch="drop", epoch_images=8)


def windows(raw: np.ndarray, index: np.ndarray, seed: int, epoch: int, size: int) -> np.ndarray:
    """Each image's window, cut one by one."""
    top = integers(seed, "crop/top", epoch, size, 9)[index]
    left = integers(seed, "crop/left", epoch, size, 9)[index]
    padded = np.pad(raw, ((0, 0), (4, 4), (4, 4), (0, 0)))
    cut = [image[y : y + 32, x : x + 32] for image, y, x in zip(padded, top, left, strict=True)]
    return np.stack(cut)


def test_windows_cover_all_offsets_and_differ_between_epochs() -> None:
    drawn = [integers(3, "crop/top", epoch, 9_000, 9) for epoch in (0, 1)]
    for counts in (np.bincount(offsets, minlength=9) for offsets in drawn):
        assert len(counts) == 9
        assert abs(counts - 1_000).max() < 150  # five standard deviations
    assert not np.array_equal(*drawn)
    assert not np.array_equal(drawn[0], integers(3, "crop/left", 0, 9_000, 9))


def test_the_padding_is_black_before_the_normalisation(noise: Dataset) -> None:
    """As in ACNet's loader: a padded pixel is -1 after "half", not 0."""
    white = torch.full((1, 32, 32, 3), 255, dtype=torch.uint8)
    corner, middle, keep = torch.tensor([0]), torch.tensor([4]), torch.tensor([False])
    pixels = crop(white, corner, middle, keep, 4)
    normalized = normalizer_of(make_run(seed=0, normalization="half"), noise, CPU)(pixels)
    assert (normalized[:, :, :4] == -1).all()
    torch.testing.assert_close(normalized[:, :, 4:], torch.ones(1, 3, 28, 32))


def test_the_middle_window_is_the_image(noise: Dataset) -> None:
    images = torch.from_numpy(np.array(noise.train.images[:8]))
    middle, keep = torch.full((8,), 4), torch.zeros(8, dtype=torch.bool)
    assert torch.equal(crop(images, middle, middle, keep, 4), images)
    assert torch.equal(crop(images, middle, middle, ~keep, 4), images.flip(2))


def test_images_need_not_be_square_or_of_32() -> None:
    images = torch.arange(2 * 5 * 7 * 3).reshape(2, 5, 7, 3).to(torch.uint8)
    mirrored = torch.tensor([False, True])
    found = crop(images, torch.tensor([3, 8]), torch.tensor([5, 0]), mirrored, 4)
    padded = np.pad(images.numpy(), ((0, 0), (4, 4), (4, 4), (0, 0)))
    assert np.array_equal(found[0].numpy(), padded[0, 3:8, 5:12])
    assert np.array_equal(found[1].numpy(), padded[1, 8:13, 0:7][:, ::-1])


def test_a_released_map_still_reads(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    for _ in range(2):
        assert np.array_equal(mapped, images)
        release_pages(mapped)
    release_pages(images)
    assert images.any()


def test_freed_blocks_stay_with_the_process() -> None:
    """A block larger than glibc's default threshold comes from the heap, not from a new mapping."""
    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")
    before = Path("/proc/self/maps").read_text().count("\n")
    blocks = [torch.empty(2_000_000 + index) for index in range(64)]
    assert Path("/proc/self/maps").read_text().count("\n") < before + len(blocks) // 2
    assert len({block.data_ptr() for block in blocks}) == len(blocks)
