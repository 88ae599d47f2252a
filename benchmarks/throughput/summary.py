"""From rounds of samples to medians, ratios and the regulariser's share of a step."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.throughput.contenders import BATCH, Contender, Sample

Round = dict[Contender, Sample]

# What the suite promises on two CPU cores with AVX512-BF16: (kind, reference, precision) → least
# ratio, most share of a step, most MiB of a process.
LEAST_RATIO = {
    ("ours", "plain", "float32"): 1.3,
    ("ours", "bare", "float32"): 0.97,
    ("ours", "plain", "bf16"): 2.0,
}
MOST_REGULARIZER_SHARE = 0.02
MOST_PEAK_MIB = 1.5e9 / 2**20


@dataclass(frozen=True)
class Spread:
    """A quantity over the rounds."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Its median."""
        return statistics.median(self.rounds)

    def as_json(self) -> dict[str, Any]:
        """Median, extremes and every round."""
        extremes = {"min": min(self.rounds), "max": max(self.rounds)}
        return {"median": self.median, **extremes, "rounds": list(self.rounds)}


@dataclass(frozen=True)
class Ratio:
    """Images/s of one contender over another's in the same round."""

    above: Contender
    below: Contender
    spread: Spread

    @property
    def target(self) -> float | None:
        """The least that is promised, where anything is."""
        if self.above.pack > 1:
            return None
        return LEAST_RATIO.get((self.above.kind, self.below.kind, self.above.precision))


def ratios(rounds: Sequence[Round]) -> list[Ratio]:
    """Each of ours over plain, over bare, and bare over plain, paired within rounds."""
    present = list(rounds[0])
    plain = next(contender for contender in present if contender.kind == "plain")
    found = []
    for ours in (contender for contender in present if contender.kind == "ours"):
        bare = Contender("bare", ours.precision, ours.processes, ours.pack)
        for above, below in ((ours, plain), (ours, bare), (bare, plain)):
            found.append(Ratio(above, below, _ratio(rounds, above, below)))
    return found


def _ratio(rounds: Sequence[Round], above: Contender, below: Contender) -> Spread:
    return Spread(
        tuple(each[above].images_per_second / each[below].images_per_second for each in rounds)
    )


def speed(rounds: Sequence[Round], contender: Contender) -> Spread:
    """Images/s of all processes of a contender together."""
    return Spread(tuple(each[contender].images_per_second for each in rounds))


def peak_mib(rounds: Sequence[Round], contender: Contender) -> float:
    """The largest resident memory of any of its processes in any round, MiB."""
    return max(each[contender].peak_mib for each in rounds)


def update_seconds(rounds: Sequence[Round], name: str) -> Spread:
    """Time of one update of that name, mean over the processes, in seconds."""
    return Spread(tuple(_update_seconds(each, name) for each in rounds))


def regularizer_share(rounds: Sequence[Round], ours: Contender) -> Spread:
    """What the decay's coefficients add to an update, as a share of a step of ``ours``.

    A step lasts processes · batch / (images/s); the addition is the update with LOCO-Reg minus the
    update without any decay, both timed in the same round.
    """
    shares = []
    for each in rounds:
        added = _update_seconds(each, "locality") - _update_seconds(each, "no decay")
        step = ours.processes * BATCH / each[ours].images_per_second
        shares.append(added / step)
    return Spread(tuple(shares))


def _update_seconds(each: Round, name: str) -> float:
    replies = next(sample.replies for who, sample in each.items() if who.kind == "update")
    return statistics.mean(reply["update_seconds"][name] for reply in replies)


def of_kind(rounds: Sequence[Round], *kinds: str) -> list[Contender]:
    """The measured contenders of some kinds, in order."""
    return [contender for contender in rounds[0] if contender.kind in kinds]


def as_json(rounds: Sequence[Round], machine: dict[str, Any], settings: dict[str, Any]) -> dict:
    """Everything measured, with the rounds and each process's own answer."""
    updates = sorted(_reply_of(rounds)["update_seconds"])
    return {
        "schema": 1,
        "machine": machine,
        "settings": settings,
        "contenders": {who.name: _contender_json(rounds, who) for who in rounds[0]},
        "ratios": [
            {
                "above": ratio.above.name,
                "below": ratio.below.name,
                "least": ratio.target,
                **ratio.spread.as_json(),
            }
            for ratio in ratios(rounds)
        ],
        "regularizer": {
            "update_seconds": {name: update_seconds(rounds, name).as_json() for name in updates},
            "share_of_step": {
                ours.name: regularizer_share(rounds, ours).as_json()
                for ours in of_kind(rounds, "ours")
                if ours.pack == 1
            },
            "most": MOST_REGULARIZER_SHARE,
        },
    }


def _contender_json(rounds: Sequence[Round], who: Contender) -> dict[str, Any]:
    return {
        "processes": who.processes,
        "pack": who.pack,
        "images_per_second": speed(rounds, who).as_json(),
        "peak_mib": peak_mib(rounds, who),
        "replies": [list(each[who].replies) for each in rounds],
    }


def _reply_of(rounds: Iterable[Round]) -> dict[str, Any]:
    return next(s.replies[0] for each in rounds for who, s in each.items() if who.kind == "update")
