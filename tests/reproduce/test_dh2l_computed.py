"""What of the DH2L paper trains nothing: the axioms, known energies, and Figures 1 to 4."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import untrained_helpers as helpers

from analysis.papers.dh2l import axioms, configurations, geometry, metrics
from reproduce.__main__ import run
from reproduce.catalogue.readings import load
from reproduce.dh2l import table7

FAST = {"axioms": ["--triples", "1000"], "figures": []}


@pytest.fixture(scope="module")
def tested() -> dict[str, axioms.Tested]:
    """Every form on few triples."""
    return {found.form.name: found for found in axioms.examine_all(1000)}


@pytest.fixture(scope="module")
def compared() -> tuple[configurations.Compared, ...]:
    """Every known arrangement and energy."""
    return configurations.compare(starts=4)


def test_which_distances_are_metrics(tested: dict[str, axioms.Tested]) -> None:
    kinds = {kind: {n for n, t in tested.items() if t.kind == kind} for kind in ("metric", "none")}
    assert kinds["metric"] == {"θ", "‖ŵ_i − ŵ_j‖", "D_AM", "D'_AM"}
    assert set(tested) - kinds["metric"] - kinds["none"] == {"D_h01, binary", "D'_h01"}
    for found in tested.values():
        assert found.triangle == bool(found.form.reason), found.form.name
        assert found.asymmetry < 1e-12
        assert found.low > -1e-12
        assert found.high == pytest.approx(2 if found.form.name in TWO else 1, abs=1e-4)


TWO = ("‖ŵ_i − ŵ_j‖", "D_HM, factor 4", "D'_HM, factor 4")


def test_counter_examples_are_as_bad_as_those_known(tested: dict[str, axioms.Tested]) -> None:
    """A plain random search found violations of these sizes in up to four dimensions."""
    least = {
        "D_GM": 0.559,
        "D_GM, root": 0.391,
        "D_HM, factor 4": 0.891,
        "D_HM, factor 2": 0.446,
        "1 − D_cos(AM)": 0.2498,
        "1 − D_cos(GM)": 0.797,
        "1 − D_cos(HM), factor 4": 0.985,
        "1 − D_AMcos": 0.249,
        "1 − D_GMcos": 0.228,
        "1 − D_HMcos, with π": 0.342,
    }
    for name, known in least.items():
        found = tested[name]
        # The violation is that of the triple itself, from its vectors.
        assert float(axioms.violation(found.form, found.triple)) == found.violation
        assert found.violation > known - 0.005, name
    # 1 − cos of 0°, 60° and 120°: 3/4 − 1/4 − 1/4.
    assert tested["(1 − cos)/2"].violation == pytest.approx(0.25, abs=1e-6)


def test_ternary_signs_put_vectors_with_zeros_apart_from_themselves(
    tested: dict[str, axioms.Tested],
) -> None:
    assert tested["D_h01, ternary"].itself == pytest.approx(5 / 12)  # an axis of R^6
    assert tested["D_h01, binary"].itself == 0
    assert not tested["D_h01, binary"].tells_apart
    assert not tested["1 − D_cos(HM), factor 4"].tells_apart


def test_energies_in_closed_form() -> None:
    n = 7
    ring = configurations.polygon(n)
    assert metrics.energy("N-euclidean2", ring) == pytest.approx((n + 1) / 12)
    assert metrics.energy("N-euclidean0", ring) == pytest.approx(-np.log(n) / (n - 1))
    simplex = configurations.simplex(5)
    assert simplex @ simplex.T == pytest.approx(np.where(np.eye(6), 1, -1 / 5))
    assert metrics.energy("N-euclidean2", simplex) == pytest.approx(5 / 12)
    cell = configurations.cell24()
    assert metrics.energy("N-euclidean2", cell) * 24 * 23 == pytest.approx(334)
    for arrangement in configurations.arrangements():
        for metric in metrics.ENERGIES:
            expected = arrangement.closed_form(metric)
            found = metrics.energy(metric, arrangement.points)
            assert found == pytest.approx(expected, abs=1e-8), arrangement.name
            assert configurations.mean_energy(metric, arrangement.points) == pytest.approx(found)


@pytest.mark.parametrize("metric", metrics.ENERGIES)
def test_the_gradient_is_that_of_the_energy(metric: str) -> None:
    vectors = np.random.default_rng(4).normal(size=(5, 3))
    value, gradient = configurations.with_gradient(metric, vectors)
    assert value == pytest.approx(metrics.energy(metric, vectors))
    for index in np.ndindex(vectors.shape):
        step = np.zeros_like(vectors)
        step[index] = 1e-6
        sides = [configurations.with_gradient(metric, vectors + s * step)[0] for s in (1, -1)]
        assert gradient[index] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)


def test_minima_are_reached(
    compared: tuple[configurations.Compared, ...],
) -> None:
    outcomes = {(c.arrangement.name, c.metric): c for c in compared}
    beaten = {name for name, c in outcomes.items() if c.outcome == "beaten"}
    assert {c.outcome for c in outcomes.values()} == {"reached", "beaten"}
    # Two pairs of opposite points: pairs at 180° count as much as four at 90° leave.
    assert beaten == {("simplex, 4 points", "angular0"), ("simplex, 9 points", "angular0")}
    crossed = -(2 * np.log(np.pi) + 4 * np.log(np.pi / 2)) / 6
    assert outcomes["simplex, 4 points", "angular0"].found == pytest.approx(crossed, abs=1e-6)
    # Three pairs of opposite points and an equilateral triangle, all orthogonal to each other.
    pairs = -(3 * np.log(np.pi) + 3 * np.log(2 * np.pi / 3) + 30 * np.log(np.pi / 2)) / 36
    assert outcomes["simplex, 9 points", "angular0"].found == pytest.approx(pairs, abs=1e-6)


def test_the_figures_show_what_their_captions_say() -> None:
    assert geometry.series(2, 0.5, 60).sum() == pytest.approx(geometry.limit(2, 0.5)) == 4
    circles = geometry.packed(0.4, 3, 3)
    assert len(circles) == 1 + 3 + 9
    for one in circles[1:]:
        assert np.hypot(*one.centre) + one.radius <= 1 + 1e-12
        for other in circles[1:]:
            if other is not one and other.level == one.level:
                apart = np.hypot(*np.subtract(one.centre, other.centre))
                assert apart >= one.radius + other.radius - 1e-12
    with pytest.raises(ValueError, match="do not fit"):
        geometry.packed(0.5, 2, 3)
    pairs = [geometry.compare(*geometry.fan()[i : i + 2]) for i in range(2)]
    assert pairs[0].angle == pytest.approx(pairs[1].angle) == pytest.approx(50)
    assert [pair.product for pair in pairs] == [1, 0]
    assert np.abs(geometry.example().centres).min() > 0.1  # no sign is rounding's
    glued = geometry.example().glued(0.3)
    assert np.linalg.norm(glued.projections, axis=1) == pytest.approx(0.3)
    assert len(glued.sibling_pairs()) == 3 * 3


@pytest.mark.parametrize("name", FAST)
def test_commands_write_all_their_files(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tested: dict[str, axioms.Tested],
    compared: tuple[configurations.Compared, ...],
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    # What the tests above have computed is not computed again.
    monkeypatch.setattr(axioms, "examine_all", lambda count: tuple(tested.values()))
    monkeypatch.setattr(configurations, "compare", lambda: compared)
    assert run([f"dh2l/{name}", *FAST[name], "--results", str(tmp_path), "--quick"]) == 0
    text = capsys.readouterr().out
    assert "--quick changes nothing" in text
    assert max(map(len, text.partition("\n--quick")[0].splitlines())) <= 80
    base = tmp_path / "variants" / "triples=1000" if name == "axioms" else tmp_path
    files = helpers.contents(base / "dh2l" / name)
    kinds = {file.partition(".")[2] for file in files}
    assert {"csv", "tex", "json", "statements.csv"} <= kinds
    drawn = {f"figure{number}.png" for number in range(1, 5)}
    assert drawn & kinds == (drawn if name == "figures" else set())
    facts = json.loads(files[f"{name}.json"])
    assert facts["readings"]
    slips = {s["claim"]["slip"] for s in facts["statements"] if not s["agrees"]}
    assert slips == ({"H-07", "H-08", "H-10"} if name == "axioms" else set())
    assert all(s["agrees"] != bool(s["claim"]["slip"]) for s in facts["statements"])
    assert len(list(csv.DictReader(files[f"{name}.csv"].decode().splitlines()))) > 8


def test_too_few_triples_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dh2l/axioms", "--triples", "3", "--results", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--triples must lie in" in line


def test_table_7_says_what_was_counted(tmp_path: Path) -> None:
    document = table7.document(tmp_path)
    assert document.holds
    (sources,) = (b for b in document.blocks if getattr(b, "title", "") == "Sources")
    assert {note.text for note in sources.items} == {"counted in the register"}  # type: ignore[union-attr]


def test_readings_run_on() -> None:
    found = load("dh2l")
    assert [reading.id for reading in found] == [f"H-{n:02d}" for n in range(1, len(found) + 1)]
    for reading in found:
        assert reading.question.endswith("?"), reading.id
        assert reading.evidence.endswith("."), reading.id
