"""Which printed numbers count as contradicted, and what is compared with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.papers.locality.share_replay import Printed, Structure
from analysis.papers.locality.share_results import Network, analyse, place
from analysis.papers.locality.shares import COMPARISONS, PARTS

STRUCTURES = {"Net": Structure("Net", (1000, 3000))}
PRINTED = tuple(
    Printed("Net", part, comparison, text, stars)
    for part, text, stars in (("all", "0.600", "***"), ("lower", "0.750", "***"))
    for comparison in COMPARISONS
) + tuple(Printed("Net", "upper", comparison, "0.550", "***") for comparison in COMPARISONS)


@dataclass(frozen=True)
class Layer:
    filters: int
    larger: dict[str, int]
    equal: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMPARISONS, 0))
    name: str = "layer"
    kind: str = "conv"


def network(name: str, lower: int, upper: int, arch: str = "Net") -> Network:
    counts = ((1000, lower), (3000, upper))
    layers = tuple(Layer(n, dict.fromkeys(COMPARISONS, k)) for n, k in counts)
    return Network(name, arch, "0" * 64, "its list", layers, layers)


def test_a_number_is_reproduced_where_one_file_of_its_network_gives_it() -> None:
    good, bad = network("good", 750, 1650), network("bad", 500, 1650)
    assert analyse(PRINTED, STRUCTURES, [good], {}, {}).holds
    both = analyse(PRINTED, STRUCTURES, [bad, good], {}, {})
    assert both.holds
    assert {n.verdict for n in both.of(bad, "signed", "floor")} == {"both differ", "reproduced"} | {
        "share differs"
    }
    alone = analyse(PRINTED, STRUCTURES, [bad], {}, {})
    assert not alone.holds
    assert {printed.part for printed in alone.contradicted} == {"all", "lower"}


def test_missing_and_foreign_weights_contradict_nothing() -> None:
    assert analyse(PRINTED, STRUCTURES, [], {"Net": "get it"}, {}).holds
    found = analyse(PRINTED, STRUCTURES, [network("mine", 1, 1, arch="")], {}, {})
    assert found.holds
    assert {number.verdict for number in found.numbers} == {""}


def test_only_the_default_reading_is_compared() -> None:
    good = network("good", 750, 1650)
    found = analyse(PRINTED, STRUCTURES, [good], {}, {})
    judged = [(n.weights, n.halving) for n in found.numbers if n.verdict]
    assert judged == [("signed", "floor")] * len(PARTS) * len(COMPARISONS)
    assert [place(good, index) for index in (0, 1)] == ["lower", "upper"]
