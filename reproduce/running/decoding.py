"""How fast this machine decodes photographs, measured on made ones: no data set is needed."""

from __future__ import annotations

import io
import os
import time
from functools import cache

# A usual photograph of ILSVRC 2012: 500×375 pixels and some 110 KB.
WIDTH, HEIGHT, QUALITY = 500, 375, 95
SECONDS = 1.0


def photograph(seed: int) -> bytes:
    """A JPEG file of the usual size, whose content costs a decoder about what a photograph does."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grain = random.normal(0, 9, (HEIGHT, WIDTH, 3))
    pixels = (np.asarray(picture) + grain).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


@cache
def decoding_rate() -> tuple[float, int]:
    """Images a second that one CPU decodes and squashes to 256×256, measured for a second, and how
    many CPUs this process may use."""
    from benchmarks.data.pictures import squashed

    content = photograph(0)
    squashed(io.BytesIO(content), "a photograph", 256)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        squashed(io.BytesIO(content), "a photograph", 256)
        count += 1
    return count / (time.perf_counter() - began), len(os.sched_getaffinity(0))
