"""What a network costs, counted from the network itself before anything is trained.

``python -m reproduce.running.counting`` counts the networks that a JSON list on standard input
names: a process of its own, so that the command that asks does not load torch. Networks are built
without memory for their weights, so that one of 256 million is counted in a moment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.models import Model
from benchmarks.parts import made
from reproduce.catalogue.papers import papers
from reproduce.store.paths import ROOT

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.run import Run

# Products and sums of one multiply-add; and of training, forward and twice as much backward.
FLOP, PASSES = 2, 3
# What an update keeps beside a weight: its gradient and one state of the optimiser.
COPIES = 3
FLOAT_BYTES = 4
HALVED = ("bf16", "float16")
# Images of whom the class and size are not registered are taken for these.
CLASSES, SIDE = 10, 32


class Network(msgspec.Struct, frozen=True):
    """A network's counts.

    Attributes:
        multiply_adds: of one image's way through it.
        parameters: trainable numbers.
        kept_bytes: what autograd keeps of an image in float32 until the backward pass.
    """

    multiply_adds: int
    parameters: int
    kept_bytes: int

    def training_flop(self, images: int) -> int:
        """Operations of training on so many images; the update, which is small, is not counted."""
        return PASSES * FLOP * self.multiply_adds * images

    def forward_flop(self, images: int) -> int:
        """Operations of so many images' way through it."""
        return FLOP * self.multiply_adds * images

    def training_bytes(self, batch: int, precision: str) -> int:
        """About what training takes on its device, without the images."""
        kept = self.kept_bytes * batch // (2 if precision in HALVED else 1)
        return self.parameters * FLOAT_BYTES * COPIES + kept


_known: dict[str, Network] = {}


def networks(runs: Iterable[Run]) -> dict[str, Network]:
    """The network of each run by its hash; each kind is counted once in a process.

    Raises:
        RuntimeError: where a network cannot be counted.
    """
    keys = {run.hash: _key(run) for run in runs}
    new = sorted(set(keys.values()) - _known.keys())
    if new:
        done = subprocess.run(
            [sys.executable, "-m", "reproduce.running.counting"],
            input=json.dumps(new),
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no word"]
            raise RuntimeError(f"counting the networks failed: {said[-1]}")
        _known.update(zip(new, msgspec.json.decode(done.stdout, type=list[Network]), strict=True))
    return {name: _known[key] for name, key in keys.items()}


def _key(run: Run) -> str:
    classes, stored, *_ = run.data.shape or (CLASSES, SIDE)
    side = run.data.side(stored)
    return json.dumps([run.model.canonical(), classes, side], sort_keys=True)


def count(model: Model, classes: int, side: int) -> Network:
    """The counts of a network for images of that side."""
    import torch

    from benchmarks.models.describe import multiply_adds

    with torch.device("meta"):
        network = model.network(classes, side)
    return Network(
        multiply_adds(network, side),
        sum(parameter.numel() for parameter in network.parameters()),
        _kept(network, side),
    )


def _kept(network: nn.Module, side: int) -> int:
    """Bytes that the forward pass of an image leaves for the backward pass; batch-norm needs two
    images to train on."""
    import torch

    own = {p.untyped_storage()._cdata for p in (*network.parameters(), *network.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = network.train()(torch.zeros(2, 3, side, side, device="meta"))
    del output
    return sum(storage.nbytes() for storage in kept.values()) // 2


def main() -> None:
    """Count what standard input asks for."""
    papers()  # whose own networks may be asked for
    asked: list[list[Any]] = [json.loads(key) for key in json.load(sys.stdin)]
    found = [count(made(Model, model), classes, side) for model, classes, side in asked]
    sys.stdout.write(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
