"""What selections still need: images, operations, memory and time; nothing is trained but for
short measurements, where these are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from analysis.documents.plan_work import HERE, Time, Work
from reproduce.catalogue.papers import papers
from reproduce.executors.slurm import cluster
from reproduce.executors.slurm.arrays import arrays
from reproduce.running import counting, devices, memory_needed
from reproduce.running.completion_times import completion_times
from reproduce.running.decoding import decoding_rate
from reproduce.running.estimate import Estimate, shared
from reproduce.running.launch_options import LaunchOptions, Resources, resources
from reproduce.running.matrix_products import FRACTION, multiplying_rate
from reproduce.running.speeds import Speed, Telling, speeds
from reproduce.running.standing import Standing, standing
from reproduce.running.workload import forward_images, trained_images, workload
from reproduce.store import hardware
from reproduce.store.provenance import capture

if TYPE_CHECKING:
    from benchmarks.run import Run
    from reproduce.catalogue.selection import Selection
    from reproduce.catalogue.tables import Table
    from reproduce.running.devices import Device
    from reproduce.store.planned_run import PlannedRun


@dataclass(frozen=True)
class Plan:
    """What each selection needs, and what the devices in its times are, the planned one first."""

    works: tuple[Work, ...]
    devices: Mapping[str, str]


def plan(
    selections: Sequence[Selection],
    options: LaunchOptions,
    *,
    device: str | None = None,
    measure: str = "none",
    telling: Telling | None = None,
) -> Plan:
    """Of every selection what is missing, what that takes, and what a budget has time for.

    Args:
        device: a name of :func:`reproduce.running.devices.devices` to plan for; by default the
            device at hand, with the named ones beside it.
        measure: what to do about networks whose speed neither records nor an earlier measurement
            tell: "each" measures every one for some 10 s, "one" measures one where nothing is known
            at all, "none" measures nothing; the others are scaled by their multiply-adds.
        telling: see :func:`reproduce.running.speeds.speeds`.

    Raises:
        UserError: for a device that is not known or not there, or a damaged record.
    """
    found = [standing(s.in_training_order, s.store, save_weights=False) for s in selections]
    missing = [[item.run for item in stand.missing] for stand in found]
    every = [run for runs in missing for run in runs]
    networks = counting.networks(
        [run for s in selections for run in (c.run(0, s.overrides) for c in s.cells)] + every
    )
    if device is not None:
        name, chosen = devices.find(device)
        planned = _Planner(options, networks, {name: chosen})
        return planned.plan(selections, found)
    means = resources(max(1, len(every)), options)
    rates = _speeds(selections, missing, means, networks, measure, telling)
    planned = _Planner(options, networks, devices.devices(), rates, means)
    return planned.plan(selections, found)


def _speeds(
    selections: Sequence[Selection],
    missing: Sequence[Sequence[Run]],
    means: Resources,
    networks: Mapping[str, counting.Network],
    measure: str,
    telling: Telling | None,
) -> dict[str, Speed]:
    """By workload, with those that nothing tells scaled from those that something does."""
    found: dict[str, Speed] = {}
    for selection, runs in zip(selections, missing, strict=True):
        each, store = measure == "each", selection.store
        found |= speeds(runs, store, means, seen=found, measured=each, telling=telling)
    if not found and measure == "one" and any(missing):
        at = next(k for k, runs in enumerate(missing) if runs)
        found = speeds(missing[at][:1], selections[at].store, means, telling=telling)
    costs = {
        workload(run.canonical()): networks[run.hash].multiply_adds
        for runs in missing
        for run in runs
    }
    known = [speed.images_per_second * costs[kind] for kind, speed in found.items()]
    if known:
        usual = median(known)
        for kind, cost in costs.items():
            found.setdefault(kind, Speed(usual / cost, "scaled"))
    return found


@dataclass(frozen=True)
class _Planner:
    options: LaunchOptions
    networks: Mapping[str, counting.Network]
    named: Mapping[str, Device]
    rates: Mapping[str, Speed] | None = None
    means: Resources | None = None

    def plan(self, selections: Sequence[Selection], found: Sequence[Standing]) -> Plan:
        works = [self._work(s, stand) for s, stand in zip(selections, found, strict=True)]
        told = {name: f"{d.title}; {d.source}" for name, d in self.named.items()}
        if self.means:
            kind, workers = self.means.device, self.means.workers
            count = f"{workers} worker{'s' if workers > 1 else ''}"
            here = capture("local", device_kind=kind, device_name=self._gpu())["device"]["name"]
            told = {HERE: f"{here}, {kind}, {count}, {self.means.pack} at once each", **told}
        return Plan(tuple(works), told)

    def _gpu(self) -> str | None:
        cuda = self.means is not None and self.means.device == "cuda"
        return next(iter(hardware.gpu_names()), None) if cuda else None

    def _work(self, selection: Selection, found: Standing) -> Work:
        table, missing = selection.table, [item.run for item in found.missing]
        first = selection.cells[0].run(0, selection.overrides)
        images = {run.hash: trained_images(run, self.options.data) for run in missing}
        flop = {run.hash: self._flop(run, images[run.hash]) for run in missing}
        means = self.means or Resources("cuda", 1, self.options.pack or hardware.CUDA_PACK)
        times, within = self._times(selection, missing, flop)
        parts = arrays(found.missing, table.name, 1, cluster.DEFAULT_MAX_ARRAY_SIZE)
        runs = missing or [cell.run(0, selection.overrides) for cell in selection.cells]
        return Work(
            id=table.id,
            title=table.title,
            group=next(paper.title for paper in papers() if paper.name == table.paper),
            form=table.form,
            precision=first.precision,
            cells=len(selection.cells),
            seeds=len(selection.seeds),
            done=len(found.finished),
            images=sum(images.values()),
            pflop=sum(flop.values()) / 1e15,
            cell_pflop=_by_cell(found.missing, flop),
            parameters=max(self.networks[run.hash].parameters for run in runs),
            pack=means.pack,
            bytes=max(self._bytes(run, means.pack) for run in runs),
            arrays=len(parts),
            tasks=max((len(part.tasks) for part in parts), default=0),
            times=times,
            decoded=self._decoded(missing, images),
            decoding=decoding_rate() if self._decoded(missing, images) else (0.0, 0),
            missing=tuple((item.cell, item.run.seed) for item in found.missing),
            fits=within,
            uncounted=tuple(dict.fromkeys(u for r in missing for u in _uncounted(r))),
        )

    def _flop(self, run: Run, images: int) -> int:
        """Of training, and of what else phases take through the network; evaluations, of which
        there may be any number, are left out."""
        network = self.networks[run.hash]
        return network.training_flop(images) + network.forward_flop(forward_images(run))

    def _decoded(self, missing: Sequence[Run], images: Mapping[str, int]) -> int:
        """Images that are decoded while they train."""
        return sum(
            images[run.hash] for run in missing if run.data.shape and run.data.shape.streamed
        )

    def _bytes(self, run: Run, pack: int) -> int:
        of_run = memory_needed.run_bytes(run, self.networks[run.hash])
        return pack * of_run + memory_needed.image_bytes(run)

    def _times(
        self, selection: Selection, missing: Sequence[Run], flop: Mapping[str, float]
    ) -> tuple[dict[str, Time], int | None]:
        """On each device, and how many runs a budget has time for on the first."""
        budget, times = self.options.budget, {}
        limit = budget.training_seconds if budget else 0.0
        fits: int | None = None
        if self.rates is not None:
            means = resources(len(missing), self.options)
            found = shared(missing, selection.store, self.options.data, means, self.rates)
            times[HERE] = _here(found, selection.table, sum(flop.values()), means)
            fits = None if found.unknown else _prefix(found.ends, limit)
        for name, device in self.named.items():
            if lacking := {r.precision for r in missing} - device.tflops.keys():
                times[name] = Time(None, None, f"not known in {', '.join(sorted(lacking))}")
                continue
            seconds = [device.seconds(flop[run.hash], run.precision) for run in missing]
            hours = sum(seconds) / 3600
            reached = sorted({device.tflops[r.precision] * device.fraction for r in missing})
            told = " and ".join(f"{rate:,.3g}" for rate in reached) or "0"
            times[name] = Time(hours, hours, f"assuming {told} TFLOP/s")
            if self.rates is None:
                pack = self.options.pack or hardware.CUDA_PACK
                fits = _prefix(completion_times(seconds, 1, pack), limit)
        return times, fits if budget else None


def _uncounted(run: Run) -> list[str]:
    return [phase.uncounted for phase in run.procedure.phases if phase.uncounted]


def _by_cell(missing: Sequence[PlannedRun], flop: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in missing:
        found[item.cell] = found.get(item.cell, 0.0) + flop[item.run.hash] / 1e15
    return found


def _here(found: Estimate, table: Table, flop: float, means: Resources) -> Time:
    """By the estimate, or of networks of unknown speed by something that is assumed of a CPU."""
    if found.unknown:
        command = f"reproduce plan {table.id}{table.option}"
        if means.device != "cpu":
            return Time(None, None, f"not measured yet: `{command}` does")
        rate = FRACTION * multiplying_rate()
        hours = flop / (1e12 * rate) / 3600
        how = f"assuming {rate:.2g} TFLOP/s a worker; `{command}` measures"
        return Time(hours, hours / means.workers, how)
    how = f"{found.source}, {found.images_per_second:,.0f} images/s" if found.runs else "–"
    return Time(found.worker_seconds / 3600, found.seconds / 3600, how)


def _prefix(ended: Sequence[float | None], limit: float) -> int:
    """How many from the first on have ended by then."""
    late = (k for k, end in enumerate(ended) if end is None or end > limit)
    return next(late, len(ended))
