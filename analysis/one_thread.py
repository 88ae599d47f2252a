"""Searches over few numbers, on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, or in a function that it decorates, BLAS works on the caller's thread alone.

    Its threads wait for each other longer than they work where an optimiser's step takes a few
    numbers: ten times as long in all on a busy machine of two cores, processor time included.
    Results are the same, bit for bit, as long as matrices are too small to be shared out.
    """
    import scipy.optimize  # noqa: F401  its BLAS has to be there to be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
