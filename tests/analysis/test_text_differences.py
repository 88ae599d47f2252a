"""What differs between two versions of a CSV or of LaTeX: by cell, line, or layout."""

from __future__ import annotations

import pytest

from analysis.rendering.text_differences import SHOWN, shortened, text_differences

RUNS = b"""protocol,cell,kind,seed,accuracy
full,plain 1 1,plain,0,0.88
full,plain 1 1,plain,1,0.89
full,"locality 1.6, x",locality,0,0.9
"""


@pytest.mark.parametrize(
    ("stands", "told"),
    [
        (RUNS.replace(b"0.89", b"0.98"), ["plain 1 1, seed 1, accuracy: 0.98 instead of 0.89"]),
        # one seed tells that cell from the others already
        (RUNS.replace(b",0.9\n", b",\n"), ["locality 1.6, x, accuracy: nothing instead of 0.9"]),
        (RUNS.replace(b"kind", b"sort"), ["column 3 is sort instead of kind"]),
        (RUNS.replace(b",accuracy", b""), ["column 5 is nothing instead of accuracy"]),
        (RUNS.replace(b",1,0.89", b""), ["plain 1 1, seed 1: 3 columns instead of 5"]),
        (
            RUNS.replace(b"full,plain 1 1,plain,1,0.89\n", b""),
            ["2 rows instead of 3; they part at plain 1 1, seed 1"],
        ),
        (RUNS + b"full,new,plain,0,1\n", ["4 rows instead of 3"]),
        (RUNS.replace(b"plain,0", b'plain,"0"'), ['line 2: full,plain 1 1,plain,"0",0.88 instead '
         "of full,plain 1 1,plain,0,0.88"]),
        (RUNS.replace(b"\n", b"\r\n"), ["its lines end in CRLF instead of LF"]),
        (
            b"\xef\xbb\xbf" + RUNS.replace(b"0.88", b"0.99").replace(b"\n", b"\r")[:-1],
            [
                "it begins with a byte order mark",
                "its lines end in CR instead of LF",
                "its last line has no end",
                "plain 1 1, seed 0, accuracy: 0.99 instead of 0.88",
            ],
        ),
        (b"", ["its last line has no end", "column 1 is nothing instead of protocol"]),
        (RUNS.replace(b",0.89", b',"0.89'), ["it is no CSV"]),
    ],
)  # fmt: skip
def test_a_csv_is_told_by_cell(stands: bytes, told: list[str]) -> None:
    assert text_differences(stands, RUNS, is_csv=True) == told


def test_other_texts_are_told_by_line() -> None:
    should = b"\\begin{tabular}{lr}\nplain & 88.0 \\\\\n\\end{tabular}\n"
    stands = should.replace(b"88.0", b"98.0")
    assert text_differences(stands, should, is_csv=False) == [
        "line 2: plain & 98.0 \\\\ instead of plain & 88.0 \\\\"
    ]
    assert text_differences(should + b"more\n", should, is_csv=False) == [
        "line 4: more instead of nothing"
    ]
    assert text_differences(should.replace(b"\n", b"\r\n"), should, is_csv=False) == [
        "its lines end in CRLF instead of LF"
    ]


def test_many_are_counted() -> None:
    assert shortened(list("abcdefgh")) == [*"abcdefgh"[:SHOWN], "and 2 more"]
    assert shortened(list("abcdef")) == [*"abcdef"]
