"""Every verdict has a mark and a tone, and quantiles enclose as much as intervals do."""

from __future__ import annotations

import json

import pytest

from analysis.documents.table_cells import TONES
from analysis.statistics.confidence import ALPHA, CONFIDENCE, TAILS
from analysis.verdicts.wording import MARKS, Verdict, marked


def test_every_verdict_has_a_mark_and_a_tone():
    assert set(MARKS) == set(TONES) == set(Verdict)
    assert marked("undecided") == marked(Verdict.UNDECIDED) == "? undecided"


def test_a_verdict_is_written_as_its_word():
    assert (
        json.dumps([Verdict.NOT_REPRODUCED, f"{Verdict.MISSING}"])
        == '["not reproduced", "missing"]'
    )


def test_quantiles_leave_out_what_intervals_leave_out():
    assert TAILS[1] - TAILS[0] == pytest.approx(CONFIDENCE)
    assert pytest.approx(1 - CONFIDENCE) == ALPHA
