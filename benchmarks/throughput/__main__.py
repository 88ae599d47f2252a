"""Images per second of ours beside other ways to train the same network, measured in one run.

    python -m benchmarks.throughput                 # on a CPU: five rounds of ten seconds, 10 min
    python -m benchmarks.throughput --device cuda   # on a GPU: three rounds of three seconds, 5 min

Contenders, all training VGG-10 on CIFAR-10 in batches of 128 with SGD, momentum and horizontal
flips: the package's text names them.

**On a CPU** bare and ours run one thread a process and one process a core, which is how the suite
trains; images/s is the sum over the processes.

**On one device** (CUDA, or a CPU where --pack is given) every contender is one process: plain,
bare and compiled train one network, ours packs of the sizes --pack, by each of the loop's paths;
images/s is the sum over a pack. A large product of bfloat16 matrices is timed in every round, and
speeds are given as TFLOP/s, by multiply-adds counted from the network, and as shares of that peak.

Method: a round measures every contender once, one after another, and rounds follow one another (A
B C A B C …), so that what drifts (other load, temperature) hits all alike; ratios are taken within
a round. A measurement on cores starts fresh processes, warms up for three updates, lets all
processes of the contender start at once, and counts images until the time is over. On one device,
where compiling and capturing take long, all but plain keep their process for all rounds, idle until
it is their turn, and warm up again before each; one that fails is left out and named. Start-up, the
set-up of a data loader's workers and, on a CPU, evaluation fall outside. Memory is a process's
largest resident set (shared pages of files included; plain's loader workers are not), on CUDA what
its allocator has reserved. On CUDA the device is synchronised at both ends of a window.

The regulariser's share (on cores) is the time that an update with coefficients takes longer than
one without decay, over the time of a step of ours in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import BAD_INPUT, UserError
from benchmarks.throughput import arguments

if TYPE_CHECKING:
    from benchmarks.throughput.contenders import Settings

NOISE_IMAGES = 50_000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done, 2 bad input, 3 interrupted."""
    given = arguments.parser().parse_args(argv)
    try:
        arguments.check(given)
        arguments.complete(given)
        _run(given)
    except UserError as error:
        print(f"benchmarks.throughput: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        kept = given.json and given.json.exists()
        what = f"{given.json} has the finished rounds" if kept else "nothing was written"
        print(f"benchmarks.throughput: interrupted; {what}", file=sys.stderr)
        return 3
    return 0


def _run(given: argparse.Namespace) -> None:
    from rich.console import Console

    from benchmarks.throughput import device_report, report
    from benchmarks.throughput.contenders import Settings

    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        store, images = _images(given, Path(scratch))
        settings = Settings(
            store=str(store),
            torchvision=scratch,
            device=given.device,
            warmup=given.warmup,
            seconds=given.seconds or float("inf"),
            steps=given.steps or 0,
        )
        shown = {"images": images, "device": given.device, "warmup": given.warmup}
        shown |= {"seconds": given.seconds, "steps": given.steps}
        rounds_of = _rounds_on_device if given.pack else _rounds_on_cores
        machine = report.describe()
        found: dict[str, Any] = {}
        for found in rounds_of(given, settings, machine, shown):
            if given.json:
                _write(given.json, found)
        render = device_report.render if given.pack else report.render
        Console().print(render(found))


def _rounds_on_cores(
    given: argparse.Namespace,
    settings: Settings,
    machine: dict[str, Any],
    shown: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """All rounds on a CPU, summed up once."""
    from rich.console import Console

    from benchmarks.throughput import report
    from benchmarks.throughput.contenders import on_cores
    from benchmarks.throughput.measuring import measure

    progress = Console(stderr=True)
    rounds: list[report.Round] = []
    for number in range(given.rounds):
        rounds.append({})
        for contender in on_cores(given.precision, machine["cores"]):
            done = f"round {number + 1} of {given.rounds}"
            with progress.status(f"{done}: {contender.name}"):
                rounds[-1][contender] = measure(contender, settings)
    yield report.summarize(rounds, machine, shown)


def _rounds_on_device(
    given: argparse.Namespace,
    settings: Settings,
    machine: dict[str, Any],
    shown: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """What the rounds so far come to, after each."""
    from rich.console import Console

    from benchmarks.throughput import device_report, report
    from benchmarks.throughput.contenders import on_device
    from benchmarks.throughput.measuring import Standing

    field = on_device(given.precision, given.pack, arguments.paths(given), given.compile)
    rounds: list[report.Round] = []
    with Console(stderr=True).status("") as status, Standing(field, settings) as standing:
        standing.warm_up(lambda name: status.update(f"warming up: {name}"))
        for number in range(given.rounds):
            where = f"round {number + 1} of {given.rounds}"
            rounds.append(standing.round(lambda name: status.update(f"{where}: {name}")))  # noqa: B023
            failures = dict(standing.failures)
            yield device_report.summarize(rounds, failures, machine, shown)


def _write(path: Path, found: dict[str, Any]) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps(found, indent=1) + "\n")
    os.replace(scratch, path)


def _images(given: argparse.Namespace, scratch: Path) -> tuple[Path, str]:
    """Folder of the ``cifar10`` store to read, and what to call its images."""
    checkout = Path(__file__).resolve().parents[2]
    folder = given.data or Path(os.environ.get("REPRODUCE_DATA") or checkout / "data")
    called = "CIFAR-10"
    present = (folder / "cifar10" / "store.json").exists()
    if given.noise or not (given.data or present):
        folder, count = scratch, given.noise or NOISE_IMAGES
        write_noise(folder, count)
        called = f"{count:,} images of noise"
    write_torchvision(folder, scratch)
    return folder, called


def write_noise(root: Path, count: int) -> None:
    """A ``cifar10`` store of ``count`` random training images, and a fifth as many for testing.

    Training takes as long on noise as on photographs; the table says which it was.
    """
    import numpy as np

    from benchmarks.data import info, store
    from benchmarks.data.dataset import Split, build

    random = np.random.default_rng(0)
    splits = {}
    for name, size in (("train", count), ("test", -(-count // 5))):
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        splits[name] = Split(pixels, random.integers(0, 10, size))
    store.write(build("cifar10", info("cifar10").classes, splits), root)


def write_torchvision(data: Path, root: Path) -> None:
    """The store's training images as the five pickles that torchvision's CIFAR10 unpacks."""
    import numpy as np

    from benchmarks.data import store

    dataset = store.read(data, "cifar10")
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number, part in enumerate(np.array_split(np.arange(len(dataset.train)), 5), start=1):
        pixels = np.array(dataset.train.images[part]).transpose(0, 3, 1, 2).reshape(len(part), -1)
        labels = [int(label) for label in dataset.train.labels[part]]
        entry = {"data": np.ascontiguousarray(pixels), "labels": labels}
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(entry))
    meta = {"label_names": list(dataset.classes)}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))


if __name__ == "__main__":
    sys.exit(main())
