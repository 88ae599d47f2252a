"""The CompactNets paper's trained tables: cells against published numbers, frozen names, claims,
operating points."""

from __future__ import annotations

import itertools
import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from analysis.papers.compactnets.operating_points import Network, points
from benchmarks.data import load
from benchmarks.models import PyramidNet
from benchmarks.run import digest_of
from reproduce.__main__ import run
from reproduce.catalogue import readings
from reproduce.catalogue.paper_files import read_rows
from reproduce.catalogue.selection import select
from reproduce.catalogue.table_result import build
from reproduce.catalogue.tables import Table, spelled
from reproduce.compactnets import (
    figure4,
    figure5,
    figure6,
    figure7,
    figure8,
    figure9,
    grid,
    protocol,
    table1,
    table2,
    table3,
)
from reproduce.store.store import Store

MODULES = (table1, table2, figure4, figure5, table3, figure6, figure7, figure8, figure9)
TABLES = {m.TABLE.name: m.TABLE for m in MODULES}
FORMS = [(t, form) for t in TABLES.values() for form in ("full", *t.forms)]
GOLDEN = json.loads((Path(__file__).parent / "golden_compactnets.json").read_text())


def identity(table: Table) -> str:
    """One digest of all configurations of a form."""
    return digest_of({cell.name: cell.run(0).configuration_hash for cell in table.cells})


@pytest.mark.parametrize(("table", "form"), FORMS, ids=[f"{t.name} {f}" for t, f in FORMS])
def test_configurations_are_frozen(table: Table, form: str) -> None:
    """A changed hash disowns every record of the cell: never edit the golden file to pass."""
    assert identity(table.of_form(form)) == GOLDEN[f"{table.name} {form}"]


@pytest.mark.parametrize("name", ["table1", "table2", "table3"])
def test_published_numbers_are_of_the_tables_cells(name: str) -> None:
    table, rows = TABLES[name], read_rows("compactnets", f"{name}.csv")
    measures = {measure.name for measure in table.measures}
    assert {row.get("measure") or table.measures[0].name for row in rows} <= measures
    for row in rows:
        assert table.cell(row["cell"]).template.data.name == row["part"]
    if name == "table1":
        assert {row["cell"] for row in rows} == {cell.name for cell in table.cells}
        assert Decimal(next(r for r in rows if r["cell"] == "CompactNet 7")["value"]) == Decimal(
            "40.2"
        )


def test_transfers_start_from_networks_that_other_tables_train() -> None:
    """Seed by seed: in the reduced form from Table 1's, at full size from the table's own."""
    table, first = TABLES["table2"], TABLES["table1"].of_form("reduced")
    reduced = table.of_form("reduced")
    for cell in reduced.cells:
        model = cell.name.split()[1]
        for seed in (0, 7):
            (source,) = cell.run(seed).sources
            assert source == first.cell(f"{model} 5").run(seed)
    trained = {cell.run(3) for cell in table.cells if cell.group == "imagenet"}
    transfers = [cell for cell in table.cells if "scratch" not in cell.name]
    assert {source for cell in transfers for source in cell.run(3).sources} == trained
    assert len({cell.run(seed) for cell in transfers for seed in range(15)}) == 15 * len(transfers)
    assert not any(cell.run(0).sources for cell in table.cells if "scratch" in cell.name)


def test_the_recipe_is_the_papers() -> None:
    found = table1.TABLE.cell("CompactNet 7").run(0)
    rates = [found.schedule.rate(epoch) for epoch in (0, 29, 30, 60, 89)]
    assert rates == [Decimal(rate) for rate in ("0.1", "0.1", "0.01", "0.001", "0.001")]
    assert (found.epochs, found.setting("procedure.phases.train.batch_size")) == (90, 256)
    term = found.objective.penalties[0]
    assert (term.c_w, term.alpha, term.beta) == (Decimal("0.0001"), Decimal("0.01"), term.alpha)
    assert term.betas(6) == [0, *[0.01] * 5]
    other = table1.TABLE.cell("CompressedNet 7").run(0).objective.penalties[0]
    assert other.betas(6) == [0.1] * 6
    grown = table3.TABLE.cell("CompactNet 12 0.025").run(0)
    assert grown.epochs == 120
    assert grown.objective.penalties[0].betas(11)[-1] == pytest.approx(0.025)
    assert grown.schedule.rate(119) == Decimal("0.0001")
    plain = table3.TABLE.cell("ResNet18").run(0)
    added = table3.TABLE.cell("ResNet18_CC").run(0)
    assert added.replace(objective=plain.objective) == plain


def test_figures_train_nothing_that_the_tables_do_not() -> None:
    """Their runs have the tables' names, in every form."""
    for name, source in (
        *(("figure4", "table1"), ("figure5", "table1"), ("figure6", "table3")),
        *(("figure7", "table3"), ("figure8", "table3"), ("figure9", "table3")),
    ):
        for form in ("full", *TABLES[name].forms):
            own = TABLES[name].of_form(form)
            whole = TABLES["table1" if form != "full" and name == "figure8" else source]
            runs = {cell.run(4).hash for cell in whole.of_form(form).cells}
            assert {cell.run(4).hash for cell in own.cells} <= runs, (name, form)


@pytest.mark.parametrize(("form", "steps", "filters"), [("reduced", 100, 32), ("quick", 21, 16)])
def test_smaller_forms_move_groups_as_far(form: str, steps: int, filters: int) -> None:
    """In units of what a group's norm begins with: sums of rates times C·β."""
    table = table1.TABLE.of_form(form)
    assert table.seeds == (15 if form == "reduced" else 3)
    for cell in table.cells:
        found = cell.run(0)
        if (least := protocol.SHRINKAGE.get(cell.kind)) is None:
            continue
        updates = itertools.product(range(found.epochs), range(steps))
        rates = 10 * sum(float(found.schedule.rate(e, step, steps)) for e, step in updates)
        term = found.objective.penalties[0]
        start = (2 / filters) ** 0.5 if cell.kind == "CompactNet" else 2**0.5
        reach = float(term.c_theta * term.beta) * rates / start
        assert reach == pytest.approx(float(least), rel=0.02), cell.name


def test_claims_are_of_cells_that_there_are(tmp_path: Path) -> None:
    """In the full forms none is decidable without runs; what is printed bears most of them out."""
    found = {}
    for name in ("table1", "table2", "figure4", "figure5", "table3", "figure8"):
        result = build(select(f"compactnets/{name}", results=tmp_path))
        assert result.claims, name
        assert {claim.verdict for claim in result.claims} == {"not decidable"}
        found |= {claim.claim: (claim.stated, claim.printed) for claim in result.claims}
    assert found["deeper"] == ("3 of 3", "3 of 3")
    # Depth 7 has CompactNet 0.1 points below CompressedNet: the table's own edge holds.
    assert found["edge when deep"] == ("4 of 4", "4 of 4")
    assert found["added penalties"] == ("4 of 4", "4 of 4")
    assert found["like error"] == ("12 of 12", "5 of 12")
    assert found["best networks"] == ("1 of 1", "1 of 1")
    assert found["tuning on MIT67"] == ("4 of 4", "4 of 4")
    assert found["tuning on 15 Scenes"] == ("2 of 2", "2 of 2")
    # CompressedNet's features err by 40.8 % on MIT67, AlexNet's by 40.5.
    assert found["group terms transfer"] == ("4 of 4", "3 of 4")
    reduced = build(select("compactnets/figure8", form="reduced", results=tmp_path))
    assert {claim.claim for claim in reduced.claims} == {"wider gap", "smallest gap"}
    (transfer,) = build(select("compactnets/table2", form="reduced", results=tmp_path)).claims
    assert (transfer.claim, transfer.stated) == ("group terms transfer", "2 of 2")


def test_readings_change_the_cells_that_they_are_about() -> None:
    for reading in readings.load("compactnets"):
        for name in reading.tables if reading.setting else ():
            if name not in TABLES:
                continue
            taking = [
                cell
                for cell in TABLES[name].cells
                for path in reading.paths
                if cell.takes(path) and spelled(cell.template.setting(path)) == reading.default
            ]
            assert taking, (reading.id, name)
            changed = dict.fromkeys(reading.paths, reading.alternatives[0])
            assert taking[0].run(0, changed) != taking[0].run(0)


def test_networks_that_have_an_allocation_take_another() -> None:
    """Those for which it makes a difference, and no others."""
    for cell in (*grid.FULL, *grid.QUICK, *grid.advanced()):
        model = cell.template.model
        differs = isinstance(model, PyramidNet) and (
            model.split != PyramidNet(depth=model.depth, allocation="4/4/3").split
        )
        assert cell.takes("model.allocation") == differs, cell.name


def test_upper_layers_are_compared_with_their_size() -> None:
    """Of six layers the last three, and the classifier."""
    (excess,) = (m for m in figure5.TABLE.measures if m.name == "zeroed beyond their size")

    def of(*left: int) -> float:
        sizes = [10, 10, 10, 10, 20, 60, 80]
        return excess.made_of({"weights by layer": sizes, "effective weights by layer": left})

    assert of(10, 10, 10, 10, 20, 60, 80) == 0  # no zeros
    assert of(5, 5, 5, 5, 10, 30, 40) == pytest.approx(0)  # half of every layer
    assert of(10, 10, 10, 10, 20, 60, 0) == pytest.approx(0.15)
    assert of(0, 0, 0, 0, 20, 60, 80) == pytest.approx(-0.6)


@pytest.mark.parametrize("boundary", [0.412, float("41.2") / 100, 1 - 0.588])
def test_operating_points_follow_their_names(boundary: float) -> None:
    """In whichever way an error that is just near comes to its last bit."""
    measured = [
        Network("s", "SimpleNet", 0.365, 17.5),
        Network("cb", "CompressedNet", 0.345, 16.3),
        Network("cs", "CompressedNet", 0.366, 12.1),
        Network("cc", "CompressedNet", boundary, 10.1),
        Network("kb", "CompactNet", 0.312, 14.4),
        Network("kn", "CompactNet", 0.347, 8.7),
        Network("ks", "CompactNet", 0.363, 6.6),
        Network("kc", "CompactNet", 0.410, 3.6),
        Network("kd", "CompactNet", 0.500, 1.0),
    ]
    found = {name: network.cell for name, network in points(measured).items()}
    assert found == {
        "SimpleNet-B": "s",
        "CompressedNet-B": "cb",
        "CompressedNet-C": "cc",
        "CompressedNet-M-SN": "cs",
        "CompactNet-B": "kb",
        "CompactNet-C": "kc",
        "CompactNet-M-SN": "ks",
        "CompactNet-M-CN": "kn",
    }  # as Table 3 has them
    assert set(points(measured[:1], None)) == {"SimpleNet-B"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two networks of the quick Table 3, with their weights."""
    base = tmp_path_factory.mktemp("results")
    cells = ["--only", "SimpleNet 4", "--only", "CompactNet 4 0.2", "--executor", "debug"]
    how = ["--results", str(base), "--quick", "--seeds", "1", "--save-weights"]
    assert run(["compactnets/table3", *how, *cells]) == 0
    return base


def test_a_quick_entry_end_to_end(trained: Path) -> None:
    results = ["--results", str(trained), "--quick", "--seeds", "1"]
    folder = trained / "quick" / "compactnets"
    facts = json.loads((folder / "table3" / "table3.json").read_text())
    medians = {c["name"]: c["median"] for c in facts["other_measures"][0]["cells"]}
    assert 0 < medians["CompactNet 4 0.2"] < medians["SimpleNet 4"]  # weights that are not zero
    for name, part in (("figure6", "strengths"), ("figure9", "points")):
        assert run(["report", f"compactnets/{name}", *results]) == 3  # incomplete
        assert (folder / name / f"{name}.{part}.png").stat().st_size > 5_000


def planted_broden(folder: Path, maps: torch.Tensor, pixels: np.ndarray, units: list[int]) -> None:
    """Broden's layout: in each image a concept is seen just where a unit is active, "concept 0" of
    objects for the first, "concept 1" of parts for the second; and the noise of other labels.

    Args:
        maps: float32 (N, units, h, w); pixels: uint8 (N, S, S, 3).
    """
    (folder / "images").mkdir(parents=True)
    lines, side = ["image,split,ih,iw,sh,sw,object,part,scene"], pixels.shape[1]
    large = torch.nn.functional.interpolate(maps, (side, side), mode="bilinear")
    kept = math.ceil(0.005 * maps[:, 0].numel())
    random = np.random.default_rng(3)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / "images" / f"{number}.png")
        files = []
        for place, unit in enumerate(units):
            threshold = maps[:, unit].flatten().topk(kept).values.min()
            label = np.zeros((side, side, 3), dtype=np.uint8)
            label[..., 0] = np.where(random.random((side, side)) < 0.02, 3 + place, 0)
            active = (large[number, unit] > threshold).numpy()
            label[active, 0] = 1 + place
            Image.fromarray(label).save(folder / "images" / f"{number}_{place}.png")
            files.append(f"{number}_{place}.png")
        scene = 5 if number % 2 else ""
        lines.append(
            f"{number}.png,train,{side},{side},{side},{side},{files[0]},{files[1]},{scene}"
        )
    (folder / "index.csv").write_text("\n".join(lines) + "\n")
    kinds = ("object", "part", "object", "part", "scene")
    labels = [f"{n},concept {n - 1},{kind}(9),9,1.0," for n, kind in enumerate(kinds, start=1)]
    heads = "number,name,category,frequency,coverage,syns"
    (folder / "label.csv").write_text("\n".join([heads, *labels]) + "\n")
    (folder / "category.csv").write_text("name,first,last,count,frequency\n" + "".join(
        f"{kind},1,9,9,9\n" for kind in ("object", "part", "scene")
    ))  # fmt: skip


def test_units_of_a_trained_run_are_found_to_see_planted_concepts(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Table 4's command, on weights that training kept."""
    cell = table3.TABLE.of_form("quick").cell("SimpleNet 4").run(0)
    network = cell.model.network(10, 32).eval()
    network.load_state_dict(load_file(Store(trained, "quick").weights.path(cell.hash)))
    digits = load("digits", tmp_path)
    pixels = np.array(digits.test.images[::2])
    scaled = (torch.from_numpy(pixels).float() / 255 - torch.tensor(digits.mean)).float()
    images = (scaled / torch.tensor(digits.std)).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        maps = network.features[:-1](images)
    units = maps.var((0, 2, 3)).topk(2).indices.tolist()
    planted_broden(tmp_path / "broden", maps, pixels, units)
    where = ["--broden", str(tmp_path / "broden"), "--results", str(trained), "--json"]
    twice = ["--run", cell.hash[:8], "--run", cell.hash[:10]]
    assert run(["compactnets/table4", *where, *twice]) == 0
    (found,) = json.loads(capsys.readouterr().out)["dissected"]
    assert (found["run"], found["layer"], found["units"]) == (cell.hash, "features.pool3", 16)
    # Table 1 has it as well, and comes first.
    assert found["name"] == "SimpleNet 4 of Table 1, quick, seed 0"
    detectors = {one["unit"]: one for one in found["detectors"]}
    for place, (unit, kind) in enumerate(zip(units, ("object", "part"), strict=True)):
        seen = detectors[unit]
        assert (seen["concept"], seen["category"]) == (f"concept {place}", kind)
        assert seen["iou"] == pytest.approx(1, abs=0.1)  # the last of 0.5 % may be either
    concepts = {one["concept"] for one in detectors.values()}
    assert (found["interpretable"], found["concepts"]) == (len(detectors), len(concepts))
    assert found["s_hat"] == pytest.approx(len(concepts) / len(detectors))
    other = table3.TABLE.of_form("quick").cell("SimpleNet 2").run(0).hash[:8]
    assert run(["compactnets/table4", *where, "--run", other]) == 2
    assert "has kept weights" in (said := capsys.readouterr().err)
    assert said.count("\n") == 1
