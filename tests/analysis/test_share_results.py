"""Which printed numbers count as contradicted, and what is compared with them."""

from __future__ import annotations

from analysis.papers.locality.share_data_and_figure import tidy
from analysis.papers.locality.share_replay import Printed
from analysis.papers.locality.share_results import DEFAULT, WEIGHTS, Network, analyse
from analysis.papers.locality.shares import COMPARISONS, PARTS, Layer

STRUCTURES = {"Net": (1000, 3000)}
PRINTED = {
    ("Net", part, comparison): Printed("Net", part, comparison, text, "***")
    for part, text in (("all", "0.600"), ("lower", "0.750"), ("upper", "0.550"))
    for comparison in COMPARISONS
}


def network(name: str, lower: int, upper: int, arch: str = "Net") -> Network:
    counts = ((1000, lower), (3000, upper))
    none = dict.fromkeys(COMPARISONS, 0)
    layers = [Layer("a", "conv", n, dict.fromkeys(COMPARISONS, k), none) for n, k in counts]
    return Network(name, arch, "0" * 64, "its list", dict.fromkeys(WEIGHTS, layers))


def test_a_number_is_reproduced_where_one_file_of_its_network_gives_it() -> None:
    good, bad = network("good", 750, 1650), network("bad", 500, 1650)
    assert analyse(PRINTED, STRUCTURES, [good], {}, {}).holds
    both = analyse(PRINTED, STRUCTURES, [bad, good], {}, {})
    assert both.holds
    verdicts = {n.verdict for n in both.numbers if n.network is bad and n.reading == DEFAULT}
    assert verdicts == {"both differ", "reproduced", "share differs"}
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
    judged = [n.reading for n in found.numbers if n.verdict]
    assert judged == [DEFAULT] * len(PARTS) * len(COMPARISONS)
    halves = {row[3]: row[6] for row in tidy(found)[1].rows}
    assert halves == {1: "lower", 2: "upper"}
