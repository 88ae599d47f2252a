"""`reproduce show` finds a run by the first digits of its hash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import record_makers

from analysis.tables.about import QUICK_LABEL
from benchmarks.errors import UserError
from reproduce.commands.show import show
from reproduce.store.schema import headline
from reproduce.store.store import Store


def test_by_prefix_in_full_and_quick(tmp_path: Path) -> None:
    full, quick = record_makers.make(1), record_makers.make(2, form="quick")
    Store(tmp_path).records.publish(full)
    Store(tmp_path, "quick").records.publish(quick)
    for record, label in ((full, None), (quick, QUICK_LABEL)):
        text = show(record["hash"][:7], results=tmp_path)
        assert record["hash"] in text
        assert f"{headline(record)[0]} of 10000 correct" in text
        assert len(text.splitlines()) > 20  # epochs
        assert (text.splitlines()[0] == label) == (record is quick)
        assert ("QUICK" in text) == (record is quick)
        shown = json.loads(show(record["hash"], results=tmp_path, as_json=True))
        assert (shown["form"], shown.get("label")) == (record["form"], label)


def test_json_is_the_record(tmp_path: Path) -> None:
    record = record_makers.make(1)
    Store(tmp_path).records.publish(record)
    text = show(record["hash"], results=tmp_path, as_json=True)
    assert json.loads(text)["result"] == record["result"]


def test_committed_runs_are_found(tmp_path: Path) -> None:
    record = record_makers.make(5)
    store = Store(tmp_path)
    store.committed.write("locality-table3", [record])
    assert record["hash"] in show(record["hash"][:5], results=tmp_path, as_json=False)


def test_ambiguous_unknown_and_malformed(tmp_path: Path) -> None:
    for seed in range(40):
        Store(tmp_path).records.publish(record_makers.make(seed))
    names = [record_makers.make(seed)["hash"] for seed in range(40)]
    doubled = next(n[0] for n in names if sum(m[0] == n[0] for m in names) > 1)
    with pytest.raises(UserError, match="fits"):
        show(doubled, results=tmp_path)
    unknown = next(f"{i:04x}" for i in range(65536) if not any(n[:4] == f"{i:04x}" for n in names))
    with pytest.raises(UserError, match="no finished run"):
        show(unknown, results=tmp_path)
    for malformed in ("", "../etc", "XYZ", "0" * 17):
        with pytest.raises(UserError, match="is no run"):
            show(malformed, results=tmp_path)
