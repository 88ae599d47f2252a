"""Our training loop as every run uses it: seeded order and flips, LOCO-Reg, progress, curve."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.data import store
from benchmarks.data.images import Images
from benchmarks.models import VGG10
from benchmarks.objectives import Objective
from benchmarks.penalties import DenseL2, LocoReg
from benchmarks.procedures import Procedure, Train
from benchmarks.run import Run
from benchmarks.schedules import Steps
from benchmarks.throughput.worker import Options, Window, read_options, reply, run
from benchmarks.training.loop import Progress, prepare, train

ENDLESS = 1_000_000


def run_of(options: Options, digest: str, seed: int) -> Run:
    """A cell of Table III (γ = 1.6, η = 2.4) that does not end by itself."""
    locality = LocoReg(gamma=Decimal("1.6"), eta=Decimal("2.4"))
    return Run(
        seed=seed,
        data=Images(name="cifar10", identity=digest),
        model=VGG10(),
        objective=Objective(penalties=(locality, DenseL2())),
        schedule=Steps(),
        procedure=Procedure(phases=(Train(epochs=ENDLESS),)),
        precision=options.precision,  # type: ignore[arg-type]
    )


def main() -> None:
    """Train a pack until the window closes."""
    options = read_options(__doc__)
    prepare(options.device)
    dataset = store.read(options.data, "cifar10")
    seeds = range(options.seed, options.seed + options.pack)
    runs = [run_of(options, dataset.digest, seed) for seed in seeds]
    window = Window(options, group=options.pack)
    seen: dict[str, int] = {}

    def on_progress(progress: Progress) -> None:
        images = progress.images_seen - seen.get(progress.run_hash, 0)
        if images:  # evaluated batches report progress too
            seen[progress.run_hash] = progress.images_seen
            window.tick(images)

    outcomes = train(
        runs, dataset, options.device, on_progress=on_progress, should_stop=lambda: window.over
    )
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    if not window.over:
        raise RuntimeError("training ended before the window did: every run has diverged")
    reply(window)


if __name__ == "__main__":
    run(main)
