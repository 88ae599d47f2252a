"""Making, publishing, reading and collecting records."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from record_makers import PROVENANCE, make
from run_makers import correct_of, make_run

from benchmarks.data.dataset import Dataset
from benchmarks.errors import UserError
from benchmarks.run import Run, digest_of
from benchmarks.training import loop
from reproduce.store import provenance, records, schema
from reproduce.store.committed import Committed
from reproduce.store.paths import ROOT
from reproduce.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def outcome(*losses: float, **changes: Any) -> loop.Outcome:
    """A finished run of so many epochs, the last one evaluated."""
    count = {"count": 5, "of": 10_000}
    whole = loop.Outcome(
        run=make_run(seed=3, epochs=len(losses)),
        finished=True,
        measurements={"test accuracy": count, "training loss": losses[-1]},
        curves={
            "training loss": [[epoch, loss] for epoch, loss in enumerate(losses, start=1)],
            "correct test images": [[len(losses), 5]],
        },
        wall_seconds=100.0,
        sittings=({"from_epoch": 0, "host": "a"},),
    )
    return replace(whole, **changes)


def test_record_of_a_trained_run(noise: Dataset, short_run: Run, store: Store) -> None:
    """From the training loop to the disk and back."""
    loop.prepare(torch.device("cpu"))
    captured = provenance.capture("debug")
    done = loop.train(
        [short_run], noise, torch.device("cpu"), sitting=provenance.sitting(captured)
    )[0]
    record = records.make_record(done, captured, train_images=len(noise.train))
    assert store.records.publish(record)
    assert store.records.collect([short_run.hash]) == {short_run.hash: record}
    assert record["run"] == short_run.canonical()
    result = record["result"]
    assert schema.headline(record) == (correct_of(done), 64)
    assert [epoch for epoch, _ in result["curves"]["correct test images"]] == [2, 3]
    assert result["curves"]["training loss"] == done.curves["training loss"]
    assert result["measurements"]["layer widths"][-2:] == [128, 10]
    assert result["measurements"]["parameters"] == 296_242
    made_by = record["provenance"]
    assert made_by["images_per_second"] == pytest.approx(3 * 160 / done.wall_seconds, rel=1e-3)
    assert made_by["sittings"][0]["from_epoch"] == 0
    assert made_by["packages"]["torch"] == torch.__version__
    assert provenance.machine_label(made_by) == (
        f"{made_by['device']['name']} / torch {torch.__version__} / cpu"
    )


def test_best_epoch_is_the_first_best_evaluated_one() -> None:
    assert schema.best_of([[2, 8_800], [3, 8_900], [4, 8_900], [5, 8_700]]) == (8_900, 3)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_diverged_run_is_a_record(store: Store, loss: float) -> None:
    record = records.make_record(outcome(loss, diverged=True), PROVENANCE)
    assert record["result"] == {
        "diverged": True,
        "measurements": {"test accuracy": {"count": 5, "of": 10_000}, "training loss": None},
        "curves": {"training loss": [[1, None]], "correct test images": [[1, 5]]},
    }
    store.records.publish(record)
    assert records.read_record(store.records.path(record["hash"])) == record


def test_speed_counts_the_images_that_were_trained() -> None:
    kept = records.make_record(outcome(1.0, 1.0), PROVENANCE)
    assert kept["provenance"]["images_per_second"] == 1_000.0  # 2 × 50,000 in 100 s
    dropping = outcome(1.0, 1.0, run=make_run(seed=3, epochs=2, last_batch="drop"))
    dropped = records.make_record(dropping, PROVENANCE)
    assert dropped["provenance"]["images_per_second"] == 998.4  # 390 whole batches of 128


def test_an_unfinished_run_has_no_record() -> None:
    with pytest.raises(ValueError, match="not finished"):
        records.make_record(outcome(1.0, finished=False), PROVENANCE)


def test_second_publisher_discards_the_same_contents(store: Store) -> None:
    ours = make(1)
    theirs = schema.seal({**make(1), "provenance": {**PROVENANCE, "host": "elsewhere"}})
    assert store.records.publish(ours)
    assert not store.records.publish(theirs)
    path = store.records.path(ours["hash"])
    assert records.read_record(path) == ours
    assert os.listdir(path.parent) == [path.name]


def test_second_publisher_keeps_other_contents_aside(store: Store) -> None:
    ours, theirs = make(1, correct=7_000), make(1, correct=7_001)
    store.records.publish(ours)
    path = store.records.path(ours["hash"])
    kept = path.with_name(f"{ours['hash']}.{os.getpid()}.conflict.json")
    with pytest.raises(UserError) as error:
        store.records.publish(theirs)
    assert str(path) in str(error.value)
    assert str(kept) in str(error.value)
    assert records.read_record(path) == ours
    assert records.read_record(kept) == theirs
    # The loser is no record: neither way of collecting takes it for one.
    assert store.records.collect([ours["hash"]]) == {ours["hash"]: ours}
    assert store.records.collect() == {ours["hash"]: ours}


def test_every_loser_is_kept(store: Store) -> None:
    versions = [make(1, correct=count) for count in (10, 11, 12)]
    store.records.publish(versions[0])
    for version in versions[1:]:
        with pytest.raises(UserError, match="two contents"):
            store.records.publish(version)
    shard = store.records.path(versions[0]["hash"]).parent
    kept = {headline_of(json.loads(path.read_text()))["count"] for path in shard.iterdir()}
    assert kept == {10, 11, 12}


def test_publishing_onto_a_damaged_record_keeps_ours(store: Store) -> None:
    record = make(1)
    path = store.records.path(record["hash"])
    path.parent.mkdir(parents=True)
    path.write_text('{"schema": 1, "ha')
    with pytest.raises(UserError, match=r"not whole JSON; move it away.*is kept as"):
        store.records.publish(record)
    (kept,) = path.parent.glob("*.conflict.json")
    assert records.read_record(kept) == record
    assert path.read_text() == '{"schema": 1, "ha'


def _edit(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    record = json.loads(text)
    change(record)
    return json.dumps(record)


def _reseal(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    return json.dumps(schema.seal(json.loads(_edit(text, change))))


def _of_no_images(record: dict[str, Any]) -> None:
    """Whole in itself, but shares of its correct images cannot be formed."""
    record["run"]["data"]["name"] = "noise"
    record["hash"] = digest_of(record["run"])
    headline_of(record).update(count=0, of=0)
    record["result"]["curves"].pop("correct test images")


def _without_data(record: dict[str, Any]) -> None:
    """Whole in itself, and no run of ours."""
    record["run"]["data"] = "cifar10"
    record["hash"] = digest_of(record["run"])


def headline_of(record: Any) -> Any:
    return record["result"]["measurements"]["test accuracy"]


def best_of(record: Any) -> Any:
    return record["result"]["measurements"]["best evaluated accuracy"]


def losses_of(record: Any) -> Any:
    return record["result"]["curves"]["training loss"]


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "not JSON": lambda text: "once upon a time",
    "not a record": lambda text: "[1, 2]",
    "not text": lambda text: "é" + text,
    "nothing in it": lambda text: "{}",
    "a better count": lambda text: _edit(text, lambda r: r["result"].update(correct=9_999)),
    "another seed": lambda text: _edit(text, lambda r: r["run"].update(seed=77)),
    "no provenance": lambda text: _edit(text, lambda r: r.pop("provenance")),
    "another checksum": lambda text: _edit(text, lambda r: r.update(checksum="0" * 64)),
    "checksum of no text": lambda text: _edit(text, lambda r: r.update(checksum=None)),
    "NaN": lambda text: text.replace('"training loss":', '"x":NaN,"training loss":', 1),
    "resealed seed": lambda text: _reseal(text, lambda r: r["run"].update(seed=77)),
    "resealed hash": lambda text: _reseal(text, lambda r: r.update(hash="0" * 16)),
    "resealed count": lambda text: _reseal(text, lambda r: headline_of(r).update(count=9_999)),
    "resealed best": lambda text: _reseal(text, lambda r: best_of(r).update(epoch=1)),
    "resealed total": lambda text: _reseal(text, lambda r: headline_of(r).update(of=1)),
    "resealed verdict": lambda text: _reseal(text, lambda r: r["result"].update(diverged=0)),
    "resealed curve": lambda text: _reseal(text, lambda r: losses_of(r).reverse()),
    "resealed point": lambda text: _reseal(text, lambda r: losses_of(r)[0].pop()),
    "a word": lambda text: _reseal(text, lambda r: r["result"]["measurements"].update(a="b")),
    "resealed to diverged": lambda text: _reseal(text, lambda r: r["result"].update(diverged=True)),
    "a lost last loss": lambda text: _reseal(text, lambda r: losses_of(r)[-1].__setitem__(1, None)),
    "another data set's total": lambda text: _reseal(
        text, lambda r: headline_of(r).update(of=20_000)
    ),
    "no test images": lambda text: _reseal(text, _of_no_images),
    "a run without data": lambda text: _reseal(text, _without_data),
    "another form": lambda text: _reseal(text, lambda r: r.update(form="slow")),
    "an empty curve": lambda text: _reseal(
        text, lambda r: r["result"]["curves"].update({"training loss": []})
    ),
    "no headline": lambda text: _reseal(
        text, lambda r: r["result"]["measurements"].pop("test accuracy")
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_records_are_named_and_left_alone(store: Store, damage: str) -> None:
    record = make(1)
    store.records.publish(record)
    path = store.records.path(record["hash"])
    text = DAMAGES[damage](path.read_text())
    path.write_text(text)
    for read in (
        lambda: records.read_record(path),
        lambda: store.records.collect(),
        lambda: store.records.collect([record["hash"]]),
    ):
        with pytest.raises(UserError) as error:
            read()
        message = str(error.value)
        assert message.startswith(f"{path}: ")
        assert message.endswith("; move it away and run again")
        assert "\n" not in message
    assert path.read_text() == text


def test_a_record_cut_anywhere_is_noticed(store: Store) -> None:
    record = make(1, epochs=3)
    store.records.publish(record)
    path = store.records.path(record["hash"])
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="move it away and run again"):
            records.read_record(path)
    path.write_bytes(whole[:-1])  # without the line's end all of it is there
    assert records.read_record(path) == record


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": None},
        {"precision": ["bf16"]},
        {"precision": "../../bf16"},
        {"model": None},
        {"data": {"name": ["cifar10"]}},
    ],
)
def test_a_consistent_record_of_no_run_is_refused(changes: dict[str, Any]) -> None:
    """One from elsewhere, whose hash and checksum are right: lists of runs read these settings."""
    record = make(0)
    run = {k: v for k, v in {**record["run"], **changes}.items() if v is not None}
    made = schema.seal({**record, "run": run, "hash": digest_of(run)})
    with pytest.raises(UserError, match=r"bundle\.csv:2"):
        schema.check(made, "bundle.csv:2")


def test_a_record_laid_out_anew_is_the_same_record(store: Store) -> None:
    record = make(1)
    store.records.publish(record)
    path = store.records.path(record["hash"])
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    assert records.read_record(path) == record


def test_a_record_of_a_newer_version_asks_for_an_update(store: Store) -> None:
    record = make(1)
    store.records.publish(record)
    path = store.records.path(record["hash"])
    path.write_text(json.dumps({"schema": 3, "hash": record["hash"], "novelty": True}))
    with pytest.raises(UserError, match=r"newer version \(record schema 3.*update this checkout"):
        records.read_record(path)


def test_a_record_under_another_name_is_noticed(store: Store) -> None:
    first, second = make(1), make(2)
    store.records.publish(first)
    other = store.records.path(second["hash"])
    other.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(store.records.path(first["hash"]), other)
    with pytest.raises(UserError, match=f"holds the run {first['hash']}"):
        store.records.collect([second["hash"]])


def test_records_of_an_older_protocol_stay_readable(store: Store) -> None:
    record = make(1)
    run = {**record["run"], "model": {**record["run"]["model"], "protocol": 0}}
    old = schema.seal({**record, "run": run, "hash": digest_of(run)})
    store.records.publish(old)
    assert old["hash"] != record["hash"]
    assert store.records.collect() == {old["hash"]: old}
    assert store.records.finished([record["hash"]]) == set()


def test_collect_and_finished_ask_only_for_what_is_wanted(store: Store) -> None:
    made = {r["hash"]: r for r in (make(seed) for seed in range(6))}
    absent = make(99)["hash"]
    for record in made.values():
        store.records.publish(record)
    wanted = sorted(made)[:3]
    # A damaged record that nobody asked for is nobody's trouble.
    store.records.path(sorted(made)[5]).write_text("{")
    assert store.records.collect([*wanted, absent]) == {name: made[name] for name in wanted}
    assert store.records.finished([*wanted, absent]) == set(wanted)


def test_an_empty_results_folder_holds_nothing(store: Store) -> None:
    assert store.records.collect() == {}
    assert store.records.collect([make(1)["hash"]]) == {}
    assert store.records.finished([make(1)["hash"]]) == set()
    assert not store.base.exists()


def test_committed_and_raw_records_are_read_together(store: Store) -> None:
    both, raw, committed = make(1), make(2), make(3)
    store.records.publish(both)
    store.records.publish(raw)
    store.committed.write("table3", [both, committed])
    found = store.records.collect()
    assert set(found) == {r["hash"] for r in (both, raw, committed)}
    assert found[both["hash"]] == both  # the raw one, which knows its host
    assert schema.contents(found[committed["hash"]]) == schema.contents(committed)
    assert found[committed["hash"]]["provenance"]["host"] is None
    assert store.records.finished(found) == set(found)
    assert store.records.collect() == found


def test_quick_and_full_never_meet(store: Store) -> None:
    quick = Store(store.base, "quick")
    record = make(1, form="quick")
    quick.records.publish(record)
    Committed(quick.committed.folder, "full").write("table3", [make(2)])
    store.committed.write("table3", [make(3)])
    assert set(quick.records.collect()) == {record["hash"]}
    assert set(store.records.collect()) == {make(3)["hash"]}


@pytest.mark.parametrize("label", ["full", "quick", "reduced"])
def test_a_label_that_contradicts_the_tree_is_an_error(store: Store, label: str) -> None:
    own = Store(store.base, label)
    other = Store(store.base, "full" if label == "quick" else "quick")
    record = make(1, form=label)
    with pytest.raises(UserError, match=f"a {label} run among the {other.form} ones"):
        other.records.publish(record)
    assert not other.records.folder.exists()
    own.records.publish(record)
    path = other.records.path(record["hash"])
    path.parent.mkdir(parents=True)
    shutil.copy(own.records.path(record["hash"]), path)
    for act in (
        lambda: other.records.collect(),
        lambda: other.records.collect([record["hash"]]),
        lambda: other.records.publish(make(1, form=other.form)),
    ):
        with pytest.raises(UserError, match=rf"^{path}: a {label} run .*move it away"):
            act()
    assert own.records.collect([record["hash"]]) == {record["hash"]: record}


@pytest.mark.parametrize("everything", [True, False])
def test_two_contents_name_the_file_and_the_row(store: Store, everything: bool) -> None:
    # Only the curve differs.
    ours = make(1)
    theirs = json.loads(json.dumps(ours))
    losses_of(theirs)[0][1] += 1e-12
    store.records.publish(ours)
    store.committed.write("table3", [make(9), schema.seal(theirs)])
    (place,) = (
        r.source for r in store.committed.read_rows().values() if r.record["hash"] == ours["hash"]
    )
    with pytest.raises(UserError) as error:
        store.records.collect(None if everything else [ours["hash"]])
    assert str(store.records.path(ours["hash"])) in str(error.value)
    assert place in str(error.value)
    assert place.startswith(f"{store.committed.folder / 'table3.csv'}:")


def test_a_folder_that_cannot_be_written_is_one_line(store: Store) -> None:
    store.root.mkdir(parents=True)
    store.records.folder.write_text("in the way")
    with pytest.raises(UserError, match=r"^cannot write .*(Not a directory|File exists)"):
        store.records.publish(make(1))
    with pytest.raises(UserError, match=r"^cannot read .*Not a directory"):
        store.records.collect()


def test_a_full_disk_leaves_nothing_behind(store: Store) -> None:
    """The kernel refuses to let a file grow, halfway through a record."""
    script = """
import resource, sys
from pathlib import Path
from record_makers import make
from benchmarks.errors import UserError
from reproduce.store.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Store(Path(sys.argv[1])).records.publish(make(1))
except UserError as error:
    print(error)
"""
    done = run_python(script, str(store.base))
    assert done.stdout.startswith("cannot write "), done.stderr
    assert "File too large" in done.stdout
    assert [path for path in store.records.folder.rglob("*") if path.is_file()] == []
    assert store.records.publish(make(1))


def test_status_loads_nothing_heavy(store: Store) -> None:
    store.records.publish(make(1))
    script = """
import sys
from pathlib import Path
from reproduce.store import provenance
from reproduce.store.store import Store
store = Store(Path(sys.argv[1]))
assert store.records.finished([sys.argv[2]]) == {sys.argv[2]}
assert len(store.records.collect()) == 1
provenance.capture("local")
print(sorted({"numpy", "torch", "pandas", "scipy"} & set(sys.modules)))
"""
    assert run_python(script, str(store.base), make(1)["hash"]).stdout == "[]\n"


def run_python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    path = os.pathsep.join([str(ROOT), str(here), str(here.parent)])
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
