"""Names of variants: each can be read back, whatever stands in a value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.errors import UserError
from reproduce.catalogue import readings
from reproduce.catalogue.papers import papers
from reproduce.catalogue.selection import select, select_variant

ODD = [  # values that a folder's name or a list of parts could not hold as they are
    (paper.name, reading, value)
    for paper in papers()
    for reading in readings.load(paper.name)
    for value in reading.alternatives
    if reading.option and re.search(r"[^\w.-]", value)
]


def test_there_are_odd_values() -> None:
    assert {mark for _, _, value in ODD for mark in re.findall(r"[^\w.-]", value)} >= {",", "/"}


@pytest.mark.parametrize(("paper", "reading", "value"), ODD)
def test_a_variants_name_is_read_back(
    paper: str, reading: readings.Reading, value: str, tmp_path: Path
) -> None:
    chosen = [f"{reading.option}={value}"]
    found = []
    for table in reading.tables:
        try:
            found.append(select(f"{paper}/{table}", readings=chosen, results=tmp_path))
        except UserError:  # computed at once, or of no cell of the full form
            continue
        break
    for selection in found:
        store, name = selection.store, selection.variant
        store.report(selection.table.id, name).mkdir(parents=True)
        assert store.variants(selection.table.id) == [name]
        again = select_variant(selection.table.id, store, name)
        assert again.differing == selection.differing
        assert dict(again.overrides) == dict(selection.overrides)
    assert found or reading.knob


def test_a_folder_of_unknown_readings_is_named(tmp_path: Path) -> None:
    selection = select("table3", form="reduced", results=tmp_path)
    with pytest.raises(UserError, match=r"variants/nosuch=1/locality/table3 is of readings .*move"):
        select_variant("locality/table3", selection.store, "nosuch=1")
