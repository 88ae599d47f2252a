"""The embedded digits: real images of scikit-learn, a split that nothing can move."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks.data import DATASETS, digits, load
from benchmarks.data.dataset import build, in_canonical_order
from benchmarks.errors import UserError

INFO = DATASETS["digits"]
NOWHERE = Path("/nowhere")


def test_it_is_what_the_register_says() -> None:
    dataset = load("digits", NOWHERE)
    assert dataset.digest == INFO.digest
    assert (len(dataset.train), len(dataset.test)) == INFO.counts == (1_297, 500)
    for split in (dataset.train, dataset.test):
        assert split.images.dtype == np.uint8
        assert split.images.shape[1:] == (32, 32, 3)
        assert split.labels.dtype == np.int64
        ordered = in_canonical_order(split)
        assert np.array_equal(ordered.images, split.images)
        assert np.array_equal(ordered.labels, split.labels)


def test_every_image_of_the_package_is_in_one_of_the_splits() -> None:
    """Decoded back to 8×8 values, the two splits are the package's images with their labels."""
    dataset = load("digits", NOWHERE)
    values, labels = load_digits(return_X_y=True)
    expected = {
        (image.astype(int).tobytes(), label) for image, label in zip(values, labels, strict=True)
    }
    found = []
    for split in (dataset.train, dataset.test):
        small = split.images[:, ::4, ::4, 0].astype(float) * 16 / 255
        grey = np.rint(small).astype(int).reshape(len(split), -1)
        found += [(image.tobytes(), label) for image, label in zip(grey, split.labels, strict=True)]
    assert len(found) == len(set(found)) == 1_797
    assert set(found) == expected


def test_larger_digits_are_the_same_images() -> None:
    info = DATASETS["digits64"]
    large = load("digits64", NOWHERE)
    assert large.digest == info.digest != INFO.digest
    assert (len(large.train), len(large.test)) == info.counts
    small = load("digits", NOWHERE)
    halved = {
        (image[::2, ::2].tobytes(), int(label))
        for split in (large.train, large.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert large.train.images.shape[1:] == (64, 64, 3)
    assert halved == {
        (image.tobytes(), int(label))
        for split in (small.train, small.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }


def test_enlargement() -> None:
    grey = np.arange(64).reshape(1, 64) % 17
    images, labels = digits.enlarge(grey, np.array([3]))
    assert images.shape == (1, 32, 32, 3)
    assert labels.tolist() == [3]
    for row in range(8):
        for column in range(8):
            block = images[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            assert (block == round(int(grey[0, 8 * row + column]) * 255 / 16)).all()


def test_the_split_does_not_depend_on_the_order_of_the_package() -> None:
    values, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    images, shuffled = digits.enlarge(values[order], labels[order])
    splits = digits.split(images, shuffled, INFO.counts[1])
    assert build("digits", INFO.classes, splits).digest == INFO.digest


def test_each_class_has_its_share_of_the_test_images() -> None:
    dataset = load("digits", NOWHERE)
    train, test = np.bincount(dataset.train.labels), np.bincount(dataset.test.labels)
    assert (np.abs(test - (train + test) * 500 / 1_797) < 1).all()


def test_other_images_in_the_package_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = digits._read_package()
    values[17, 20] = 16 - values[17, 20]
    monkeypatch.setattr(digits, "_read_package", lambda: (values, labels))
    with pytest.raises(UserError, match=r"wrong digest .* scikit-learn"):
        load("digits", NOWHERE)


def test_a_package_with_its_file_elsewhere_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert load("digits", NOWHERE).digest == INFO.digest


def test_loading_imports_neither_scikit_learn_nor_torch() -> None:
    code = (
        "import sys; from pathlib import Path; from benchmarks.data import load\n"
        "assert 'numpy' not in sys.modules\n"
        "load('digits', Path('/nowhere'))\n"
        "assert not {'sklearn', 'torch', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
