"""How fast a CPU of this machine multiplies matrices: what is assumed of training where nothing has
been measured, without loading torch."""

from __future__ import annotations

import time
from functools import cache

SIDE, SECONDS = 384, 0.2
# Of it, that training a convolutional network is taken to reach: assumed, like those of the named
# devices (devices.toml). The small ones reach less, VGG-10 about as much.
FRACTION = 0.5


@cache
def multiplying_rate() -> float:
    """TFLOP/s of float32 matrix products on one thread, the fastest of a fifth of a second's."""
    import numpy as np

    from analysis.one_thread import one_thread

    matrix = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    with one_thread():
        ends = time.perf_counter() + SECONDS
        fastest = float("inf")
        while (began := time.perf_counter()) < ends or fastest == float("inf"):
            matrix @ matrix
            fastest = min(fastest, time.perf_counter() - began)
    return 2 * SIDE**3 / fastest / 1e12
