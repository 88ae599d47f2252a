"""What the tests of SLURM use: a cluster, a copy of the checkout, and commands run in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tiny_table

from reproduce.catalogue.tables import plan
from reproduce.executors.slurm import manifest
from reproduce.executors.slurm.snapshot import PARTS
from reproduce.store.leases import Owner
from reproduce.store.paths import ROOT
from reproduce.store.planned_run import PlannedRun
from reproduce.store.store import Store

SCRIPT = Path(__file__).with_name("cluster.sh")
PATIENCE = 180.0
SHORT_PLAIN, SHORT_LOCALITY, LONG_PLAIN, LONG_LOCALITY = (c.name for c in tiny_table.TABLE.cells)


@dataclass
class Cluster:
    """A running SLURM of our own."""

    folder: Path
    options: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """In which SLURM's commands talk to it."""
        return {**os.environ, **self.options, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def control(self, *arguments: str) -> None:
        """``cluster.sh``."""
        subprocess.run([str(SCRIPT), *arguments], env=self.environment, check=True, timeout=300)

    def up(self) -> None:
        """Start what does not run."""
        self.control("up", str(self.folder))

    def stop(self, daemon: str) -> None:
        """End one daemon."""
        self.control("stop", str(self.folder), daemon)

    def ask(self, *command: str) -> str:
        """What one of SLURM's commands prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def queue(self) -> dict[str, str]:
        """State by job number."""
        lines = self.ask("squeue", "--noheader", "--array", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    @contextlib.contextmanager
    def closed(self) -> Iterator[None]:
        """Nothing starts meanwhile."""
        self.ask("scontrol", "update", "partitionname=main", "state=down")
        try:
            yield
        finally:
            self.ask("scontrol", "update", "partitionname=main", "state=up")

    def clear(self) -> None:
        """End all jobs, the running ones without their grace."""
        self.ask("scancel", "--state=PENDING", "--user=root")
        while self.queue():
            self.ask("scancel", "--full", "--signal=KILL", "--state=RUNNING", "--user=root")
            time.sleep(0.2)


def make_checkout(folder: Path, checkpoint_seconds: str = "0.0") -> Path:
    """A copy of the code under test, in git, with the tiny table; 0 seconds make a checkpoint an
    epoch."""
    for part in PARTS:
        source = ROOT / part
        ignored = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    shutil.copy(tiny_table.__file__, folder / "reproduce" / "locality" / "tiny.py")
    edit(
        folder / "reproduce" / "locality" / "__init__.py",
        "    entries=(\n",
        '    entries=(\n        Entry("tiny", "a small Table III"),\n',
    )
    checkpoint = folder / "benchmarks" / "training" / "checkpoint.py"
    edit(checkpoint, "CHECKPOINT_SECONDS = 55.0", f"CHECKPOINT_SECONDS = {checkpoint_seconds}")
    (folder / ".gitignore").write_text("__pycache__/\n")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace what occurs once."""
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def git(folder: Path, *arguments: str) -> str:
    """Output of a git command in a checkout."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Commit everything; gives the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it is")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class Bench:
    """A results folder, and the command on a cluster's login node."""

    cluster: Cluster
    checkout: Path
    base: Path
    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """Of its results; the tiny table is a quick one."""
        return Store(self.base, "quick")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """``reproduce ARGUMENTS`` in a process of its own."""
        environment = {
            **self.cluster.environment,
            "PYTHONPATH": str(self.checkout),
            "REPRODUCE_RESULTS": str(self.base),
            **self.environment,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "reproduce", *arguments],
            cwd=self.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def reproduce(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Both outputs of a command that must end with that exit code."""
        command = self.start(*arguments)
        out, err = command.communicate(timeout=PATIENCE)
        assert command.returncode == code, f"{arguments}: {command.returncode}\n{out}\n{err}"
        return out, err

    def submitting(self, cell: str, seeds: str, *options: str) -> list[str]:
        """The arguments that submit some seeds of one cell."""
        chosen = ["tiny", "--quick", "--only", cell, "--seeds", seeds]
        return [*chosen, "--executor", "slurm", "--data", str(self.data), *options]

    def submit(self, cell: str, seeds: str, *options: str, code: int = 0) -> dict[str, Any]:
        """Submit; gives what ``--json`` tells."""
        out, _ = self.reproduce(*self.submitting(cell, seeds, *options, "--json"), code=code)
        return json.loads(out)

    def finish(self, cell: str, seeds: str, *options: str) -> None:
        """Submit what is missing and follow it to a complete table."""
        submitting = self.submitting(cell, seeds, "--wait", *options)
        command = self.start(*submitting)
        out, err = command.communicate(timeout=PATIENCE)
        assert command.returncode == 0, f"{out}\n{err}\n{self.cluster.queue()}"

    def status(self, cell: str, seeds: str) -> dict[str, Any]:
        """What ``status --json`` tells; the counts of the one cell under "counts"."""
        chosen = ["--quick", "--only", cell, "--seeds", seeds, "--json"]
        found = json.loads(self.reproduce("status", "tiny", *chosen)[0])
        (row,) = found["cells"]
        counts = {k: v for k, v in row.items() if v and k not in ("cell", "total")}
        return {**found, "counts": counts}

    def manifests(self) -> list[manifest.Manifest]:
        """All submissions."""
        return manifest.read_all(self.store.slurm)

    def owner(self, item: PlannedRun) -> Owner | None:
        """Who holds a run."""
        return self.store.leases("test").owner(item.run.hash)

    def contents(self, planned: list[PlannedRun]) -> dict[str, Any]:
        """Configuration and result of each finished run."""
        found = self.store.records.collect([item.run.hash for item in planned])
        return {name: (record["run"], record["result"]) for name, record in found.items()}

    def sittings(self, item: PlannedRun) -> list[int]:
        """The epochs from which a finished run was begun and continued."""
        (record,) = self.store.records.collect([item.run.hash]).values()
        return [sitting["from_epoch"] for sitting in record["provenance"]["sittings"]]

    def wait_epoch(self, item: PlannedRun, epoch: int = 2) -> Owner:
        """Until a run has come to that epoch and is being trained; gives who holds it."""

        def look() -> Owner | None:
            beat = self.store.heartbeats.read(item.run.hash)
            owner = self.owner(item)
            fresh = beat and owner and beat.token == owner.token and beat.epoch >= epoch
            return owner if fresh else None

        return wait_for(look)

    def wait_empty(self) -> None:
        """Until the queue is."""
        wait_for(lambda: not self.cluster.queue())


def runs(cell: str, seeds: int) -> list[PlannedRun]:
    """The first seeds of a cell."""
    return plan([tiny_table.TABLE.cell(cell)], range(seeds))


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Poll until ``what`` is true; gives its value."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return value
