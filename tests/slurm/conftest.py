"""A real SLURM on this machine, where its packages are, or may be installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_table
from bench import SCRIPT, Bench, Cluster, make_checkout, runs

from benchmarks.data import store as data_store
from reproduce.executors.launch import launch
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.store import Store

DAEMONS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd", "sbatch")
INSTALL = "REPRODUCE_INSTALL_SLURM"


@pytest.fixture(scope="session")
def _packages() -> None:
    """SLURM's programs, or a skip that says how to get them."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if os.geteuid() != 0:
        pytest.skip("a cluster of our own needs root")
    if missing := [name for name in DAEMONS if not shutil.which(name, path=path)]:
        if not os.environ.get(INSTALL) or not shutil.which("apt-get"):
            pytest.skip(f"no {missing[0]}: {INSTALL}=1 installs Debian's packages of SLURM")
        subprocess.run([str(SCRIPT), "install"], check=True)


def _started(**options: str) -> Iterator[Cluster]:
    # Not pytest's own folder: munge wants one that everybody may enter.
    folder = Path(tempfile.mkdtemp(prefix="reproduce-slurm-"))
    folder.chmod(0o755)
    cluster = Cluster(folder, {**options, "CLUSTER_PORT": str(_three_free_ports())})
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.control("down", str(folder))
        shutil.rmtree(folder, ignore_errors=True)


def _three_free_ports() -> int:
    """Begun at a place of this process's own: others may look at the same moment."""
    for first in range(20_000 + os.getpid() % 2000 * 5, 32_000, 3):
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind(("", port))
            return first
        except OSError:
            continue
    raise RuntimeError("no three free ports in a row")


@pytest.fixture(scope="session")
def _cluster(_packages: None) -> Iterator[Cluster]:
    yield from _started()


@pytest.fixture(scope="session")
def _bare_cluster(_packages: None) -> Iterator[Cluster]:
    yield from _started(CLUSTER_ACCOUNTING="none", CLUSTER_MAX_ARRAY_SIZE="2")


@pytest.fixture
def cluster(_cluster: Cluster) -> Iterator[Cluster]:
    """With accounting, and nothing in its queue."""
    yield _cluster
    _cluster.up()
    _cluster.clear()


@pytest.fixture
def bare_cluster(_bare_cluster: Cluster) -> Iterator[Cluster]:
    """Without accounting, and with arrays of two tasks at most."""
    yield _bare_cluster
    _bare_cluster.clear()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code; tests that edit it make one of their own."""
    return make_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny images."""
    folder = tmp_path_factory.mktemp("data")
    data_store.write(tiny_table.dataset(), folder)
    return folder


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the code, for all results folders: one that is there already is compiled already."""
    return tmp_path_factory.mktemp("snapshots")


@pytest.fixture
def results(tmp_path: Path, snapshots: Path) -> Path:
    """An empty results folder with those snapshots."""
    place = Store(tmp_path / "results", "quick").slurm / "snapshots"
    place.parent.mkdir(parents=True)
    place.symlink_to(snapshots)
    return tmp_path / "results"


@pytest.fixture
def bench(cluster: Cluster, checkout: Path, data: Path, results: Path) -> Bench:
    """The command on the cluster with accounting."""
    return Bench(cluster, checkout, results, data)


@pytest.fixture
def bare_bench(bare_cluster: Cluster, checkout: Path, data: Path, results: Path) -> Bench:
    """The command on the cluster without."""
    return Bench(bare_cluster, checkout, results, data)


@pytest.fixture(scope="session")
def expected(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, int], dict[str, Any]]:
    """What the first seeds of a cell come to in this process, without any queue."""
    store = Store(tmp_path_factory.mktemp("expected"), "quick")
    options = LaunchOptions(executor="debug", device="cpu", data=data, progress=False)

    def contents(cell: str, seeds: int) -> dict[str, Any]:
        planned = runs(cell, seeds)
        assert launch(planned, store, options).complete
        found = store.records.collect([item.run.hash for item in planned])
        return {name: (record["run"], record["result"]) for name, record in found.items()}

    return contents
