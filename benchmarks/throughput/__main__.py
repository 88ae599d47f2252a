"""Images per second of plain PyTorch, of a bare loop and of ours, measured in one run.

    python -m benchmarks.throughput                 # five rounds of ten seconds each: 10 min
    python -m benchmarks.throughput --device cuda

Contenders, all training VGG-10 on CIFAR-10 in batches of 128 with SGD, momentum and horizontal
flips: ``plain.py``, which imports nothing of this project (torchvision's data and transforms, a
DataLoader with two workers, float32, one process with as many threads as torch takes), and those of
``worker.py``: bare, tuned by hand; ours, as every run trains, with LOCO-Reg; and its update alone.

On a CPU bare and ours run one thread a process and one process a core, which is how the suite
trains; images/s is the sum over the processes. On CUDA they run in one process, with one network
and with four.

Method: a round measures every contender once, one after another, and rounds follow one another (A B
C A B C …), so that what drifts (other load, temperature) hits all alike; ratios are taken within a
round. Each measurement starts fresh processes, warms up for three updates, lets all processes of
the contender start at once, and counts images until the time is over. Start-up, the set-up of a
data loader's workers and, on a CPU, evaluation fall outside. Memory is a process's largest
resident set (shared pages of files included; plain's loader workers are not). On CUDA the device is
synchronised at both ends of a window.

The regulariser's share is the time that an update with coefficients takes longer than one without
decay, over the time of a step of ours in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import UserError

ROUNDS, SECONDS, WARMUP, NOISE_IMAGES = 5, 10.0, 3, 50_000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done, 2 bad input, 3 interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        _check(arguments)
        _run(arguments)
    except UserError as error:
        print(f"benchmarks.throughput: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("benchmarks.throughput: interrupted; nothing was written", file=sys.stderr)
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=(__doc__ or "").split("\n\n")[0],
        epilog="The method is described at the top of benchmarks/throughput/__main__.py.",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default %(default)s")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, help=f"length of a window, default {SECONDS:g}")
    length.add_argument("--steps", type=int, help="updates in a window, instead of seconds")
    parser.add_argument("--warmup", type=int, default=WARMUP, help="updates before it")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=("both", "float32", "bf16"), default="both")
    images = parser.add_mutually_exclusive_group()
    images.add_argument(
        "--data",
        type=Path,
        help="folder with the cifar10 store (default: REPRODUCE_DATA, or data/ in the checkout; "
        "noise where there is none)",
    )
    images.add_argument("--noise", type=int, metavar="N", help="N random images instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured there")
    return parser


def _check(arguments: argparse.Namespace) -> None:
    for name, least in (("rounds", 1), ("steps", 1), ("warmup", 1), ("noise", 128)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UserError(f"--{name} must be at least {least}, not {value}")
    if arguments.seconds is not None and not arguments.seconds > 0:
        raise UserError(f"--seconds must be positive, not {arguments.seconds:g}")
    if arguments.json and arguments.json.exists():
        raise UserError(f"{arguments.json} is there already: name another file or remove it")
    if arguments.json and not os.access(arguments.json.absolute().parent, os.W_OK):
        raise UserError(f"cannot write to {arguments.json.absolute().parent}: name another folder")


def _run(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from benchmarks.throughput import report
    from benchmarks.throughput.contenders import Settings, contenders, measure

    precisions = ("float32", "bf16") if arguments.precision == "both" else (arguments.precision,)
    machine = report.describe()
    seconds = arguments.seconds or (None if arguments.steps else SECONDS)
    progress = Console(stderr=True)
    rounds: list[report.Round] = []
    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        store, images = _images(arguments, Path(scratch))
        settings = Settings(
            store=str(store),
            torchvision=scratch,
            device=arguments.device,
            warmup=arguments.warmup,
            seconds=seconds or float("inf"),
            steps=arguments.steps or 0,
        )
        for number in range(arguments.rounds):
            rounds.append({})
            for contender in contenders(arguments.device, precisions, machine["cores"]):
                done = f"round {number + 1} of {arguments.rounds}"
                with progress.status(f"{done}: {contender.name}"):
                    rounds[-1][contender] = measure(contender, settings)
    shown = {"images": images, "device": arguments.device, "warmup": arguments.warmup}
    shown |= {"seconds": seconds, "steps": arguments.steps}
    found = report.summarize(rounds, machine, shown)
    Console().print(report.render(found))
    if arguments.json:
        scratch_file = arguments.json.with_name(f".{arguments.json.name}.{os.getpid()}")
        scratch_file.write_text(json.dumps(found, indent=1) + "\n")
        os.replace(scratch_file, arguments.json)


def _images(arguments: argparse.Namespace, scratch: Path) -> tuple[Path, str]:
    """Folder of the ``cifar10`` store to read, and what to call its images."""
    checkout = Path(__file__).resolve().parents[2]
    folder = arguments.data or Path(os.environ.get("REPRODUCE_DATA") or checkout / "data")
    called = "CIFAR-10"
    present = (folder / "cifar10" / "store.json").exists()
    if arguments.noise or not (arguments.data or present):
        folder, count = scratch, arguments.noise or NOISE_IMAGES
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

    random = np.random.default_rng(0)
    splits = {}
    for name, size in (("train", count), ("test", -(-count // 5))):
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        splits[name] = store.Split(pixels, random.integers(0, 10, size))
    store.write(store.build("cifar10", info("cifar10").classes, splits), root)


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
