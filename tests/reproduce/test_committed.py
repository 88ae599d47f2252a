"""Committed runs: what a CSV keeps of a record, and what a broken one says."""

from __future__ import annotations

import csv
import io
import multiprocessing
import time
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from record_makers import PROVENANCE, SITTING, make
from run_makers import make_run

from benchmarks.errors import UserError
from benchmarks.run import from_canonical
from reproduce.commands.status import status_of
from reproduce.store import atomic, schema
from reproduce.store import committed as measured
from reproduce.store.planned_run import PlannedRun
from reproduce.store.provenance import from_laboratory
from reproduce.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def without_host(record: Any) -> Any:
    """What a CSV keeps."""
    made_by = {**record["provenance"], "host": None}
    made_by["sittings"] = [
        {k: v for k, v in s.items() if k in measured.SITTING_KEYS} for s in made_by["sittings"]
    ]
    return schema.seal({**record, "provenance": made_by})


def test_round_trip(store: Store) -> None:
    made = [make(seed, gamma=gamma) for gamma in ("1", "1.6") for seed in (10, 2)]
    store.committed.write("table3", made)
    assert store.committed.read_all() == {r["hash"]: without_host(r) for r in made}
    assert store.committed.names() == {r["hash"]: "" for r in made}


def test_a_column_of_laboratories_only_where_there_are_others(store: Store) -> None:
    path = store.committed.write("table3", [make(1)])
    assert tuple(path.read_text().partition("\n")[0].split(",")) == measured.COLUMNS
    store.committed.write("table3", [from_laboratory(make(2), "Lab 7")])
    assert tuple(path.read_text().partition("\n")[0].split(",")) == measured.WITH_LABORATORY
    named = {
        record["run"]["seed"]: record["provenance"].get("laboratory")
        for record in store.committed.read_all().values()
    }
    assert named == {1: None, 2: "Lab 7"}
    edit = path.read_text().replace("Lab 7", "Lab 8")
    path.write_text(edit)
    with pytest.raises(UserError, match="edited"):
        store.committed.read_all()


def test_no_host_is_committed(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    store.committed.write(path.stem, [make(1)])
    assert PROVENANCE["host"] == SITTING["host"]
    assert PROVENANCE["host"] not in path.read_text()


def test_rows_are_sorted_by_configuration_then_seed(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    made = [make(seed, gamma=gamma) for seed in (10, 9, 2) for gamma in ("1.6", "1")]
    for record in made:
        store.committed.write(path.stem, [record])
    runs = [row.record["run"] for row in measured.read_file(path).values()]
    assert [run["seed"] for run in runs] == [2, 9, 10, 2, 9, 10]
    assert len({run["objective"]["penalties"][0]["gamma"] for run in runs[:3]}) == 1
    other = store.committed.folder / "at_once.csv"
    store.committed.write(other.stem, reversed(made))
    assert other.read_bytes() == path.read_bytes()


def test_rows_stay_as_they_are(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    store.committed.write(path.stem, [make(1), make(3)])
    before = path.read_text().splitlines()
    again = schema.seal({**make(1), "provenance": {**PROVENANCE, "executor": "slurm"}})
    store.committed.write(path.stem, [again, make(2)])
    after = path.read_text().splitlines()
    assert [line for line in after if line in before] == before
    assert len(after) == 4


def test_nothing_is_written_where_contents_differ(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    store.committed.write(path.stem, [make(1, correct=10)])
    before = path.read_bytes()
    with pytest.raises(UserError, match=rf"two contents: {path}:2 and the new record"):
        store.committed.write(path.stem, [make(2), make(1, correct=11)])
    assert path.read_bytes() == before


def test_quick_runs_are_not_committed(store: Store) -> None:
    with pytest.raises(ValueError, match="quick"):
        store.committed.write("table3", [make(1, form="quick")])
    assert not store.committed.folder.exists()


def test_two_files_may_share_a_run_but_not_disagree(store: Store) -> None:
    first, second = store.committed.folder / "a.csv", store.committed.folder / "b.csv"
    store.committed.write(first.stem, [make(1, correct=10), make(2)])
    store.committed.write(second.stem, [make(2)])
    assert len(store.committed.read_all()) == 2
    store.committed.write(second.stem, [make(1, correct=11)])
    with pytest.raises(UserError, match=rf"{first}:\d and {second}:\d"):
        store.committed.read_all()


def test_one_file_may_not_disagree_with_itself(store: Store) -> None:
    path = store.committed.folder / "a.csv"
    rows = [measured.flatten(make(1, correct=count)) for count in (10, 11)]
    write_rows(path, rows)
    with pytest.raises(UserError, match=rf"{path}:2 and {path}:3"):
        store.committed.read_all()


FAULTS = {
    "a count that is no number": {"measurements": '{"test accuracy":{"count":"many","of":9}}'},
    "no measurements": {"measurements": ""},
    "a better count": {"measurements": '{"test accuracy":{"count":9999,"of":10000}}'},
    "no headline": {"measurements": "{}"},
    "a curve cut short": {"curves": '{"training loss":[[1,2.3],[2,1.9'},
    "a curve of triples": {"curves": '{"training loss":[[1,2.3,0]]}'},
    "a curve of none": {"curves": '{"training loss":[]}'},
    "a form that is none": {"form": "slow"},
    "another hash": {"hash": "0123456789abcdef"},
    "a run that is no run": {"run": "{}"},
    "a run of no sense": {"run": "null"},
    "another seed": {"run": '{"seed":7}'},
    "a verdict that is none": {"diverged": "perhaps"},
    "sittings that are none": {"sittings": "[1]"},
    "a wall time that is none": {"wall_seconds": "long"},
    "not a number": {"curves": '{"training loss":[[1,NaN]]}'},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_row_is_named(store: Store, fault: str) -> None:
    path = store.committed.folder / "table3.csv"
    rows = [measured.flatten(make(seed)) for seed in range(3)]
    rows[1].update(FAULTS[fault])
    write_rows(path, rows)
    before = path.read_bytes()
    for act in (
        lambda: store.committed.read_all(),
        lambda: store.committed.write(path.stem, [make(9)]),
    ):
        with pytest.raises(UserError) as error:
            act()
        assert str(error.value).startswith(f"{path}:3: ")
        assert str(error.value).endswith(f"restore it from git (`git checkout -- {path}`)")
        assert "\n" not in str(error.value)
    assert path.read_bytes() == before


# Whole in themselves: nothing but the checksum tells them from what was committed.
EDITS = {
    "losses": {"curves": '{"correct test images":[[2,10]],"training loss":[[1,0.5],[2,0.25]]}'},
    "speed": {"images_per_second": "900.0"},
    "time": {"wall_seconds": "1.0"},
    "machine": {"device_name": "A faster CPU"},
    "version": {"torch": "2.16.0"},
    "commit": {"commit": "f" * 40},
    "dirty": {"dirty": ""},
    "sittings": {"sittings": "[]"},
    "former": {"former": "0123456789abcdef"},
    "checksum": {"checksum": "0" * 64},
    "no checksum": {"checksum": ""},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_row_is_named(store: Store, edit: str) -> None:
    path = store.committed.folder / "table3.csv"
    rows = [measured.flatten(make(seed, epochs=2, correct=10)) for seed in range(3)]
    write_rows(path, rows)
    assert len(store.committed.read_all()) == 3
    rows[1].update(EDITS[edit])
    write_rows(path, rows)
    with pytest.raises(UserError, match=rf"^{path}:3: the checksum does not fit.*git checkout"):
        store.committed.read_all()


def test_a_run_of_another_form_is_named(store: Store) -> None:
    """No checksum is over the form, which is that of the folder."""
    path = store.committed.folder / "table3.csv"
    rows = [measured.flatten(make(seed)) for seed in range(3)]
    rows[1]["form"] = "reduced"
    write_rows(path, rows)
    assert store.committed.readable() == {}
    for act in (store.committed.read_all, lambda: store.committed.write(path.stem, [make(9)])):
        with pytest.raises(UserError, match=rf"^{path}:3: a reduced run among the full .* git "):
            act()
    with pytest.raises(ValueError, match="reduced"):
        store.committed.write("other", [make(1, form="reduced")])


def test_an_edited_count_is_noticed_however_consistent(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    row = measured.flatten(make(1, epochs=2, correct=10))
    better = measured.flatten(make(1, epochs=2, correct=9_999))
    write_rows(path, [{**better, "checksum": row["checksum"]}])
    with pytest.raises(UserError, match=rf"^{path}:2: the checksum does not fit"):
        store.committed.read_all()


@pytest.mark.parametrize("cut", ["columns", "header", "bytes", "quote"])
def test_a_malformed_file_is_named(store: Store, cut: str) -> None:
    path = store.committed.folder / "table3.csv"
    store.committed.write(path.stem, [make(1), make(2)])
    lines = path.read_text().splitlines()
    versions = {
        "columns": "\n".join([*lines[:2], lines[2].rpartition(",")[0][:40]]).encode(),
        "header": "\n".join(["hash,colour", *lines[1:]]).encode(),
        "bytes": path.read_bytes() + b"\xff\xfe\n",
        "quote": "\n".join([*lines[:2], lines[2][:-3]]).encode(),
    }
    path.write_bytes(versions[cut])
    with pytest.raises(UserError, match=rf"^{path}:\d: "):
        store.committed.read_all()
    store.committed.names()  # which status asks, and which does not judge


@pytest.mark.parametrize("damage", ["a row cut short", "no text", "columns"])
def test_a_damaged_file_stops_its_own_runs_alone(store: Store, damage: str) -> None:
    mine, others = make(1), make(2)
    store.committed.write("table3", [mine])
    path = store.committed.folder / "table4.csv"
    store.committed.write(path.stem, [others])
    text = path.read_bytes()
    broken = {
        "a row cut short": text[:-80],
        "no text": text + b"\xff\xfe\n",
        "columns": text.replace(b"hash,", b"hush,", 1),
    }
    path.write_bytes(broken[damage])
    assert store.records.collect([mine["hash"]]).keys() == {mine["hash"]}
    assert status_of([PlannedRun("a", from_canonical(mine["run"]))], store).complete
    for act in (
        lambda: store.records.collect([mine["hash"], others["hash"]]),
        lambda: status_of([PlannedRun("b", from_canonical(others["run"]))], store),
        lambda: store.records.collect(),
    ):
        with pytest.raises(UserError, match=rf"^{path}:\d: [^\n]*git checkout[^\n]*$"):
            act()


def test_processes_that_collect_at_once_lose_no_row(store: Store) -> None:
    """Two that add their runs one by one, with the lock that a killed one has left."""
    path = store.committed.folder / "table3.csv"
    path.parent.mkdir()
    path.with_name(f".{path.name}.writer.lock").touch()
    processes = [
        multiprocessing.get_context("spawn").Process(target=_add_one_by_one, args=(store, seeds))
        for seeds in (range(15), range(15, 30))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert set(store.committed.names()) == {make(seed)["hash"] for seed in range(30)}
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def _add_one_by_one(store: Store, seeds: range) -> None:
    for seed in seeds:
        store.committed.write("table3", [make(seed)])


def test_a_killed_writer_frees_the_file(store: Store) -> None:
    path = store.committed.folder / "table3.csv"
    context = multiprocessing.get_context("spawn")
    inside = context.Event()
    process = context.Process(target=_hold, args=(path, inside))
    process.start()
    assert inside.wait(60)
    process.kill()
    process.join()
    store.committed.write(path.stem, [make(1)])
    assert set(store.committed.names()) == {make(1)["hash"]}


def _hold(path: Path, inside: Event) -> None:
    with atomic.sole_writer(path):
        inside.set()
        time.sleep(600)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, measured.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue())


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1
)
counts = st.integers(0, 10_000)
moments = st.none() | st.datetimes().map(lambda time: f"{time.isoformat()}Z")
GAMMAS = [Decimal("1"), Decimal("1.60")]
losses = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def any_record(draw: st.DrawFn) -> Any:
    """Every record that a training run may leave."""
    points = draw(st.lists(st.tuples(losses, counts), min_size=1, max_size=6))
    evaluated = [[epoch, count] for epoch, (_, count) in enumerate(points, start=1)]
    best, best_epoch = schema.best_of(evaluated)
    measurements = {
        "test accuracy": {"count": points[-1][1], "of": 10_000},
        "best evaluated accuracy": {"count": best, "of": 10_000, "epoch": best_epoch},
        **draw(st.dictionaries(words, losses | st.lists(losses), max_size=3)),
    }
    run = make_run(seed=draw(st.integers(0, 2**63 - 1)), gamma=draw(st.sampled_from(GAMMAS)))
    optional = st.none() | words
    sitting = dict.fromkeys(["commit", "machine", "images", "host", "pid"], optional)
    sitting |= {"dirty": st.none() | st.booleans(), "started": moments, "from_epoch": counts}
    assert sitting.keys() >= set(measured.SITTING_KEYS)
    return schema.seal(
        {
            "schema": schema.SCHEMA,
            "hash": run.hash,
            **draw(st.sampled_from([{}, {"former": "0123456789abcdef"}])),
            "form": draw(st.sampled_from(["full", "reduced"])),
            "run": run.canonical(),
            "result": {
                "diverged": points[-1][0] is None,
                "measurements": measurements,
                "curves": {
                    "training loss": [[n, loss] for n, (loss, _) in enumerate(points, start=1)],
                    "correct test images": evaluated,
                },
            },
            "provenance": {
                "commit": draw(optional),
                "dirty": draw(st.none() | st.booleans()),
                "packages": {name: draw(optional) for name in measured.PACKAGES},
                "device": {
                    "kind": draw(st.sampled_from(["cpu", "cuda"])),
                    "name": draw(words),
                    "threads": draw(st.none() | st.integers(1, 8)),
                },
                "host": draw(words),
                "executor": draw(words),
                "finished": draw(moments),
                "wall_seconds": draw(st.floats(0, 1e6)),
                "images_per_second": draw(st.none() | st.floats(0, 1e6)),
                **draw(st.sampled_from([{}, {"laboratory": "Lab 7 (East), Ünder & Co."}])),
                "sittings": draw(st.lists(st.fixed_dictionaries({}, optional=sitting), max_size=3)),
            },
        }
    )


@given(record=any_record())
def test_a_row_keeps_all_but_the_host(record: Any) -> None:
    schema.check(record, "made up")
    line = io.StringIO()
    writer = csv.DictWriter(line, measured.WITH_LABORATORY, restval="", lineterminator="\n")
    writer.writerow(measured.flatten(record))
    assert line.getvalue().count("\n") == 1  # one line a run, whatever its texts hold
    text = io.StringIO(line.getvalue(), newline="")
    (values,) = csv.DictReader(text, measured.WITH_LABORATORY)
    assert measured.unflatten(values) == without_host(record)
    assert line.getvalue().partition(",")[0] == record["hash"]
