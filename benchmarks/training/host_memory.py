"""The process's memory between steps."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np

# Parameters of glibc's mallopt (malloc.h), and the largest values to ask of it.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER_TRIM = 2**31 - 1
MMAP_THRESHOLDS = (2**30, 2**25)  # older versions of glibc refuse more than 32 MiB


def keep_freed_memory() -> bool:
    """Let the C library keep what a step frees for the next step; True where it agreed.

    By default glibc hands large blocks back to the kernel, and every float32 step then has the same
    activations mapped and zeroed anew: some 11,000 page faults, 8 % of VGG-10's time on the machine
    where this was measured. Where a number lies changes nothing in what it is. Without glibc this
    does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # In this order: a trim threshold alone would leave every large block to mmap.
    return any(mallopt(M_MMAP_THRESHOLD, size) == 1 for size in MMAP_THRESHOLDS) and (
        mallopt(M_TRIM_THRESHOLD, NEVER_TRIM) == 1
    )


def release_pages(array: np.ndarray) -> None:
    """Forget the pages that a memory map has read; they come back from the file when asked for."""
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)
