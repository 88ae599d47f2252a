"""What a table still needs, in sentences; times and quantities as a plan words them."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.counted import counted
from analysis.documents.plan_work import HERE, Work

# Cells named one by one, at most.
NAMED_CELLS = 4


def time_text(hours: float) -> str:
    """Such as "43 s", "26 min", "17.3 h" or "123 days"."""
    units = (("s", 3600, 100), ("min", 60, 100), ("h", 1, 72))
    for unit, share, limit in units:
        if hours * share < limit:
            return f"{quantity(hours * share)} {unit}"
    return f"{quantity(hours / 24)} days"


def quantity(value: float) -> str:
    """Three significant digits, such as "0.427", "12.3" or "1,290"."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    digits = 2 if value < 10 else 1
    return f"{value:.{digits}f}" if value >= 1 else f"{value:.2g}"


def fit_text(work: Work, budget: str) -> str:
    """Such as "60 of 195 missing runs: seeds 0–3 of every cell, seed 4 of 8 cells"."""
    count, every = work.fits or 0, len(work.missing)
    if not every:
        return "nothing is missing"
    if count == every:
        return f"all {every} missing runs"
    if not count:
        return f"none of the {every} missing runs to its end; they go on in the next one"
    wanted, found = _by_seed(work.missing), _by_seed(work.missing[:count])
    whole = [seed for seed in found if len(found[seed]) == len(wanted[seed])]
    parts = [f"{_seeds(whole)} of every missing cell"] if whole else []
    for seed in found.keys() - set(whole):
        names = found[seed]
        told = ", ".join(names) if len(names) <= NAMED_CELLS else f"{len(names)} cells"
        parts.append(f"seed {seed} of {told}")
    return f"{count} of {every} missing runs: {'; '.join(parts)}"


def loader_text(work: Work) -> str:
    """Such as "images are decoded while they train: 130 images/s a CPU here (measured), 260 of 2
    CPUs, so at least 68.4 days of the time here"."""
    rate, cpus = work.decoding
    hours = work.decoded / (rate * cpus) / 3600
    return (
        f"{work.decoded / 1e6:,.1f} million images are decoded while they train: "
        f"{rate:,.0f} images/s a CPU here (measured), {rate * cpus:,.0f} of {cpus}, which alone "
        f"takes {time_text(hours)}; {quantity(work.decoded / rate / 3600)} CPU hours like these on "
        "any machine"
    )


def _by_seed(runs: Sequence[tuple[str, int]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for cell, seed in runs:
        found.setdefault(seed, []).append(cell)
    return found


def _seeds(seeds: Sequence[int]) -> str:
    if list(seeds) == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        return f"seeds {seeds[0]}–{seeds[-1]}"
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _cells(work: Work) -> list[str]:
    """What one cell takes, a line for those that take as much: such as "20 cells such as cifar100
    resnet-20 baseline E: 55.2 PFLOP each; A100 2.18 h, H200 38.1 min"."""
    alike: dict[str, list[str]] = {}
    for cell, pflop in work.cell_pflop.items() if work.pflop else ():
        alike.setdefault(quantity(pflop), []).append(cell)
    lines = []
    for told, cells in alike.items():
        share = work.cell_pflop[cells[0]] / work.pflop
        hours = ", ".join(
            f"{name} {time_text(time.hours * share)}"
            for name, time in work.times.items()
            if name != HERE and time.hours is not None
        )
        named = cells[0] if len(cells) == 1 else f"{len(cells)} cells such as {cells[0]}"
        each = " each" if len(cells) > 1 else ""
        lines.append(f"{named}: {told} PFLOP{each}{f'; {hours}' if hours else ''}")
    return lines


def sentences(work: Work, budget: str) -> list[str]:
    """The same of one table, in lines."""
    if not work.missing:
        return [f"all {work.runs} runs are done"]
    arrays = f"{counted(work.arrays, 'array')} of {counted(work.tasks, 'task')}"
    lines = [
        f"missing: {len(work.missing)} of {work.runs} runs, {work.images / 1e6:,.1f} million "
        f"images, {quantity(work.pflop)} PFLOP; on a cluster {arrays}",
        f"memory: about {work.bytes / 1e9:.1f} GB for {work.pack} at once, "
        f"{work.parameters / 1e6:,.2f} million weights",
    ]
    for name, time in work.times.items():
        if time.hours is None or time.wall is None:
            lines.append(f"{name}: {time.how}")
            continue
        alone = "" if time.wall == time.hours else f", {time_text(time.hours)} of one worker"
        lines.append(f"{name}: about {time_text(time.wall)}{alone} ({time.how})")
    lines += _cells(work)
    if work.uncounted:
        lines.append(f"not counted: {', '.join(work.uncounted)}")
    if work.decoded:
        lines.append(f"loader: {loader_text(work)}")
    if work.fits is not None:
        lines.append(f"{budget} has time for {fit_text(work, budget)}")
    return lines
