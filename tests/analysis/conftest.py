"""Fewer simulated replications where a test is not about them: they take nearly all of the time
that a table of many comparisons takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.verdicts import star_agreement


@pytest.fixture(scope="session", autouse=True)
def _few_draws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(star_agreement, "STAR_DRAWS", 200)
        yield
