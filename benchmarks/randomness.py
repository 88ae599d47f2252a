"""Random streams that depend on nothing but a seed, a purpose and a counter.

Every draw of a run comes from a Philox bit generator keyed with
SHA-256(seed, purpose, counter). Only the raw 64-bit stream is used, which NumPy guarantees to be
stable, so that initial weights, orders and flips are the same on every machine and in every
version, and a resumed run needs no generator state.
"""

from __future__ import annotations

import hashlib

import numpy as np


def raw_stream(seed: int, purpose: str, counter: int = 0) -> np.random.Philox:
    """Bit generator for one purpose of one run; ``counter`` is the number of a pass or layer."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{counter}".encode()).digest()
    return np.random.Philox(key=int.from_bytes(digest[:16], "little"))


def permutation(seed: int, purpose: str, counter: int, size: int) -> np.ndarray:
    """Permutation of ``range(size)`` as int64, shape (size,)."""
    keys = raw_stream(seed, purpose, counter).random_raw(size)
    return np.argsort(keys, kind="stable")


def coin_flips(seed: int, purpose: str, counter: int, size: int) -> np.ndarray:
    """Fair coins as booleans, shape (size,)."""
    return (raw_stream(seed, purpose, counter).random_raw(size) >> np.uint64(63)).astype(bool)


def integers(seed: int, purpose: str, counter: int, size: int, bound: int) -> np.ndarray:
    """Whole numbers from 0 to ``bound`` − 1 as int64, shape (size,); each as likely to 2⁻⁶⁰."""
    raw = raw_stream(seed, purpose, counter).random_raw(size)
    return (raw % np.uint64(bound)).astype(np.int64)


def uniforms(stream: np.random.Philox, size: int) -> np.ndarray:
    """Float64 in the open interval (0, 1), shape (size,), 53 random bits each."""
    raw = stream.random_raw(size) >> np.uint64(11)
    return (raw.astype(np.float64) + 0.5) * 2.0**-53


def normals(stream: np.random.Philox, size: int) -> np.ndarray:
    """Standard normal float64, shape (size,), by Box and Muller."""
    half = (size + 1) // 2
    radius = np.sqrt(-2.0 * np.log(uniforms(stream, half)))
    angle = 2.0 * np.pi * uniforms(stream, half)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:size]
