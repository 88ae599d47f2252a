"""How long submitting 1,620 runs takes, and telling their status: ``python tests/slurm/scale.py``.

Starts a cluster of its own, which lets no job start, submits 108 configurations of 15 seeds each,
asks for their status while they are queued and once all are done, and prints the seconds. As root,
on a machine with SLURM's packages (``tests/slurm/cluster.sh install``).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "reproduce")]

# ruff: noqa: E402
import record_makers
import tiny_table
from bench import Bench, Cluster, make_checkout

from benchmarks.data import store as data_store
from reproduce.catalogue.tables import plan
from reproduce.store.store import Store

CELLS = 108
WIDE = f"""
def _wide(k):
    run = TABLE.cells[0].template
    schedule = run.schedule.replace(learning_rate=f"0.01{{k:03d}}1")
    return Cell(f"cell {{k}}", "plain", run.replace(schedule=schedule))


TABLE = replace(TABLE, cells=tuple(map(_wide, range({CELLS}))))
TABLE = replace(TABLE, forms={{"quick": TABLE}})
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="reproduce-scale-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        cluster = Cluster(folder / "cluster", {"CLUSTER_PORT": "27817"})
        try:
            cluster.up()
            _measure(cluster, folder)
        finally:
            cluster.control("down", str(cluster.folder))


def _measure(cluster: Cluster, folder: Path) -> None:
    checkout = make_checkout(folder / "checkout")
    script = checkout / "reproduce" / "locality" / "tiny.py"
    script.write_text(script.read_text() + WIDE)
    data_store.write(tiny_table.dataset(), folder / "data")
    bench = Bench(cluster, checkout, folder / "results", folder / "data")
    submitting = bench.submitting("*", "15")
    status = ("status", "tiny", "--quick")
    with cluster.closed():
        _timed("submit", lambda: bench.reproduce(*submitting))
        print(f"  jobs in the queue: {len(cluster.queue())}")
        _timed("the same command again", lambda: bench.reproduce(*submitting))
        _timed("status, queued", lambda: bench.reproduce(*status))
        _timed("cancel", lambda: bench.reproduce("cancel", "tiny", "--quick"))
    _finish(script, bench.store)
    _timed("status, done", lambda: bench.reproduce(*status))
    print(f"  {bench.reproduce(*status)[0].splitlines()[0]}")


def _timed(what: str, act: Callable[[], object]) -> None:
    began = time.monotonic()
    act()
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def _finish(script: Path, store: Store) -> None:
    """Publish a made-up record of every run."""
    names: dict[str, object] = {"__name__": "wide"}
    exec(compile(script.read_text(), script, "exec"), names)
    table = names["TABLE"]
    assert isinstance(table, type(tiny_table.TABLE))
    for item in plan(table.cells, range(15)):
        store.records.publish(record_makers.make(item.run.seed, form="quick", run=item.run))


if __name__ == "__main__":
    main()
