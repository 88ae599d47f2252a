"""How fast a CPU of this machine multiplies matrices: what is assumed of training where nothing has
been measured.

``python -m reproduce.running.matrix_products`` prints it in TFLOP/s: a process of its own, so that
the command that asks neither loads NumPy nor changes its threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import cache

from reproduce.store.paths import ROOT

SIDE, SECONDS = 384, 0.2
# Of it, that training a convolutional network is taken to reach: assumed, like those of the named
# devices (devices.toml). Small networks reach less, VGG-10 more.
FRACTION = 0.5
ONE_THREAD = {f"{kind}_NUM_THREADS": "1" for kind in ("OMP", "OPENBLAS", "MKL")}


@cache
def multiplying_rate() -> float:
    """TFLOP/s of float32 matrix products on one thread, the fastest of a fifth of a second's."""
    done = subprocess.run(
        [sys.executable, "-m", "reproduce.running.matrix_products"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        check=True,
    )
    return float(done.stdout)


def _measure() -> float:
    import numpy as np

    matrix = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    fastest, ends = float("inf"), time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < ends or fastest == float("inf"):
        matrix @ matrix
        fastest = min(fastest, time.perf_counter() - began)
    return 2 * SIDE**3 / fastest / 1e12


if __name__ == "__main__":
    print(_measure())
