"""Submitting on a real cluster: whole or not at all, once, and with the code as it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    PATIENCE,
    SHORT_LOCALITY,
    SHORT_PLAIN,
    Bench,
    commit,
    edit,
    git,
    make_checkout,
    runs,
)

Expected = Callable[[str, int], dict[str, Any]]


def wrap_sbatch(bench: Bench, folder: Path, text: str) -> None:
    """Put a shell script of ours before the real ``sbatch``, which it finds as $SBATCH; $CALL is
    how often it has been called."""
    real = shutil.which("sbatch")
    folder.mkdir()
    script = folder / "sbatch"
    script.write_text(
        f"#!/bin/bash\nSBATCH={real}\necho >>{folder}/calls\n"
        f"CALL=$(wc -l <{folder}/calls)\n{text}\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    bench.environment["PATH"] = f"{folder}:{os.environ['PATH']}"


def files_of(bench: Bench) -> list[str]:
    """What lies under slurm/, less the snapshots."""
    found = [path for path in bench.store.slurm.rglob("*") if path.is_file()]
    names = (str(path.relative_to(bench.store.slurm)) for path in found)
    return sorted(name for name in names if not name.startswith("snapshots/"))


def test_two_submissions_at_once_submit_a_run_once(bench: Bench, expected: Expected) -> None:
    with bench.cluster.closed():
        arguments = bench.submitting(SHORT_PLAIN, "4", "--seeds-per-job", "2", "--json")
        commands = [bench.start(*arguments) for _ in range(3)]
        told = [json.loads(command.communicate(timeout=PATIENCE)[0]) for command in commands]
        assert sorted(answer["submitted"] for answer in told) == [0, 0, 4]
        assert sorted(answer["queued"] for answer in told) == [0, 4, 4]
        assert len(bench.cluster.queue()) == 2
    bench.finish(SHORT_PLAIN, "4")
    assert bench.contents(runs(SHORT_PLAIN, 4)) == expected(SHORT_PLAIN, 4)


def test_a_rejected_submission_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    submitting = bench.submitting("short *", "3")
    _, err = bench.reproduce(*submitting, "--slurm-partition", "nowhere", code=2)
    assert err.startswith("reproduce: SLURM rejects tiny-quick/short-plain-1-1: ")
    assert "nvalid partition" in err
    assert err.count("\n") == 1
    assert files_of(bench) == []
    refusal = "echo 'sbatch: error: Batch job submission failed: No more room' >&2; exit 1"
    wrap_sbatch(bench, tmp_path / "bin", f'[ $CALL = 2 ] && {{ {refusal}; }}\nexec $SBATCH "$@"')
    _, err = bench.reproduce(*submitting, code=2)
    assert err == (
        "reproduce: SLURM rejects tiny-quick/short-locality-1.6-2.4: No more room; nothing was "
        "submitted\n"
    )
    bench.wait_empty()
    assert files_of(bench) == []
    assert not any(bench.store.records.folder.rglob("*.json")), "the first array was on hold"


def test_a_submission_that_was_killed_in_the_middle_is_set_right(
    bench: Bench, tmp_path: Path, expected: Expected
) -> None:
    """Killed after the second array was in the queue and before that was noted anywhere."""
    wrap_sbatch(bench, tmp_path / "bin", '$SBATCH "$@"\n[ $CALL = 2 ] && kill -9 $PPID\nexit 0')
    command = bench.start(*bench.submitting("short *", "1"))
    command.communicate(timeout=PATIENCE)
    assert command.returncode == -signal.SIGKILL
    assert len(bench.cluster.queue()) == 2
    assert [submission.state for submission in bench.manifests()] == ["intended"]
    assert bench.status(SHORT_PLAIN, "1")["counts"] == {"waiting": 1}
    del bench.environment["PATH"]
    bench.finish("short *", "1")
    (submission,) = bench.manifests()
    assert submission.state in ("released", "done")
    assert bench.cluster.queue() == {}
    for cell in (SHORT_PLAIN, SHORT_LOCALITY):
        assert bench.contents(runs(cell, 1)) == expected(cell, 1)


def test_what_a_killed_submission_left_can_be_cancelled(bench: Bench, tmp_path: Path) -> None:
    """Upon SIGTERM it undoes itself; what kill -9 leaves on hold, ``reproduce cancel`` ends."""
    wrap_sbatch(bench, tmp_path / "term", '$SBATCH "$@"\n[ $CALL = 2 ] && kill $PPID\nexit 0')
    command = bench.start(*bench.submitting("short *", "1"))
    command.communicate(timeout=PATIENCE)
    assert command.returncode == 128 + signal.SIGTERM
    bench.wait_empty()
    assert files_of(bench) == []
    wrap_sbatch(bench, tmp_path / "kill", '$SBATCH "$@"\n[ $CALL = 2 ] && kill -9 $PPID\nexit 0')
    command = bench.start(*bench.submitting("short *", "1"))
    command.communicate(timeout=PATIENCE)
    assert len(bench.cluster.queue()) == 2
    out, _ = bench.reproduce("cancel", "tiny", "--quick")
    assert out.startswith("cancelled 2 tasks with 2 of the selected runs")
    bench.wait_empty()
    assert files_of(bench) == []


def test_a_submission_that_was_killed_before_its_release_is_released(
    bench: Bench, tmp_path: Path, expected: Expected
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "scontrol").write_text(
        '#!/bin/bash\n[ "$1" = release ] && { kill -9 $PPID; exit 1; }\n'
        f'exec {shutil.which("scontrol")} "$@"\n'
    )
    (folder / "scontrol").chmod(0o755)
    bench.environment["PATH"] = f"{folder}:{os.environ['PATH']}"
    command = bench.start(*bench.submitting(SHORT_PLAIN, "1"))
    command.communicate(timeout=PATIENCE)
    assert command.returncode == -signal.SIGKILL
    assert [submission.state for submission in bench.manifests()] == ["accepted"]
    assert bench.status(SHORT_PLAIN, "1")["counts"] == {"queued": 1}
    del bench.environment["PATH"]
    bench.finish(SHORT_PLAIN, "1")
    assert len(bench.manifests()) == 1
    assert bench.contents(runs(SHORT_PLAIN, 1)) == expected(SHORT_PLAIN, 1)


def test_the_rest_follows_when_there_is_room(bench: Bench, expected: Expected) -> None:
    with bench.cluster.closed():
        told = bench.submit(SHORT_PLAIN, "2", "--max-queued", "1")
        assert (told["submitted"], told["deferred"]) == (1, 1)
        told = bench.submit(SHORT_PLAIN, "2", "--max-queued", "1")
        assert (told["submitted"], told["queued"], told["deferred"]) == (0, 1, 1)
        assert len(bench.cluster.queue()) == 1
    bench.finish(SHORT_PLAIN, "2", "--max-queued", "1")
    first, second = bench.manifests()
    assert len(first.hashes | second.hashes) == 2
    assert bench.contents(runs(SHORT_PLAIN, 2)) == expected(SHORT_PLAIN, 2)


def test_cancel_ends_what_was_selected(bench: Bench) -> None:
    with bench.cluster.closed():
        bench.submit("short *", "3", "--seeds-per-job", "2")
        assert len(bench.cluster.queue()) == 4
        chosen = ["--quick", "--only", SHORT_PLAIN, "--json"]
        out, _ = bench.reproduce("cancel", "tiny", *chosen, "--seeds", "0-0")
        assert json.loads(out) == {"tasks": 1, "runs": 1, "others": 1}
        assert len(bench.cluster.queue()) == 3
        assert bench.status(SHORT_PLAIN, "3")["counts"] == {"queued": 1, "waiting": 2}
        out, _ = bench.reproduce("cancel", "tiny", "--quick")
        assert out.startswith("cancelled 3 tasks with 4 of the selected runs")
        bench.wait_empty()
        assert bench.status(SHORT_PLAIN, "3")["counts"] == {"waiting": 3}
        assert bench.reproduce("cancel", "tiny", "--quick")[0] == "nothing of it is in the queue\n"


def test_jobs_run_the_code_as_it_was_submitted(
    bench: Bench, tmp_path: Path, expected: Expected
) -> None:
    """The source is edited, and even committed, while the jobs wait."""
    bench.checkout = make_checkout(tmp_path / "checkout")
    submitted = git(bench.checkout, "rev-parse", "HEAD")
    loop = bench.checkout / "benchmarks" / "training" / "loop.py"
    with bench.cluster.closed():
        _, err = bench.reproduce(*bench.submitting(SHORT_PLAIN, "1"))
        assert "working tree" not in err
        edit(loop, "def train(", 'raise RuntimeError("edited since")\n\n\ndef train(')
        commit(bench.checkout)
    bench.wait_empty()
    (item,) = runs(SHORT_PLAIN, 1)
    assert bench.contents([item]) == expected(SHORT_PLAIN, 1)
    (record,) = bench.store.records.collect([item.run.hash]).values()
    assert (record["provenance"]["commit"], record["provenance"]["dirty"]) == (submitted, False)
    assert record["provenance"]["executor"] == "slurm"
    loop.write_text(loop.read_text() + "\n")
    with bench.cluster.closed():
        _, err = bench.reproduce(*bench.submitting(SHORT_LOCALITY, "1"))
        assert "the working tree differs from commit" in err
        bench.cluster.clear()


def test_a_job_refuses_other_code_than_the_snapshot(bench: Bench, tmp_path: Path) -> None:
    """Without the snapshot's ``benchmarks``, the import finds the checkout's, as it would find an
    editable installation."""
    bench.base = tmp_path / "own"  # with a snapshot that may be damaged
    setup = ("--slurm-setup", f"export PYTHONPATH={bench.checkout}")
    with bench.cluster.closed():
        bench.submit(SHORT_PLAIN, "1", *setup)
        (submission,) = bench.manifests()
        shutil.rmtree(Path(submission.snapshot) / "benchmarks")
    bench.wait_empty()
    found = bench.status(SHORT_PLAIN, "1")
    assert found["counts"] == {"lost": 1}
    assert (
        f"benchmarks comes from {bench.checkout}, not from"
        in Path(found["lost"][0]["log"]).read_text()
    )


def test_neither_defaults_of_sbatch_nor_an_enclosing_job_reach_the_tasks(
    bench: Bench, expected: Expected
) -> None:
    bench.environment |= {
        "SBATCH_ARRAY_INX": "7-9",
        "SBATCH_EXPORT": "NONE",
        "SBATCH_JOB_NAME": "mine",
        "SBATCH_PARTITION": "nowhere",
        "SLURM_ARRAY_JOB_ID": "90001",
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_EXPORT_ENV": "NONE",
        "SLURM_JOB_ID": "90004",
    }
    with bench.cluster.closed():
        # A single job: SLURM itself sets no SLURM_ARRAY_* there, so that those given would stay.
        _, err = bench.reproduce(*bench.submitting(SHORT_PLAIN, "1"))
        assert "not used: SBATCH_ARRAY_INX, SBATCH_EXPORT, SBATCH_JOB_NAME, SBATCH_PART" in err
        told = bench.submit(SHORT_PLAIN, "1", "--save-weights")
        assert (told["queued"], told["weightless"]) == (1, 1)
    bench.wait_empty()
    assert bench.contents(runs(SHORT_PLAIN, 1)) == expected(SHORT_PLAIN, 1)
    bench.finish(SHORT_PLAIN, "1")
    assert [name for name in files_of(bench) if name.endswith((".pkl", ".sh"))] == [
        name for name in files_of(bench) if name.endswith("_submission.sh")
    ]


def test_a_results_path_that_slurm_would_expand_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.base = tmp_path / "50%"
    _, err = bench.reproduce(*bench.submitting(SHORT_PLAIN, "1"), code=2)
    assert err.count("\n") == 1
    assert str(bench.base) in err
    assert not bench.base.exists()
