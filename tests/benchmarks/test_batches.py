"""Batches equal their definition bit for bit, however they are assembled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.config import Run
from benchmarks.datasets.store import Dataset
from benchmarks.randomness import coin_flips, permutation
from benchmarks.training.batches import Normalizer, ResidentSplit, epoch_batches, steps_per_epoch
from benchmarks.training.memory import keep_freed_memory, release_pages

CPU = torch.device("cpu")


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 200),
    batch_size=st.integers(1, 200),
    last_batch=st.sampled_from(["keep", "drop"]),
    augmentation=st.sampled_from(["flip", "none"]),
)
def test_batches_equal_their_definition(
    noise: Dataset, seed: int, epoch: int, batch_size: int, last_batch: str, augmentation: str
) -> None:
    run = Run(seed=seed, batch_size=batch_size, last_batch=last_batch, augmentation=augmentation)
    size = len(noise.train)
    order = permutation(seed, "order", epoch, size)
    mirrored = coin_flips(seed, "flip", epoch, size) & (augmentation == "flip")
    scale = (1 / (255 * noise.std)).astype(np.float32)
    shift = (-noise.mean / noise.std).astype(np.float32)
    split, normalizer = ResidentSplit(noise.train, CPU), Normalizer(run, noise, CPU)
    batches = list(epoch_batches(run, split, normalizer, epoch))
    assert len(batches) == steps_per_epoch(run, size)
    for step, (pixels, labels) in enumerate(batches):
        index = order[step * batch_size : (step + 1) * batch_size]
        raw = noise.train.images[index]
        raw = np.where(mirrored[index, None, None, None], raw[:, :, ::-1], raw)
        expected = raw.astype(np.float32) * scale + shift
        assert np.array_equal(pixels.permute(0, 2, 3, 1).numpy(), expected)
        assert np.array_equal(labels.numpy(), noise.train.labels[index])


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
