"""The command line of ``python -m benchmarks.throughput``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.errors import UserError
from benchmarks.throughput import warm_up

DESCRIPTION = "Images per second of ours beside other ways to train the same network."
# Rounds, seconds a window and precisions, on cores and on one device.
ON_CORES = (5, 10.0, ("float32", "bf16"))
ON_DEVICE = (3, 3.0, ("bf16",))
PACKS = (1, 4, 15, 30)
MODES = ("reduce-overhead", "max-autotune", "default", "none")


def parser() -> argparse.ArgumentParser:
    """Of ``python -m benchmarks.throughput``."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=DESCRIPTION,
        epilog="The method is described at the top of benchmarks/throughput/__main__.py.",
    )
    made.add_argument("--rounds", type=int, help="default 5 on cores, 3 on one device")
    length = made.add_mutually_exclusive_group()
    length.add_argument(
        "--seconds", type=float, help="length of a window, default 10 on cores, 3 on one device"
    )
    length.add_argument("--steps", type=int, help="updates in a window, instead of seconds")
    made.add_argument("--warmup", type=int, help="updates before it, default 3, 1,173 with CUDA")
    made.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    made.add_argument(
        "--precision",
        choices=("both", "float32", "bf16"),
        help="default both on cores, bf16 on one device",
    )
    made.add_argument(
        "--pack",
        type=_sizes,
        metavar="N,N,…",
        help="measure packs of these sizes on one device; default "
        f"{','.join(map(str, PACKS))} with CUDA",
    )
    made.add_argument(
        "--compile",
        action="append",
        choices=MODES,
        metavar="MODE",
        help=f"modes of torch.compile to measure on one device, of {', '.join(MODES)}; may be "
        f"repeated; default {MODES[0]} with CUDA, none on a CPU",
    )
    made.add_argument(
        "--path",
        action="append",
        metavar="NAME",
        help="paths of the training loop to measure, see benchmarks/training/graph.py; may be "
        "repeated; default all with CUDA; on a CPU there is one way, which has no name",
    )
    images = made.add_mutually_exclusive_group()
    images.add_argument(
        "--data",
        type=Path,
        help="folder with the cifar10 store (default: REPRODUCE_DATA, or data/ in the checkout; "
        "noise where there is none)",
    )
    images.add_argument("--noise", type=int, metavar="N", help="N random images instead")
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything measured there")
    return made


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(dict.fromkeys(int(word) for word in text.split(",")))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of sizes such as 1,4,15")
    return sizes


def check(arguments: argparse.Namespace) -> None:
    """Raise UserError for what cannot be measured."""
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
    if arguments.compile and arguments.device == "cpu" and not arguments.pack:
        raise UserError("--compile is measured on one device: give --pack 1 as well")
    if arguments.path and arguments.device == "cpu":
        raise UserError("--path is a way to reach a CUDA device: leave it out with --device cpu")


def paths(arguments: argparse.Namespace) -> list[str]:
    """The loop's paths that are measured, "" for the only one.

    Raises:
        UserError: where there is none of a name; loads torch.
    """
    from benchmarks.training.device_path import DevicePath

    if arguments.device == "cpu":
        return [""]
    known = [path.value for path in DevicePath]
    for name in arguments.path or ():
        if name not in known:
            raise UserError(f"--path {name!r} is none of {', '.join(known)}")
    return arguments.path or known


def complete(arguments: argparse.Namespace) -> None:
    """Fill in what was not given."""
    cuda = arguments.device == "cuda"
    arguments.pack = arguments.pack or (PACKS if cuda else ())
    rounds, seconds, precisions = ON_DEVICE if arguments.pack else ON_CORES
    arguments.rounds = arguments.rounds or rounds
    arguments.warmup = arguments.warmup or (warm_up.UPDATES_CUDA if cuda else warm_up.UPDATES)
    if not arguments.steps:
        arguments.seconds = arguments.seconds or seconds
    asked = {"both": ON_CORES[2], None: precisions}
    arguments.precision = asked.get(arguments.precision, (arguments.precision,))
    modes = arguments.compile or ([MODES[0]] if cuda else [])
    arguments.compile = [mode for mode in dict.fromkeys(modes) if mode != "none"]
