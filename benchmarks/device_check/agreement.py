"""Whether numbers agree: the device's with plain arithmetic, a pack's with single runs', and those
of a resumed run with an uninterrupted one's.

**Apart.** How far two trainings from one state have come apart, tensor by tensor, as a share of how
far the reference has moved; of that the median over the tensors and the worst.

**Rounding.** Two correct computations in float32 differ by rounding, which is nothing until it
decides a ReLU or a pooling the other way: then an update changes by a hundredth. That is luck, so
the nearest of :data:`RUNS` runs counts; a fault is in all of them. Correct kernels, measured on a
CPU, were apart by at most 0.011 in the median and 0.09 at worst; products rounded as TensorFloat-32
does by at least 0.03 and 0.11, a rate that does not fall, a momentum of 0.8 for 0.9 or missing
flips by 0.19 and more, a wrong coefficient of decay by 0.16 at worst. :data:`LIMITS` lie between.

In bf16 rounding decides so much that the limit is twice what the plain loop under autocast is apart
from itself in float64, in the median. Runs that are compared with themselves on one device have to
be within :data:`OWN_LIMITS`: other images or flips put them apart by at least 0.5.

**Spread.** At the rates of real training rounding soon decides everything, and only distributions
agree. A run in a pack is compared with the run alone, and so is the run alone once more, with its
images moved by a part in 2¹⁸; the three are alike, so the pack's is further off in half of the
cases. It fails where it is in more than a fair coin allows (exact one-sided sign test at
:data:`LEVEL`; equal distances decide nothing).
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import torch

from benchmarks.device_check.finding import Finding, judged
from benchmarks.device_check.plain_loop import initial_state, train_plainly
from benchmarks.device_check.probe_runs import Precision, Probe, Say, Trained
from benchmarks.run import Run
from benchmarks.training import loop

# Of the median and the worst tensor, in float32.
LIMITS, OWN_LIMITS = (0.02, 0.1), (0.1, 0.5)
RUNS, BF16_MARGIN = 3, 2.0
MOVED = 2.0**-18
LEVEL, PAIRS, LONG_EPOCHS, REAL_RATE = 0.005, 10, 20, Decimal("0.05")
EXACT = "bit for bit on a CPU"
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Apart:
    """See the module's text; infinite where something is not finite."""

    median: float
    worst: float

    def __str__(self) -> str:
        return f"{self.median:.2g} (at worst {self.worst:.2g})"

    def within(self, limits: tuple[float, float]) -> bool:
        """Whether both are."""
        return self.median <= limits[0] and self.worst <= limits[1]


def apart(found: Trained, reference: Trained, initial: dict[str, torch.Tensor]) -> Apart:
    """How far two trainings have come apart that began in the state ``initial``."""
    shares = []
    for name, begun in initial.items():
        if not begun.is_floating_point():  # a count of updates
            if not torch.equal(found.state[name], reference.state[name]):
                return Apart(math.inf, math.inf)
            continue
        ours, theirs = found.state[name].double(), reference.state[name].double()
        off, moved = float((ours - theirs).norm()), float((theirs - begun.double()).norm())
        share = off / moved if moved else (math.inf if off else 0.0)
        shares.append(share if math.isfinite(share) else math.inf)
    return Apart(statistics.median(shares), max(shares))


def first_steps(probe: Probe, say: Say, precision: Precision) -> Finding:
    """The loop's first updates against the plain loop in float64, and the CPU's beside them."""
    sides = {probe.device.type: probe.device, "cpu": CPU}
    found: dict[str, list[Apart]] = {name: [] for name in sides}
    rounding = []
    for seed in range(RUNS):
        run = probe.run(seed, precision=precision)
        initial = initial_state(run, probe.dataset)
        say(f"seed {seed}, plain float64 on the CPU")
        exact = train_plainly(run, probe.dataset, torch.float64)
        if precision == "bf16":
            say(f"seed {seed}, plain bf16 on the CPU")
            rounded = train_plainly(run, probe.dataset, torch.float32)
            rounding.append(apart(rounded, exact, initial).median)
        for name, device in sides.items():
            say(f"seed {seed}, the training loop on {name}")
            (trained,) = probe.train([run], on=device)
            found[name].append(apart(trained, exact, initial))
    limits, rule = LIMITS, f"the nearest of {RUNS} runs: {_limits(LIMITS)}"
    if rounding:
        limits = BF16_MARGIN * max(rounding), math.inf
        rule = f"≤ {limits[0]:.2g}, twice what rounding to bf16 does to the plain loop"
    nearest = {n: min(each, key=lambda one: one.median) for n, each in found.items()}
    wrong = [n for n, each in found.items() if not any(one.within(limits) for one in each)]
    advice = f"the update on {' and '.join(wrong)} is wrong: trust no number from there"
    if "cuda" in wrong and precision == "float32":
        advice += "; is TensorFloat-32 on, or is something baked into a graph?"
    return Finding(
        f"first steps, {precision}",
        judged(not wrong),
        "from plain float64: " + ", ".join(f"{name} {one}" for name, one in nearest.items()),
        rule,
        advice if wrong else "",
        {name: [asdict(one) for one in each] for name, each in found.items()},
    )


def _limits(limits: tuple[float, float]) -> str:
    return f"≤ {limits[0]} (at worst ≤ {limits[1]}), beyond what rounding does"


def pack(probe: Probe, say: Say) -> Finding:
    """Each run of a pack against itself alone."""
    runs = probe.runs()
    say(f"a pack of {len(runs)}")
    packed = probe.train(runs)
    alone = []
    for run in runs:
        say(f"seed {run.seed} alone")
        alone += probe.train([run])
    name = f"pack of {len(runs)} against 1"
    advice = "runs that share the device change each other: use --pack 1, and report this"
    return same_runs(probe, name, advice, (runs, packed, alone))


def resumed(probe: Probe, say: Say) -> Finding:
    """A pack that was left after its first epoch and continued, against one that was not."""
    runs = probe.runs()[: max(1, min(2, probe.members))]
    say("uninterrupted")
    whole = probe.train(runs)
    with tempfile.TemporaryDirectory(prefix="device-check-") as folder:
        say("left after an epoch")
        loop.prepare(probe.device)
        left = loop.train(
            runs,
            probe.dataset,
            probe.device,
            checkpoints=Path(folder),
            should_leave=lambda: True,
        )
        saved = sum(path.suffix == ".ckpt" for path in Path(folder).iterdir())
        say("resumed")
        continued = probe.train(runs, checkpoints=Path(folder))
    name = "resumed against whole"
    if saved != len(runs) or any(outcome.finished for outcome in left):
        found = f"{saved} of {len(runs)} runs were saved where they were asked to leave"
        return Finding(name, "FAIL", found, "every run is saved", "do not interrupt training here")
    advice = "a resumed run is another one: let none be interrupted here, and report this"
    return same_runs(probe, name, advice, (runs, continued, whole))


def same_runs(
    probe: Probe,
    name: str,
    advice: str,
    sides: tuple[Sequence[Run], Sequence[Trained], Sequence[Trained]],
) -> Finding:
    """Runs, what they came to and what they should have: on a CPU bit for bit, elsewhere within
    rounding, run by run."""
    runs, pairs = sides[0], list(zip(*sides, strict=True))
    equal = [ours.same(theirs) for _, ours, theirs in pairs]
    if probe.exact:
        differing = [run.seed for (run, *_), same in zip(pairs, equal, strict=True) if not same]
        text = f"{sum(equal)} of {len(runs)} runs have the same bits"
        if differing:
            text += f"; not those of seed {', '.join(map(str, differing))}"
        return Finding(name, judged(not differing), text, EXACT, advice if differing else "")
    off = [apart(a, b, initial_state(run, probe.dataset)) for run, a, b in pairs]
    worst = max(off, key=lambda one: one.worst)
    passes = all(one.within(OWN_LIMITS) for one in off)
    text = f"apart by {worst}, {sum(equal)} of {len(runs)} runs bit for bit"
    rule = _limits(OWN_LIMITS)
    numbers = {"apart": [asdict(one) for one in off], "equal": sum(equal)}
    return Finding(name, judged(passes), text, rule, "" if passes else advice, numbers)


def spread(probe: Probe, say: Say) -> Finding:
    """Runs of a pack, trained longer, against the spread of repeated single runs."""
    closer, further = 0, 0
    size = max(1, probe.members)
    for first in range(0, PAIRS, size):
        runs = [
            probe.run(first + k, epochs=LONG_EPOCHS, learning_rate=REAL_RATE) for k in range(size)
        ]
        say(f"a pack of {size} for {LONG_EPOCHS} epochs")
        packed = probe.train(runs)
        for run, ours in zip(runs, packed, strict=True):
            say(f"seed {run.seed} alone, twice")
            (alone,) = probe.train([run])
            (again,) = probe.train([run], dataset=probe.moved(MOVED))
            by_pack, by_rounding = (abs(x.losses[-1] - alone.losses[-1]) for x in (ours, again))
            closer += by_pack < by_rounding
            further += by_pack > by_rounding
    return judge_spread(closer, further)


def judge_spread(closer: int, further: int) -> Finding:
    """The sign test on how many runs of packs lie closer to the run alone than its repetition, and
    how many further off."""
    count = closer + further
    chance = sum(math.comb(count, k) for k in range(further, count + 1)) / 2**count
    passes = chance >= LEVEL
    return Finding(
        "pack within the spread",
        judged(passes),
        f"{further} of {count} runs are further off in a pack than when repeated, p = {chance:.2g}",
        f"p ≥ {LEVEL}, exact sign test on the last training loss",
        "" if passes else "packs are no single runs: use --pack 1, and report this",
        {"closer": closer, "further": further, "p_value": chance},
    )
