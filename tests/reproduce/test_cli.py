"""The command as a user types it: exit codes, one-line errors, and a small table end to end."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from untrained_helpers import complaint, run

from reproduce.catalogue.selection import select
from reproduce.running import speeds
from reproduce.store.paths import ROOT
from reproduce.store.store import Store

HEAVY = ("torch", "torchvision", "pandas", "scipy", "statsmodels", "matplotlib", "numpy", "sklearn")


def command(
    *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`reproduce ARGUMENTS` in a process of its own, no terminal attached."""
    return subprocess.run(
        [sys.executable, "-m", "reproduce", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["table99"], "table99"),
        (["table3", "--nope"], "--nope"),
        (["table3", "--seeds", "none", "--dry-run"], "3-7"),
        (["table3", "--only", "vgg*", "--dry-run"], "plain 1 1"),
        (["table3", "--precision", "fp8", "--dry-run"], "bf16"),
        (["table3", "--reading", "L-03=cubic", "--dry-run"], "half_sum_sq"),
        (["table3", "--reading", "L-99=x", "--dry-run"], "reproduce readings"),
        (["table3", "--quick", "--executor", "cloud"], "local"),
        (["table3", "--quick", "--device", "tpu"], "tpu"),
        (["table3", "--quick", "--workers", "0"], "--workers"),
        (["status", "locality/table99"], "reproduce list"),
        (["report"], "TABLE"),
        (["readings", "L-99"], "L-03"),
        (["readings", "B-99"], "B-01 (threshold)"),
        (["show", "xyz"], "hash"),
        (["data", "get", "nosuch"], "cifar10"),
        (["data", "get", "imagenet"], "reproduce data import imagenet"),
        (["check", "table3", "--quick"], "quick"),
        (["collect", "table3", "--quick"], "quick"),
        (["check", "table3", "--accept"], "every cell"),
        (["table3", "--slurm-partition", "gpu"], "--executor slurm"),
        (["table3", "--dry-run", "--executor", "slurm", "--slurm-time", "9"], "ten minutes"),
        (["table3", "--dry-run", "--executor", "slurm", "--slurm-config", "/no.toml"], "/no.toml"),
        (["table3", "--dry-run", "--executor", "slurm", "--workers", "2"], "--slurm-cpus-per-task"),
        (["table3", "--dry-run", "--executor", "slurm", "--retry", "some"], "missing"),
        (["table3", "--dry-run", "--executor", "slurm", "--device", "cuda"], "gpus-per-task"),
        (["table3", "--dry-run", "--device", "tpu"], "cuda"),
        (["table3", "--quick", "--precision", "float16", "--device", "cpu"], "use bf16"),
        (["table3", "--dry-run", "--pack", "0"], "--pack"),
        (["table3", "--dry-run", "--nice", "20"], "0 to 19"),
        (["table3", "--dry-run", "--nice", "5", "--executor", "debug"], "--executor debug"),
        (["table3", "--dry-run", "--budget", "soon"], "1h30m"),
        (["table3", "--budget", "25m", "--executor", "slurm"], "--slurm-time"),
        (["table3", "--bundle", "b.zip", "--executor", "slurm"], "--wait"),
        (["table3", "--quick", "--bundle", "README.md"], "no whole bundle"),
        (["collect", "none.zip"], "none.zip"),
        (["plan", "tabel3"], "do you mean locality/table3"),
        (["plan", "table3", "--device", "tpu"], "H200"),
        (["plan", "table3", "--device", "H200", "--device", "A100"], "more than once"),
        (["plan", "theorem1"], "`reproduce theorem1`"),
        (["plan", "beta-lasso/theorem2"], "`reproduce beta-lasso/theorem2`"),
        (["report", "table3", "--results", ""], "empty path"),
        (["report", "table3", "--results", "x" * 300], "name too long"),
        (["data", "import", "cifar10", ""], "empty path"),
        (["precision", "--only", "anti*", "--report"], "--only"),
        (["precision", "--precision", "bf16", "--report"], "--precision"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    assert words.lower() in complaint(*arguments, REPRODUCE_RESULTS=str(tmp_path)).lower()


def test_the_environment_is_checked_before_anything_starts(tmp_path: Path) -> None:
    said = complaint("table3", "--dry-run", REPRODUCE_DEVICE_PATH="foo")
    assert "branches, members, streams" in said


def test_missing_data_names_the_command(tmp_path: Path) -> None:
    said = complaint("table3", "--yes", "--data", str(tmp_path), "--results", str(tmp_path / "r"))
    assert "reproduce data get cifar10" in said


def test_submitting_needs_a_login_node(tmp_path: Path) -> None:
    arguments = ["table3", "--quick", "--executor", "slurm", "--results", str(tmp_path)]
    assert "no sbatch here" in complaint(*arguments, PATH=str(tmp_path))
    assert not (tmp_path / "quick" / "slurm").exists()


def test_missing_data_are_told_before_anything_is_estimated(tmp_path: Path) -> None:
    assert "reproduce data get" in complaint(
        "table3", "--data", str(tmp_path), "--results", str(tmp_path / "r")
    )


@pytest.mark.parametrize("arguments", [[], ["data"]])
def test_no_arguments_teach(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 10
    assert done.stderr == ""


def test_a_full_standard_output_is_told() -> None:
    done = subprocess.run(
        f"{sys.executable} -m reproduce list > /dev/full",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_terminals_of_few_letters(tmp_path: Path) -> None:
    done = command("report", "table3", "--results", str(tmp_path), PYTHONIOENCODING="ascii")
    assert done.returncode == 3
    assert "plain 1 1" in done.stdout


@pytest.mark.parametrize("seconds", [0.001, 0.15])
def test_interrupts_outside_training_are_told(seconds: float, tmp_path: Path) -> None:
    """Whether it still imports what makes exit codes of exceptions, or works."""
    program = (
        "import os, signal, sys; from reproduce.__main__ import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))\n"
        f"signal.setitimer(signal.ITIMER_REAL, {seconds})\n"
        "sys.exit(run(['report', 'table3']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "REPRODUCE_RESULTS": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr == "reproduce: interrupted; the same command continues where it stopped\n"


def test_long_work_without_a_terminal_needs_yes(
    cifar10_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeds, "CALIBRATION_SECONDS", 0.1)
    # Of the thirteen configurations one is measured.
    chosen = ("--only", "plain 1 1", "--precision", "float32")
    done = run("table3", *chosen, "--data", str(cifar10_root), "--results", str(tmp_path))
    assert done.returncode == 2
    assert "15 runs" in done.stderr
    assert "--yes" in done.stderr.splitlines()[-1]


def test_results_that_are_a_file(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    assert "not a folder" in complaint("status", "table3", "--results", str(tmp_path / "results"))


def test_answers_load_nothing_heavy(tmp_path: Path) -> None:
    """Nor does a dry run, which lists every run and needs no data."""
    program = (
        "import contextlib, io, json, sys; from reproduce.__main__ import run\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out: code = run(arguments)\n"
        f"    loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "    print(json.dumps([code, loaded, out.getvalue()]))"
    )
    dry = ["table3", "--dry-run", "--json", "--data", str(tmp_path)]
    asked = [["--help"], ["list"], ["plan", "--help"], ["status", "table3"], dry]
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(asked)],
        cwd=ROOT,
        env={**os.environ, "REPRODUCE_RESULTS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer[:2] for answer in told] == [[0, []]] * len(asked), done.stderr
    listed = json.loads(told[-1][2])
    runs = {run for cell in listed["cells"] for run in cell["runs"].values()}
    assert len(listed["cells"]) == 13
    assert len(runs) == 195
    assert not list(tmp_path.iterdir())


OPTIONS = (
    *("--quick", "--seeds", "--only", "--executor", "--workers", "--device", "--pack", "--nice"),
    *("--budget", "--bundle"),
    *("--precision", "--reading", "--data", "--results", "--dry-run", "--yes", "--json"),
)


@pytest.mark.parametrize("option", OPTIONS)
def test_help_names_every_option(option: str) -> None:
    assert option in _table_help()


@functools.cache
def _table_help() -> str:
    return run("table3", "--help", COLUMNS="100").stdout


def test_the_tables_own_script_is_the_same_command() -> None:
    asked = ["--dry-run", "--only", "vgg*"]
    script = subprocess.run(
        [sys.executable, "-m", "reproduce.locality.table3", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert script.returncode == 2
    assert "plain 1 1" in script.stderr  # the cells that there are
    assert script.stderr == run("locality/table3", *asked).stderr


def test_an_internal_error_leaves_a_log(tmp_path: Path) -> None:
    """Exit code 70 and the log's path, from a failure that no code of ours expects."""
    program = (
        "import reproduce.commands.app, sys; from reproduce import __main__ as main\n"
        "def crash(*_, **__): raise ZeroDivisionError('by design')\n"
        "reproduce.commands.app.app = crash; sys.exit(main.run(['list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 1
    (log,) = tmp_path.glob("reproduce-crash-*.log")
    assert str(log) in done.stderr
    assert "ZeroDivisionError: by design" in log.read_text()


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m reproduce readings --json | head -1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


@pytest.mark.slow
def test_a_small_quick_table_end_to_end(tmp_path: Path) -> None:
    """Two cells, one seed, as on a machine that is lent: trained from another folder into a
    relative one within a budget, reported, told, shown, not trained again, and carried elsewhere
    in a bundle that makes the same report there. (Kills: test_toy_paper, test_kill.)"""
    only = ["plain *", "anti *"]
    chosen = ["--quick", "--seeds", "1", *(word for cell in only for word in ("--only", cell))]
    train = ["table3", *chosen, "--results", "here", "--workers", "1"]
    here, there, bundle = tmp_path / "here", tmp_path / "there", tmp_path / "b.zip"
    results = ["--results", str(here)]
    stored = Store(here, "quick").records.folder
    done = command(*train, "--budget", "30m", "--bundle", str(bundle), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 runs are in " in done.stderr
    assert "QUICK" in done.stdout
    folder = here / "quick" / "locality" / "table3"
    files = sorted(path.name for path in folder.iterdir())
    drawn = {f"{name}.{kind}" for name in ("seeds", "curves") for kind in ("pdf", "png")}
    whole = {f"table3.{kind}" for kind in ("csv", "json", "tex", *drawn)}
    assert whole <= set(files)
    records = list(stored.glob("??/*.json"))
    planned = select("table3", form="quick", only=only, seeds="1").planned
    assert {path.stem for path in records} == {item.run.hash for item in planned}
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in records}
    csv = (folder / "table3.csv").read_bytes()

    told = json.loads(run("status", "table3", *chosen, *results, "--json").stdout)
    assert told["complete"]
    name = records[0].stem
    assert name in run("show", name[:6], "--quick", *results).stdout
    again = run("table3", *chosen, *results)
    assert again.returncode == 0
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in records} == before
    assert (folder / "table3.csv").read_bytes() == csv
    everything = run("report", "table3", "--quick", *results)
    assert everything.returncode == 3
    assert "INCOMPLETE" in everything.stdout
    results_of = [json.loads(path.read_text())["result"]["measurements"] for path in records]
    # Of 500 images; chance is 50.
    assert all(found["test accuracy"]["count"] > 400 for found in results_of)

    assert run("collect", str(bundle), "--results", str(there)).returncode == 0
    assert run("report", "table3", *chosen, "--results", str(there)).returncode == 0
    assert (there / folder.relative_to(here) / "table3.csv").read_bytes() == csv
