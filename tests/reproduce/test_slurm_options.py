"""The queue's options, from the command line and from a file, and the arrays that runs come to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import untrained_helpers as helpers
from hypothesis import given
from hypothesis import strategies as st
from run_makers import make_run
from typer.testing import CliRunner

from benchmarks.errors import UserError
from reproduce.commands.app import app
from reproduce.executors.slurm.arrays import Request, array_name, arrays
from reproduce.executors.slurm.options import (
    LONGEST_MINUTES,
    SHORTEST_MINUTES,
    SlurmOptions,
    flag,
    minutes,
    read_config,
    resolve,
)
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("240", 240),
        ("90:30", 91),
        ("1:30:00", 90),
        ("2-0", 2880),
        ("1-12:30", 2190),
        ("0-0:11:00", 11),
        ("90m", 90),
        ("4h", 240),
        ("2d", 2880),
    ],
)
def test_times_as_sbatch_has_them(text: str, expected: int) -> None:
    assert minutes(text) == expected


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_no_time_is_rounded_down(days: int, hours: int, mins: int, seconds: int) -> None:
    found = minutes(f"{days}-{hours}:{mins:02d}:{seconds:02d}")
    exact = days * 1440 + hours * 60 + mins + seconds / 60
    assert 0 <= found - exact < 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"time": "soon"}, "HH:MM:SS"),
        ({"time": "10"}, "ten minutes"),
        ({"time": "99999999999999"}, "more than 365 days"),
        ({"time": "366d"}, "more than 365 days"),
        ({"time": "9" * 5000}, "HH:MM:SS"),
        ({"mem": "much"}, "8G"),
        ({"partition": "a b"}, "--slurm-partition"),
        ({"constraint": " "}, "--slurm-constraint"),
        ({"seeds_per_job": 0}, "--seeds-per-job must be at least 1"),
        ({"gpus_per_task": -1}, "--slurm-gpus-per-task must be at least 0"),
        ({"max_queued": 0}, "--max-queued"),
        ({"retry": "some"}, "missing"),
        ({"setup": ["a\nb"]}, "one line each"),
    ],
)
def test_wrong_values_are_one_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        resolve(None, given)
    assert "\n" not in str(error.value)


def test_the_shortest_time_is_what_submitit_can_tell_a_preemption_in() -> None:
    """Its own words, so that a later version that changes them is noticed."""
    from submitit.core.job_environment import SignalHandler
    from submitit.core.utils import DelayedSubmission, JobPaths
    from submitit.slurm.slurm import SlurmJobEnvironment

    def timed_out(limit: int) -> bool:
        delayed = DelayedSubmission(print)
        delayed.set_timeout(limit, 1)
        environment = SlurmJobEnvironment()
        return SignalHandler(environment, JobPaths("/tmp"), delayed).has_timed_out()

    assert timed_out(SHORTEST_MINUTES - 1)
    assert not timed_out(SHORTEST_MINUTES)


def test_the_command_line_counts_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('partition = "gpu"\ntime = "2h"\nsetup = ["module load a"]\n')
    found = resolve(path, {"partition": "cpu", "setup": [], "time": None, "seeds_per_job": 3})
    assert found == SlurmOptions("cpu", 120, setup=("module load a",), seeds_per_job=3)


def test_the_example_holds_what_there_is(tmp_path: Path) -> None:
    text = (ROOT / "cluster.example.toml").read_text()
    resolve(ROOT / "cluster.example.toml", {})
    uncommented = "".join(line.removeprefix("# ") for line in text.splitlines(keepends=True)[3:])
    path = tmp_path / "cluster.toml"
    path.write_text(uncommented)
    options = set(SlurmOptions.__dataclass_fields__)
    assert read_config(path).keys() == options - {"wait", "retry"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("partitions = 'gpu'", "no option 'partitions'"),
        ("partition = 3", "wrong kind"),
        ("gpus_per_task = true", "wrong kind"),
        ("setup = 'module load a'", "wrong kind"),
        ("wait = true", "no option 'wait'"),
        ("partition =", "no TOML"),
        ("time = 5", "cluster.toml: .*ten minutes"),
        ("time = 99999999999", "cluster.toml: .*365 days"),
        ("time = 'soon'", "cluster.toml: .*HH:MM:SS"),
        ("mem = 'much'", "cluster.toml: .*8G"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as error:
        resolve(path, {})
    assert "\n" not in str(error.value)


def test_the_command_line_mends_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text("time = 5\n")
    assert resolve(path, {"time": "60"}).time == 60
    with pytest.raises(UserError, match=r"^--slurm-time"):
        resolve(path, {"time": "5"})


def test_a_year_is_the_longest_time() -> None:
    assert resolve(None, {"time": "365d"}).time == LONGEST_MINUTES


def planned(cells: int, seeds: int) -> list[PlannedRun]:
    return [
        PlannedRun(f"cell {cell}", make_run(seed=seed, gamma=f"1.{cell}"))
        for seed in range(seeds)
        for cell in range(cells)
    ]


@given(
    st.integers(1, 4),
    st.integers(1, 20),
    st.integers(1, 6),
    st.integers(1, 9),
    st.none() | st.integers(0, 30),
)
def test_arrays_hold_each_run_once_within_their_limits(
    cells: int, seeds: int, pack: int, limit: int, room: int | None
) -> None:
    runs = planned(cells, seeds)
    made = arrays(runs, "table3", pack, limit, room)
    tasks = [task for array in made for task in array.tasks]
    inside = [item for task in tasks for item in task]
    assert len(inside) == len(set(inside))
    assert all(len(array.tasks) <= limit for array in made)
    assert all(1 <= len(task) <= pack for task in tasks)
    assert all(len({item.cell for task in array.tasks for item in task}) == 1 for array in made)
    needed = cells * -(-seeds // pack)
    assert len(tasks) == (needed if room is None else min(room, needed))
    if room is None:
        assert set(inside) == set(runs)


def test_names_say_table_and_cell() -> None:
    assert array_name("table3", "plain 1 1") == "table3/plain-1-1"
    assert array_name("table4", "L2 (λ = 1e-4), a|b") == "table4/L2-=-1e-4-a-b"


def test_dry_run_prints_scripts_and_cost(tmp_path: Path) -> None:
    arguments = ["table3", "--dry-run", "--executor", "slurm", "--seeds-per-job", "5"]
    arguments += ["--slurm-partition", "gpu", "--slurm-gpus-per-task", "1", "--slurm-time", "2h"]
    arguments += ["--slurm-setup", "module load cuda", "--slurm-cpus-per-task", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "reproduce", *arguments, "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line in (
        "#SBATCH --array=0-2%3",
        "#SBATCH --job-name=table3/locality-1.6-2.4",
        "#SBATCH --partition=gpu",
        "#SBATCH --gpus-per-task=1",
        "#SBATCH --time=120",
        "#SBATCH --signal=USR2@90",
        "module load cuda",
        "  table3/plain-1-1         tasks 0-2, 15 runs",
        "Jobs are submitted on hold and released together. Nothing was submitted.",
    ):
        assert line in lines
    assert "39 tasks in 13 arrays for 195 runs" in done.stdout
    assert "156 CPU hours and 78 GPU hours" in done.stdout
    script = done.stdout.partition("# setup")[2]
    assert script.index("module load") < script.index("cd ") < script.index("srun")
    assert "srun --unbuffered" in script
    assert "--cpus-per-task=2" in script.partition("srun")[2]
    assert list(tmp_path.iterdir()) == []


def test_every_table_command_has_the_options() -> None:
    done = helpers.run("table3", "--help")
    for name in SlurmOptions.__dataclass_fields__:
        assert flag(name) in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ["--slurm-gpus-per-task", "0"],
        ["--slurm-partition", ""],
        ["--seeds-per-job", "0"],
        ["--wait"],
        ["--slurm-setup", "module load a"],
    ],
)
def test_options_for_slurm_are_for_no_other_executor(options: list[str]) -> None:
    found = CliRunner().invoke(app, ["table3", "--dry-run", "--executor", "local", *options])
    assert isinstance(found.exception, UserError)
    assert str(found.exception).startswith(f"{options[0]} is for --executor slurm")


@pytest.mark.parametrize("name", ["50%", "a\\b", "%j/results"])
def test_a_results_path_that_slurm_would_expand_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="pattern; give a folder without") as error:
        Request("table3", Store(tmp_path / name), tmp_path, SlurmOptions())
    assert str(tmp_path / name) in str(error.value)
    assert "\n" not in str(error.value)
    assert Request("table3", Store(tmp_path), tmp_path, SlurmOptions())
