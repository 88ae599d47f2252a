"""What files and a queue's words come to: states, leases by job, manifests and snapshots."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from run_makers import make_run

from benchmarks.errors import UserError
from reproduce.catalogue.selection import select
from reproduce.commands import slurm
from reproduce.commands import table as run_command
from reproduce.commands.options import Launch
from reproduce.commands.status import render, status_of
from reproduce.executors.slurm import cluster, follow, manifest, snapshot, submit
from reproduce.executors.slurm import queue as slurm_queue
from reproduce.executors.slurm.arrays import Request, arrays
from reproduce.executors.slurm.cancel import Cancelled, cancel
from reproduce.executors.slurm.options import SlurmOptions
from reproduce.executors.slurm.queue import JobName, Judge, job_number, this_job
from reproduce.running.campaign import Survey
from reproduce.running.interrupts import signals_raise
from reproduce.running.standing import standing
from reproduce.store import queues
from reproduce.store.leases import Owner
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.provenance import code_state
from reproduce.store.queues import Liveness
from reproduce.store.store import Store

FACTS = cluster.Facts("one", 1001)


def planned_runs(seeds: int) -> list[PlannedRun]:
    return [PlannedRun("plain 1 1", make_run(seed=seed)) for seed in range(seeds)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Lines of a squeue that answers with them, by number; "down" as a key silences it."""
    lines: dict[str, str] = {}

    def answer(*_: object) -> str | None:
        return None if "down" in lines else "\n".join(lines.values())

    monkeypatch.setattr(cluster, "present", lambda: True)
    monkeypatch.setattr(cluster, "facts", lambda: FACTS)
    monkeypatch.setattr(cluster, "_ask", answer)
    monkeypatch.setattr(cluster, "ended", lambda jobs: {})
    return lines


def submitted(
    store: Store, planned: list[PlannedRun], job: str = "70", where: str = "one"
) -> manifest.Manifest:
    """A submission of one task a run."""
    present = {n: f.token for n, f in store.failures.read([p.run.hash for p in planned]).items()}
    parts = arrays(planned, "table3", 1, 1001)
    made = manifest.new("table3", where, Path("/code"), parts, present, {})
    made = changed(manifest.accepted(made, [job]), state=manifest.RELEASED)
    manifest.write(store.slurm, made)
    return made


def line(number: str, status: str, submission: manifest.Manifest) -> str:
    return f"{number}|{status}|None|{submission.comment}|{submission.arrays[0].name}"


def counts(planned: list[PlannedRun], store: Store) -> dict[str, int]:
    (cell,) = status_of(planned, store).cells.values()
    return {name: n for name, n in cell.items() if n}


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(cluster, "_ask", lambda *_: text)
    monkeypatch.setattr(cluster, "_known", [])
    monkeypatch.setattr(shutil, "which", lambda name: name)


def test_what_squeue_says_is_read_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "12_3|RUNNING|None|(null)|a|b\n\nslurm: a warning\n77|PENDING|JobHeldUser|x:y|name\n"
    answering(monkeypatch, text)
    found = cluster.queue()
    assert found
    assert found["12_3"] == cluster.Queued("RUNNING", "None", "", "a|b")
    assert found["77"].pending
    assert set(found) == {"12_3", "77"}


def test_what_scontrol_and_sacct_say_is_read_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    config = "Configuration data\nClusterName             = big\nMaxArraySize            = 501\n"
    answering(monkeypatch, config)
    assert cluster.facts() == cluster.Facts("big", 501)
    answering(monkeypatch, "")
    assert cluster.facts() == cluster.Facts("", cluster.DEFAULT_MAX_ARRAY_SIZE)
    told = "5_1|CANCELLED by 1000|a|b\n5_1.batch|CANCELLED|batch\n6|COMPLETED|c\nnonsense\n"
    answering(monkeypatch, told)
    assert cluster.ended(["5_1", "6"]) == {("5_1", "a|b"): "CANCELLED", ("6", "c"): "COMPLETED"}


def test_the_queue_tells_queued_from_lost(store: Store, queue: dict[str, str]) -> None:
    planned = planned_runs(4)
    submission = submitted(store, planned[:3])
    queue["70_0"] = line("70_0", "RUNNING", submission)
    queue["70_1"] = line("70_1", "PENDING", submission)
    assert counts(planned, store) == {"queued": 2, "lost": 1, "waiting": 1}
    text = render(status_of(planned, store), select("table3"), as_json=False)
    assert "lost: plain 1 1, seed 2: job 70_2 has left the queue" in text
    assert "70_2_0_log.out" in text


def test_a_number_that_was_given_anew_is_not_ours(store: Store, queue: dict[str, str]) -> None:
    planned = planned_runs(1)
    submitted(store, planned)
    queue["70"] = "70|RUNNING|None|(null)|someone-elses"
    assert counts(planned, store) == {"lost": 1}
    queue["70"] = "70|RUNNING|None|reproduce:of-another-folder|table3/plain-1-1"
    assert counts(planned, store) == {"lost": 1}
    queue["70"] = "70|RUNNING|None|(null)|table3/plain-1-1"  # a site that drops comments
    assert counts(planned, store) == {"queued": 1}


def test_a_silent_queue_loses_nothing(store: Store, queue: dict[str, str]) -> None:
    planned = planned_runs(2)
    submitted(store, planned[:1])
    queue["down"] = ""
    assert counts(planned, store) == {"queued": 1, "waiting": 1}
    text = render(status_of(planned, store), select("table3"), as_json=False)
    assert "the queue does not answer here" in text


def test_numbers_of_another_cluster_mean_nothing_here(store: Store, queue: dict[str, str]) -> None:
    planned = planned_runs(1)
    submission = submitted(store, planned, where="two")
    queue["70"] = line("70", "RUNNING", submission)
    assert slurm_queue.look(store.slurm).places[planned[0].run.hash].state == queues.UNKNOWN


def test_what_failed_and_what_was_lost_since(store: Store, queue: dict[str, str]) -> None:
    (item,) = planned = planned_runs(1)
    submission = submitted(store, planned)
    store.failures.write(item, "RuntimeError: out of memory", "a.log")
    assert counts(planned, store) == {"failed": 1}
    retried = submitted(store, planned, "71")
    assert counts(planned, store) == {"lost": 1}, "the failure is older than the submission"
    queue["71"] = line("71", "PENDING", retried)
    assert counts(planned, store) == {"queued": 1}
    assert submission.id != retried.id


def test_what_was_cancelled_waits_though_it_is_still_ending(
    store: Store, queue: dict[str, str]
) -> None:
    planned = planned_runs(2)
    made = submitted(store, planned)
    (array,) = made.arrays
    manifest.write(store.slurm, changed(made, arrays=(changed(array, cancelled=(1,)),)))
    for number in ("70_0", "70_1"):
        queue[number] = line(number, "COMPLETING", made)
    assert counts(planned, store) == {"queued": 1, "waiting": 1}


def test_nothing_is_asked_where_nothing_was_submitted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise AssertionError("asked")

    for name in ("queue", "facts", "present"):
        monkeypatch.setattr(cluster, name, refuse)
    assert counts(planned_runs(2), store) == {"waiting": 2}


def test_a_submission_that_was_only_intended_counts_for_nothing(
    store: Store, queue: dict[str, str]
) -> None:
    planned = planned_runs(1)
    made = submitted(store, planned)
    manifest.write(store.slurm, changed(made, state=manifest.INTENDED))
    assert counts(planned, store) == {"waiting": 1}


def test_what_a_killed_submission_left_on_hold_is_cancelled(
    store: Store, queue: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its jobs are known by their comment alone."""
    planned = planned_runs(3)
    parts = arrays(planned, "table3", 1, 2)
    made = manifest.new("table3", "one", Path("/code"), parts, {}, {})
    manifest.write(store.slurm, made)
    for number in ("70_0", "70_1", "71"):
        queue[number] = f"{number}|PENDING|JobHeldUser|{made.comment}|{parts[0].name}"
    queue["72"] = "72|PENDING|None|(null)|someone-elses"
    text = render(status_of(planned, store), select("table3"), as_json=False)
    assert "3 tasks are on hold by a submission" in text
    ended: list[str] = []
    monkeypatch.setattr(cluster, "cancel", ended.extend)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    found = cancel([planned[0].run.hash, planned[2].run.hash], store)
    assert sorted(ended) == ["70", "71"]
    assert found == Cancelled(tasks=3, runs=2, others=1)
    assert manifest.read_all(store.slurm) == []
    assert cancel([planned[0].run.hash], store).text == "nothing of it is in the queue"


def test_cancel_says_what_it_needs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(store, planned_runs(1))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"^no squeue here, so the queue cannot be told to cancel"):
        cancel([], store)


@pytest.fixture
def _default(number: int) -> Iterator[None]:
    """Under nohup SIGHUP is ignored, also by those that a process starts."""
    before = signal.signal(number, signal.SIG_DFL)
    yield
    signal.signal(number, before)


@pytest.mark.usefixtures("_default")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_submitting_lets_it_be_undone(number: int) -> None:
    """Once: another one does not end the undoing."""
    undone = []

    def submit() -> None:
        with signals_raise():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                undone.append(True)

    with pytest.raises(SystemExit) as ended:
        submit()
    assert ended.value.code == 128 + number
    assert undone
    assert signal.getsignal(number) == signal.SIG_DFL


def test_following_outlives_a_silent_queue(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queue: dict[str, str]
) -> None:
    monkeypatch.setattr(cluster, "lacking", lambda *_: "")
    planned, told = planned_runs(1), []
    request = Request("table3", store, tmp_path, SlurmOptions())
    queue["down"] = ""
    assert follow._top_up(planned, request, told.append) == planned

    def reject(*_: object) -> None:
        raise UserError("SLURM rejects table3/plain: it cannot be reached; nothing was submitted")

    monkeypatch.setattr(follow, "submit", reject)
    assert follow._top_up(planned, request, told.append) == planned
    del queue["down"]
    with pytest.raises(UserError, match="SLURM rejects"):
        follow._top_up(planned, request, told.append)


def test_status_tells_why_a_job_does_not_start(store: Store, queue: dict[str, str]) -> None:
    planned = planned_runs(3)
    made = submitted(store, planned)
    queue["70_0"] = line("70_0", "PENDING", made).replace("None", "BadConstraints")
    queue["70_1"] = line("70_1", "PENDING", made).replace("None", "Priority")
    queue["70_2"] = line("70_2", "RUNNING", made)
    found = status_of(planned, store)
    assert found.reasons == {"BadConstraints": 1}
    text = render(found, select("table3"), as_json=False)
    assert "queued: 1 run does not start, SLURM's reason: BadConstraints" in text


def test_a_silent_queue_matters_only_to_what_is_queued(store: Store, queue: dict[str, str]) -> None:
    (item,) = planned = planned_runs(1)
    submitted(store, planned)
    queue["down"] = ""
    assert status_of(planned, store).silent
    store.failures.write(item, "RuntimeError: out of memory", "a.log")
    assert not status_of(planned, store).silent


def test_what_a_cancelled_task_still_holds_is_not_running(
    store: Store, queue: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = planned_runs(3)
    made = submitted(store, planned)
    (array,) = made.arrays
    manifest.write(store.slurm, changed(made, arrays=(changed(array, cancelled=(0, 1)),)))
    for item, job in zip(planned, ("70_0", "", ""), strict=True):
        if job:
            monkeypatch.setenv("SLURM_JOB_ID", job)
            monkeypatch.setenv("SLURM_CLUSTER_NAME", "one")
        else:
            monkeypatch.delenv("SLURM_JOB_ID", raising=False)
        if item.run.seed < 2:
            assert store.leases("slurm").acquire(item.run.hash)
    request = Request("table3", store, tmp_path, SlurmOptions(retry="missing"))
    wanted = standing(planned, store, word=slurm_queue.look(store.slurm))
    found = submit._sort(wanted, request)
    assert found.of("ending") == [planned[0]]
    assert found.of("running") == [planned[1]], "by another process, on this machine"
    assert found.of("todo") == [planned[2]]


def test_following_tells_lost_from_cancelled() -> None:
    (lost,) = follow._told([queues.GONE])
    assert lost.startswith("1 run has left the queue without a result")
    lost, cancelled = follow._told([queues.GONE, queues.CANCELLED, queues.GONE, queues.CANCELLED])
    assert lost.startswith("2 runs have left the queue")
    assert cancelled.startswith("2 runs were cancelled by `reproduce cancel`")


@pytest.mark.parametrize(("missing", "code"), [(0, 0), (1, 3)])
def test_a_table_is_not_complete_while_followed_runs_are_missing(
    missing: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = Survey(1 + missing, 1)
    monkeypatch.setattr(run_command, "launch_missing", lambda *_: summary)
    monkeypatch.setattr(run_command, "report_selection", lambda *_, as_json: run_command.DONE)
    launch = Launch(device="cpu")
    assert run_command.run_table(select("table3"), launch) == code
    told = "1 of 2 runs done, 1 without a result; the same command tries these again"
    assert summary.describe() == (told if missing else "1 of 1 runs done")


def test_manifests_come_back_as_they_were(store: Store) -> None:
    made = submitted(store, planned_runs(3))
    assert manifest.read_all(store.slurm) == [made]
    (path,) = (store.slurm / "submissions").iterdir()
    path.write_text(path.read_text()[:-20])
    with pytest.raises(UserError, match="cannot be read as a submission"):
        manifest.read_all(store.slurm)


def test_a_process_knows_its_job() -> None:
    array = {"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "0"}
    assert job_number(array) == "7_0"
    assert job_number({"SLURM_JOB_ID": "9"}) == "9"
    assert job_number({}) == ""
    named = this_job({**array, "SLURM_RESTART_COUNT": "2", "SLURM_CLUSTER_NAME": "big.one"})
    assert JobName.parse(named) == JobName("7_0", 2, os.getuid(), "big.one")
    assert this_job({}) == ""
    assert JobName.parse("") is None


def test_a_lease_knows_its_job(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = store.leases("slurm")
    before = leases.acquire("a" * 16)
    assert before is not None
    assert before.owner.job == ""
    assert before.owner.name.count("~") == 6, "as names were before there were jobs"
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    monkeypatch.setenv("SLURM_CLUSTER_NAME", "one")
    owner = leases.myself()
    assert owner.job == f"12.0.{os.getuid()}.one"
    assert Owner.parse(owner.name) == owner


class Told:
    """A judge's queue, and how often it was asked."""

    def __init__(self, **jobs: str) -> None:
        self.asked = 0
        self.silent = False
        self.jobs = {
            number.removeprefix("j"): cluster.Queued(status, "", "reproduce:x", "n")
            for number, status in jobs.items()
        }

    def __call__(self) -> dict[str, cluster.Queued] | None:
        self.asked += 1
        return None if self.silent else self.jobs

    def judge(self, refresh: float = 0.0) -> Judge:
        return Judge(self, lambda: FACTS, refresh)


@pytest.fixture
def _a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "present", lambda: True)


@pytest.mark.usefixtures("_a_queue")
def test_the_queue_judges_leases() -> None:
    told = Told(j70_1="RUNNING", j70_2="PENDING", j71="COMPLETING")
    me = os.getuid()
    judge = told.judge()
    assert judge.liveness(f"70_1.0.{me}.one", "t") is Liveness.ALIVE
    assert judge.liveness(f"70_2.0.{me}.one", "u") is Liveness.DEAD
    assert judge.liveness(f"70_3.0.{me}.one", "v") is Liveness.DEAD
    assert judge.liveness(f"71.0.{me}.one", "w") is Liveness.ALIVE
    assert judge.liveness(f"70_3.0.{me + 1}.one", "t") is Liveness.ELSEWHERE
    assert judge.liveness(f"70_3.0.{me}.two", "t") is Liveness.ELSEWHERE
    assert judge.liveness("", "t") is Liveness.ELSEWHERE
    told.silent = True
    assert judge.liveness(f"70_3.0.{me}.one", "x") is Liveness.ELSEWHERE


@pytest.mark.usefixtures("_a_queue")
def test_an_answer_older_than_the_lease_proves_nothing() -> None:
    told = Told()
    judge = told.judge(refresh=1e9)
    me = os.getuid()
    assert judge.liveness(f"70.0.{me}.one", "t") is Liveness.DEAD
    assert judge.liveness(f"71.0.{me}.one", "later") is Liveness.ELSEWHERE
    assert told.asked == 1


def test_a_later_start_of_a_job_is_heir_to_the_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known from the environment alone; no queue is asked."""
    for name, value in (("ARRAY_JOB_ID", "70"), ("ARRAY_TASK_ID", "1"), ("RESTART_COUNT", "1")):
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("SLURM_CLUSTER_NAME", "one")
    monkeypatch.setattr(cluster, "present", lambda: False)
    judge, me = Told().judge(), os.getuid()
    assert judge.liveness(f"70_1.0.{me}.one", "t") is Liveness.DEAD
    assert judge.liveness(f"70_1.1.{me}.one", "t") is Liveness.ELSEWHERE
    assert judge.liveness(f"70_2.0.{me}.one", "t") is Liveness.ELSEWHERE


def test_a_snapshot_is_the_code_with_its_commit(tmp_path: Path) -> None:
    taken = snapshot.take(tmp_path)
    assert (taken.commit, taken.dirty) == code_state(ROOT)
    assert code_state(taken.folder) == (taken.commit, taken.dirty)
    for name in (
        "benchmarks/run.py",
        "reproduce/commands/app.py",
        "paper_tables/locality/table3.csv",
    ):
        assert (taken.folder / name).read_bytes() == (ROOT / name).read_bytes()
    assert not list(taken.folder.rglob("__pycache__"))
    assert snapshot.take(tmp_path) == taken
    assert [path.name for path in tmp_path.iterdir()] == [taken.folder.name]
    (taken.folder / "benchmarks" / "run.py").write_text("")
    with pytest.raises(UserError, match="was edited"):
        snapshot.take(tmp_path)


def test_a_snapshot_says_whether_it_was_dirty(tmp_path: Path) -> None:
    for name in ("benchmarks", "reproduce", "analysis", "paper_tables"):
        (tmp_path / "source" / name).mkdir(parents=True)
    (tmp_path / "source" / "pyproject.toml").write_text("")
    (tmp_path / "source" / "SNAPSHOT.json").write_text(json.dumps({"commit": "ab", "dirty": True}))
    taken = snapshot.take(tmp_path / "to", tmp_path / "source")
    assert taken.warning is not None
    assert "commit ab" in taken.warning
    (tmp_path / "source" / "SNAPSHOT.json").write_text(json.dumps({"commit": "ab", "dirty": False}))
    clean = snapshot.take(tmp_path / "to", tmp_path / "source")
    assert clean.warning is None
    assert clean.folder != taken.folder


def test_sbatch_is_told_of_neither_defaults_nor_an_enclosing_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aside = ("SBATCH_TIMELIMIT", "SBATCH_EXPORT", "SBATCH_ARRAY_INX", "SRUN_EXPORT_ENV")
    aside += ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_EXPORT_ENV", "SUBMITIT_EXECUTOR")
    kept = ("SLURM_CONF", "SLURM_CLUSTERS", "MY_SLURM_JOB_ID")
    for name in (*aside, *kept):
        monkeypatch.setenv(name, "7")
    before = dict(os.environ)
    with contextlib.suppress(UserError), cluster.submitting():
        within = dict(os.environ)
        raise UserError("rejected")
    assert within == {name: value for name, value in before.items() if name not in aside}
    assert dict(os.environ) == before
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    assert [n for n in cluster.overriding() if n in aside] == sorted(aside[:3])


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_what_is_queued_without_its_weights_is_told(
    store: Store, queue: dict[str, str], kept: bool, wanted: bool
) -> None:
    chosen = select("table3", only=("plain 1 1",), seeds="2", results=store.base)
    made = submitted(chosen.store, list(chosen.planned))
    manifest.write(chosen.store.slurm, changed(made, options={manifest.SAVE_WEIGHTS: kept}))
    queue["70_0"] = line("70_0", "PENDING", made)
    queue["70_1"] = line("70_1", "RUNNING", made)
    request = Request("t", chosen.store, store.base, SlurmOptions(), None, wanted)
    word = slurm_queue.look(chosen.store.slurm)
    sought = standing(chosen.planned, chosen.store, save_weights=wanted, word=word)
    found = submit._sort(sought, request)
    assert (len(found.of("queued")), len(found.of("todo"))) == (2, 0)
    assert len(found.weightless) == (2 if wanted and not kept else 0)
    told = [text for text in slurm._told(found, chosen) if "--save-weights" in text]
    assert len(told) == (1 if wanted and not kept else 0)
    assert all("2 runs" in text and "`reproduce cancel table3 …`" in text for text in told)
    assert slurm.plain(found)["weightless"] == len(found.weightless)


def test_a_closed_submission_keeps_scripts_and_logs_only(store: Store) -> None:
    made = submitted(store, planned_runs(1))
    folder = manifest.jobs_folder(store.slurm, made.id)
    folder.mkdir(parents=True)
    for name in ("70_0_submitted.pkl", "70_0_result.pkl", "70_0_0_log.out", "70_submission.sh"):
        (folder / name).write_text("")
    (folder / ".submission_file_0a1b.sh").symlink_to("70_submission.sh")
    manifest.close(store.slurm, made)
    assert sorted(p.name for p in folder.iterdir()) == ["70_0_0_log.out", "70_submission.sh"]
