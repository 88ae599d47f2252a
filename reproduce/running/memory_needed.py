"""Whether what is to be trained fits in the device's memory, told before anything starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from reproduce.running import counting
from reproduce.running.launch_options import resources
from reproduce.store import hardware

if TYPE_CHECKING:
    from benchmarks.run import Run
    from reproduce.running.launch_options import LaunchOptions
    from reproduce.store.planned_run import PlannedRun

GB = 1e9


def run_bytes(run: Run, network: counting.Network) -> int:
    """About what training the run takes on its device, without the images."""
    batches = [getattr(phase, "batch_size", 1) for phase in run.procedure.phases]
    return network.training_bytes(max(batches), run.precision)


def image_bytes(run: Run) -> int:
    """Of the data set, which lies on the device once for all runs of a process, or of a batch of
    it where it is streamed; 0 where its size is not known."""
    shape = run.data.shape
    if shape is None:
        return 0
    batches = [getattr(phase, "batch_size", 1) for phase in run.procedure.phases]
    images = max(batches) if shape.streamed else shape.train + shape.test
    return images * 3 * shape.side**2


def fitting(missing: Sequence[PlannedRun], options: LaunchOptions) -> tuple[LaunchOptions, str]:
    """The options with no more workers than memory holds, where nobody has said how many; and what
    is to be told of that, or "".

    On CUDA one run has to fit: a pack that does not is halved when that shows.

    Raises:
        UserError: for a run that does not fit even alone, with what does.
    """
    means = resources(len(missing), options)
    free = hardware.device_memory(means.device)
    if free is None or not missing:
        return options, ""
    networks = counting.networks(item.run for item in missing)
    images = max(image_bytes(item.run) for item in missing)
    own = hardware.WORKER_BYTES if means.device == "cpu" else 0
    needed = {item.cell: max(own, run_bytes(item.run, networks[item.run.hash])) for item in missing}
    _refuse({cell: size + images for cell, size in needed.items()}, free)
    if means.device != "cpu":
        return options, ""
    pack = means.pack * max(needed.values())
    held = max(1, (free - images) // pack)
    if options.workers is not None or held >= means.workers:
        return options, ""
    told = (
        f"{held} worker{'s' if held > 1 else ''} instead of {means.workers}: each takes about "
        f"{pack / GB:.1f} GB, and {free / GB:.1f} GB are free; --workers decides otherwise"
    )
    return replace(options, workers=held), told


def _refuse(needed: Mapping[str, int], free: int) -> None:
    too_large = {cell: size for cell, size in needed.items() if size > free}
    if not too_large:
        return
    cell = max(too_large, key=too_large.__getitem__)
    others = [name for name in needed if name not in too_large]
    fit = f"--only {others[0]!r} would fit" if others else "none of those selected fits"
    if len(others) > 1:
        fit = f"{len(others)} of the {len(needed)} cells fit, such as --only {others[0]!r}"
    raise UserError(
        f"{cell} needs about {too_large[cell] / GB:.1f} GB to train, and {free / GB:.1f} GB are "
        f"free here: {fit}; elsewhere it may fit, such as by --executor slurm"
    )
