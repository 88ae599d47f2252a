"""The structured-sparsity draft's trained figures: frozen names, shared runs, costs, claims."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from record_makers import make

from analysis.documents.blocks import Data
from analysis.documents.panels import FigureBlock
from analysis.documents.table_notes import statements
from analysis.papers.structured_sparsity import measurement_names
from benchmarks.models import PairedNet
from benchmarks.procedures import thresholds
from benchmarks.procedures.shrink_model import of_layers
from benchmarks.procedures.thresholds import Thresholds
from benchmarks.run import Run, digest_of, from_canonical
from reproduce.__main__ import run
from reproduce.catalogue import readings
from reproduce.catalogue.selection import select
from reproduce.catalogue.table_result import build
from reproduce.catalogue.tables import Table, spelled
from reproduce.store.schema import seal
from reproduce.store.store import Store
from reproduce.structured_sparsity import bases, figure1, figure3, figure4, figure5
from reproduce.structured_sparsity.protocol import FORMS, FULL, REDUCED

TABLES = {m.TABLE.name: m.TABLE for m in (figure1, figure3, figure4, figure5, bases)}
EVERY = [(t, form) for t in TABLES.values() for form in ("full", *t.forms)]
HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden_structured_sparsity.json").read_text())
BEFORE = GOLDEN.pop("S-31=0")
COMMITTED = HERE.parents[1] / "results/reduced/measured/structured-sparsity-figure4.csv"


@pytest.mark.parametrize(("table", "form"), EVERY, ids=[f"{t.name} {f}" for t, f in EVERY])
def test_configurations_are_frozen(table: Table, form: str) -> None:
    """A changed hash disowns every record of the cell: never edit the golden file to pass."""
    own = {cell.name: cell.run(0).configuration_hash for cell in table.of_form(form).cells}
    assert digest_of(own) == GOLDEN[f"{table.name} {form}"]


def test_runs_of_before_are_a_reading() -> None:
    """With the statistics of training (S-31) hashes are those from before there was a choice."""
    old = {"procedure.phases.thresholds.renew": "0"}
    for table, form in EVERY:
        own = {c.name: c.run(0, old).configuration_hash for c in table.of_form(form).cells}
        assert digest_of(own) == BEFORE[f"{table.name} {form}"]


def test_committed_runs_are_of_the_form_or_of_one_before() -> None:
    """No row is lost: those of four passes, which the reduced form once was, are still read."""
    with COMMITTED.open(newline="") as file:
        runs = [from_canonical(json.loads(row["run"])) for row in csv.DictReader(file)]
    cells = [c for t in (figure1.TABLE, figure4.TABLE) for c in t.of_form("reduced").cells]
    known = {c.run(seed).hash for c in cells for seed in range(15)}
    earlier = [run for run in runs if run.hash not in known]
    assert all(run.setting("procedure.phases.train.batch_size") == 128 for run in earlier)
    assert len(earlier) == 20
    assert len(runs) > 20


@pytest.mark.parametrize("form", FORMS)
def test_the_figures_share_their_runs(form: str) -> None:
    """Figure 4 holds what the others show, but for plain networks."""
    whole = {cell.name: cell.run(3) for cell in figure4.TABLE.of_form(form).cells}
    for table in (figure1.TABLE, figure3.TABLE, figure5.TABLE):
        for cell in table.of_form(form).cells:
            assert cell.kind == "plain omega1" or cell.run(3) == whole[cell.name]


@pytest.mark.parametrize("form", FORMS)
def test_hand_made_families_meet_at_equal_costs(form: str) -> None:
    """Each shallower network has a narrower one within 6 % of its multiply-adds."""
    found = FORMS[form]
    side = 32
    narrow = [found.base.replace(width_multiplier=m).multiply_adds(side) for m in found.narrow]
    for model in found.shallow.values():
        cost = model.multiply_adds(side)
        assert cost < 0.7 * found.base.multiply_adds(side)
        assert min(abs(other / cost - 1) for other in narrow) < 0.06


def test_the_grid_and_the_recipe() -> None:
    """Thirteen values from 10^-5 on; 40.55 million multiply-adds; 390 runs of both penalties."""
    assert FULL.base.multiply_adds(32) == 40_550_400
    for name, alpha in FULL.alphas.items():
        assert float(alpha) == pytest.approx(10 ** float(name), rel=0.005)
    assert len(FULL.alphas) == 13
    learned = [c for c in figure4.TABLE.cells if c.kind in ("omega1", "omega2")]
    assert len(learned) * figure4.TABLE.seeds == 390
    found = learned[0].run(0)
    rates = [found.schedule.rate(e, epochs=200) for e in (0, 99, 100, 149, 150, 199)]
    assert list(map(str, rates)) == ["0.1", "0.1", "0.01", "0.01", "0.001", "0.001"]
    assert not found.has_setting("objective.penalties.l2.weight_decay")
    assert figure4.TABLE.cell("cifar10 base").run(0).has_setting("objective.penalties.l2.kind")


def test_the_other_base_networks_are_table_2s() -> None:
    """Square ones with strides as S-03 reads them, ImageNet's on windows of its images."""
    whole = {c.name: c.template for c in bases.TABLE.cells if c.kind == "base"}
    cost = {name.removesuffix(" base"): (run.model, run.data) for name, run in whole.items()}
    sides = {name: data.side(data.shape.side) for name, (_, data) in cost.items()}  # type: ignore[union-attr]
    found = {n: model.multiply_adds(sides[n]) for n, (model, _) in cost.items()}  # type: ignore[attr-defined]
    assert found["cifar10-square"] == pytest.approx(831e6, rel=0.001)
    assert sides == {"cifar10-square": 32, "mnist-square": 28, "imagenet-7": 224,
                     "imagenet-17": 224, "imagenet-7-plain": 224}  # fmt: skip
    assert found["imagenet-7-plain"] == found["imagenet-7"]
    assert [len(m.widths) for m, _ in cost.values()] == [19, 19, 7, 17, 7]  # type: ignore[attr-defined]


def test_measurements_are_called_what_the_runs_call_them() -> None:
    phase = next(p for p in learned_run().procedure.phases if isinstance(p, Thresholds))
    told = [thresholds.absolute(t) for t in phase.absolute]
    told += [thresholds.relative(t) for t in phase.relative]
    for tau in (measurement_names.TAU, measurement_names.RELATIVE):
        assert measurement_names.measured("x", tau).removeprefix("x ") in told


def learned_run() -> Run:
    return figure4.TABLE.of_form("reduced").cell("cifar10 omega1 -3.8").run(0)


def record(own: Run, kept: float, accuracy: float) -> Any:
    """A finished run whose every layer has kept such a share of its kernels, at every τ."""
    draw = random.Random(own.hash)
    model = own.model
    assert isinstance(model, PairedNet)
    widths = [model.width(w) for w in model.widths]
    left = [min(w, max(0, round(kept * w + draw.random() - 0.5))) for w in widths]
    by_layer = of_layers(
        {str(i): [3] * n + [0] * (w - n) for i, (w, n) in enumerate(zip(widths, left, strict=True))}
    )
    cost = model.multiply_adds(32)
    at = {
        "parameters": 1000 * kept,
        "multiply-adds": cost * kept**2 if all(left) else None,
        "test accuracy": {"count": round(10_000 * accuracy), "of": 10_000} if all(left) else None,
        "kernels left": {"count": sum(left), "of": sum(widths)},
        "full layers": {"count": sum(map(int.__eq__, left, widths)), "of": len(widths)},
        "mixed layers": {"count": 0, "of": len(widths)},
        **by_layer,
    }
    made = make(own.seed, epochs=4, correct=round(10_000 * accuracy), form="reduced", run=own)
    phase = next(p for p in own.procedure.phases if isinstance(p, Thresholds))
    behind = [thresholds.absolute(t) for t in phase.absolute]
    behind += [thresholds.relative(t) for t in phase.relative]
    told = made["result"]["measurements"]
    told |= {f"{name} {tau}": value for name, value in at.items() for tau in behind}
    told["multiply-adds"] = cost
    made["result"]["curves"]["kernel correlation"] = [[e, 0.1 + 0.01 * e] for e in range(1, 5)]
    return seal(made)


KEPT = {"-4.4": 1.0, "-3.8": 0.8, "-3.2": 0.6}


def filled(folder: Path, table: Table, seeds: int = 6) -> None:
    """So many seeds of each cell: α makes networks narrower, and better than by hand."""
    store = Store(folder, "reduced")
    for cell in table.of_form("reduced").cells:
        for seed in range(seeds):
            kept = KEPT.get(cell.column, 1.0) if not cell.kind.startswith("plain") else 1.0
            own = cell.run(seed)
            model = own.model
            assert isinstance(model, PairedNet)
            share = kept**2 * model.multiply_adds(32) / REDUCED.base.multiply_adds(32)
            gain = 0.05 if cell.column in KEPT else 0.0
            accuracy = 0.7 + 0.1 * share + gain + 0.001 * (seed % 3)
            store.records.publish(record(own, kept, accuracy))


def test_what_figure_1_says_is_judged_and_drawn(tmp_path: Path) -> None:
    filled(tmp_path, figure1.TABLE)
    result = build(select("structured-sparsity/figure1", form="reduced", results=tmp_path))
    verdicts = {claim.claim: claim.verdict for claim in result.claims}
    assert verdicts["narrower"] == verdicts["narrower by layer"] == "confirmed"
    assert verdicts["constraints"] == "confirmed"
    assert verdicts["constraints by layer"] == "confirmed"
    assert verdicts["layers disappear"] == "contradicted"  # here none has
    notes = [note.topic for block in statements(result) for note in block.items]
    assert "Falls" in notes
    data = next(b for b in result.further if isinstance(b, Data))
    rows = [row for row in data.rows if row[1:3] == ("0.001", 1) and row[0].endswith("-3.2")]
    (residual,), (plain,) = ([r[3:] for r in rows if ("plain" in r[0]) == own] for own in (0, 1))
    assert plain == (16, 16, 16.0, 16)
    assert residual == (16, 9, pytest.approx(9.5, abs=0.5), 10)  # medians of what hashes decide
    first = next(b for b in result.further if isinstance(b, FigureBlock))
    bars = [next(s for s in p.series if s.bars) for p in first.panels]  # type: ignore[union-attr]
    assert [b.y[0] for b in bars] == [16.0, pytest.approx(12.5, abs=1), residual[2], 16.0]


def test_figure_5_compares_at_equal_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, figure5.TABLE)
    command = ["report", "structured-sparsity/figure5", "--reduced", "--results", str(tmp_path)]
    assert run([*command, "--seeds", "6"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "here -4.4 is α = 0.002, -3.8 is α = 0.008, -3.2 is α = 0.03" in text
    folder = tmp_path / "reduced" / "structured-sparsity" / "figure5"
    lines = (folder / "figure5.points.csv").read_text().splitlines()
    header, *rows = (line.split(",") for line in lines)
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert len(found) == 3 * 8
    point = next(p for p in found if (p["cell"], p["tau"]) == ("cifar10 omega1 -3.8", "0.001"))
    assert float(point["low"]) > 0 < float(point["difference"])
    whole = next(p for p in found if (p["cell"], p["tau"]) == ("cifar10 omega1 -4.4", "0.001"))
    assert whole["why_not"] == "as large as the base network"
    assert "2 of 2 [2, 2]" in (folder / "figure5.tex").read_text()
    assert (folder / "figure5.frontier.png").stat().st_size > 10_000
    result = build(select("structured-sparsity/figure5", form="reduced", results=tmp_path))
    found = {c.claim: (c.ours, c.interval, c.verdict) for c in result.claims}
    for claim in ("above hand-made", "above hand-made by layer"):
        assert found[claim] == ("2 of 2", "[2, 2]", "confirmed")
    filled(tmp_path / "few", figure5.TABLE, 2)
    fewer = select("structured-sparsity/figure5", form="reduced", results=tmp_path / "few")
    few = next(c for c in build(fewer).claims if c.claim == "above hand-made")
    assert (few.ours, few.interval, few.verdict) == ("2 of 2", "[0, 2]", "undecided")
    assert found["larger networks"] == ("2 of 2", "[2, 2]", "confirmed")
    assert found["trade-off"][2] == "confirmed"


def test_every_figure_reports_before_anything_is_trained(tmp_path: Path) -> None:
    from analysis.documents.table_document import table_document
    from analysis.figures.drawing import files

    for name in ("figure1", "figure3", "figure4"):
        result = build(select(f"structured-sparsity/{name}", form="reduced", results=tmp_path))
        assert {claim.verdict for claim in result.claims} <= {"not decidable"}
        blocks = [b for b in table_document(result).blocks if isinstance(b, FigureBlock)]
        assert all("png" in files(block) for block in blocks if block.name != "seeds")


def test_readings_change_the_cells_that_they_are_about() -> None:
    for reading in readings.load("structured-sparsity"):
        for name in set(reading.tables) & TABLES.keys() if reading.setting else ():
            for path in reading.paths:
                cell = next(c for c in TABLES[name].cells if c.takes(path))
                assert spelled(cell.template.setting(path)) == reading.default
                assert cell.run(0, {path: reading.alternatives[0]}) != cell.run(0)
