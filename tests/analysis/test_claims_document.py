"""Sentences side by side: by print, by reduced runs, by full runs."""

from __future__ import annotations

import pytest

from analysis.documents.blocks import Grid
from analysis.documents.claims_document import Judged, by_print, claims_document
from analysis.tables.results import ClaimResult


def claim(name: str = "a", **changes: str) -> ClaimResult:
    values = {
        "text": f"sentence {name}",
        "where": "section 1",
        "stated": "3 of 3",
        "printed": "3 of 3",
        "ours": "",
        "interval": "",
        "chance": "–",
        "verdict": "not decidable",
        **changes,
    }
    return ClaimResult(claim=name, **values)


@pytest.mark.parametrize(
    ("printed", "stated", "verdict"),
    [
        ("3 of 3", "3 of 3", "confirmed"),
        ("34 of 36", "30 of 36", "confirmed"),
        ("2 of 3", "3 of 3", "contradicted"),
        ("–", "3 of 3", ""),
        ("2 of 2", "3 of 3", ""),
        ("mean +0.26", "0.05 to 0.72", ""),
        ("mean +0.26 (+0.05 to +0.72)", "0.05 to 0.72", "confirmed"),
        ("mean +0.26 (−0.05 to +0.72)", "0.05 to 0.72", "contradicted"),
    ],
)
def test_by_print(printed: str, stated: str, verdict: str) -> None:
    assert by_print(claim(printed=printed, stated=stated)) == verdict


def test_a_shorter_form_stands_beside_its_own_claim_alone() -> None:
    full = Judged("p/table1", "full", (claim("a"), claim("b")), 0, 45)
    told = claim("b", ours="2 of 2", interval="[2, 2]", verdict="confirmed")
    reduced = Judged("p/table1", "reduced", (told,), 30, 60)
    other = Judged("q/table1", "full", (claim("b", verdict="undecided"),), 45, 45)
    document = claims_document([full, reduced, other])
    (grid,) = (block for block in document.blocks if isinstance(block, Grid))
    texts = [[cell.text for cell in row.cells[4:]] for row in grid.rows]
    assert texts == [["–", "–"], ["confirmed", "–"], ["–", "undecided"]]
    cell = grid.rows[1].cells[4]
    assert (cell.detail, cell.count) == ("2 of 2 [2, 2]", "30/60 runs")
    assert document.lines == (
        "by printed numbers: 3 confirmed, of 3",
        "by reduced runs: 1 confirmed, of 3",
        "by full runs: 1 undecided, of 3",
    )
