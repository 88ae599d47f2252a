"""Every verdict has a mark and a tone, and quantiles enclose as much as intervals do."""

from __future__ import annotations

from typing import get_args

import pytest

from analysis.documents.claims_document import VERDICTS
from analysis.documents.table_cells import TONES
from analysis.statistics.confidence import ALPHA, CONFIDENCE, TAILS
from analysis.verdicts.wording import MARKS, Effect, Level, marked


def test_every_verdict_has_a_mark_and_a_tone():
    assert set(MARKS) == set(TONES) == {*get_args(Level), *get_args(Effect), *VERDICTS}
    assert marked("undecided") == "? undecided"


def test_quantiles_leave_out_what_intervals_leave_out():
    assert TAILS[1] - TAILS[0] == pytest.approx(CONFIDENCE)
    assert pytest.approx(1 - CONFIDENCE) == ALPHA
