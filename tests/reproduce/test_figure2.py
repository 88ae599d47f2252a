"""`reproduce figure2` as a user types it, and the files that it leaves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib.image
import pytest
import untrained_helpers as helpers
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Rectangle

from analysis.documents.panels import FigureBlock
from analysis.figures import drawing
from analysis.figures.style import LOOKS, TIED
from analysis.papers.locality import placements, placements_document
from benchmarks.errors import UserError
from reproduce.catalogue.paper_files import read_rows
from reproduce.locality import figure2

FILES = {
    f"figure2.{kind}"
    for kind in ("csv", "json", "tex", "strategies.tex", "others.tex", "map.png", "map.pdf")
}


def paper_map() -> list[list[int]]:
    rows = read_rows("locality", "figure2.csv")
    return [[int(value) for name, value in row.items() if name != "row"] for row in rows]


def figure(grid: Sequence[Sequence[int]] = ()) -> FigureBlock:
    blocks = placements_document.document(grid or paper_map(), "1.8", "2.13", {}).blocks
    return next(block for block in blocks if isinstance(block, FigureBlock))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command prints, and its folder."""
    results = tmp_path_factory.mktemp("results")
    done = helpers.run("figure2", "--results", str(results))
    assert done.returncode == 0, done.stderr
    return done.stdout, results / "locality" / "figure2"


def test_it_prints_both_choices_within_80_columns(printed: tuple[str, Path]) -> None:
    text, folder = printed
    flat = " ".join(text.split())
    assert "(4, 8) and (4, 11) 2, 2 46 46.000" in flat
    assert "(3, 7) and (3, 12) 6, 5 43 48.808" in flat
    assert "or, as good" in text
    assert "NO" not in text
    report = text.partition("\nWritten:")[0]
    assert max(len(line) for line in report.splitlines()) <= 80
    assert "L-45" in report
    assert f"{folder / 'figure2'}.{{" in text


def test_the_files_are_the_same_again(printed: tuple[str, Path], tmp_path: Path) -> None:
    first = helpers.contents(printed[1])
    assert set(first) == FILES
    done = helpers.run_apart("--results", str(tmp_path), module="reproduce.locality.figure2")
    assert done.returncode == 0, done.stderr
    assert helpers.contents(tmp_path / "locality" / "figure2") == first
    assert first["figure2.map.pdf"].startswith(b"%PDF")


def test_the_csv_scores_every_placement(printed: tuple[str, Path]) -> None:
    rows = list(csv.DictReader(io.StringIO((printed[1] / "figure2.csv").read_text())))
    assert len(rows) == 4 * 14
    picked = {
        strategy: {(row["row"], row["column"]): row[strategy] for row in rows if row[strategy]}
        for strategy in ("uniform_picks", "loco_picks")
    }
    assert picked["loco_picks"] == {("3", "7"): "yes", ("3", "12"): "yes"}
    assert picked["uniform_picks"] == {("4", "8"): "yes", ("4", "11"): "yes", ("5", "11"): "tie"}
    assert max(int(row["uniform_score"]) for row in rows) == 23


def test_json_is_what_the_file_holds(printed: tuple[str, Path], tmp_path: Path) -> None:
    done = helpers.run("locality/figure2", "--json", "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((printed[1] / "figure2.json").read_text())
    assert [row["holds"] for row in found["statements"]] == [True] * 3
    assert len(found["other_weights"]) == 12
    assert len(found["data"]["figure2"]["rows"]) == 56


def test_other_factors_have_a_folder_of_their_own(tmp_path: Path) -> None:
    for arguments in (["--gamma", "1.60", "--eta", "2.4"], ["--gamma", "1.80", "--eta", "2.130"]):
        done = helpers.run("figure2", *arguments, "--results", str(tmp_path))
        assert done.returncode == 0, done.stderr
    variant = tmp_path / "variants" / "eta=2.4,gamma=1.6" / "locality" / "figure2"
    assert set(helpers.contents(variant)) == FILES
    assert [path.name for path in (tmp_path / "variants").iterdir()] == ["eta=2.4,gamma=1.6"]
    assert set(helpers.contents(tmp_path / "locality" / "figure2")) == FILES


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "x", "", "1e9", "nan", "9/5", "12345", "1,8"])
def test_factors_are_positive_decimals(text: str, tmp_path: Path) -> None:
    for options in ({"gamma": text}, {"eta": text}):
        with pytest.raises(UserError, match="positive decimal"):
            figure2.command(**{"results": tmp_path, **options})
    assert not list(tmp_path.iterdir())


def test_bad_input_is_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    assert "--results" in helpers.complaint("figure2", "--results", str(tmp_path / "file"))
    assert "--gamma '0'" in helpers.complaint("figure2", "--gamma", "0")
    assert "computes it" in helpers.complaint("report", "figure2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is missing"),
        ("row,1,2,3\n1,0,0,0\n2,0,0,0\n3,0,0,0\n", "do not fit"),
        ("row,1,2,3\n1,0,x,0\n", "'x'"),
        ("row,1,2,3\n1,0,0\n", "is damaged"),
    ],
)
def test_damaged_map(
    text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpers.altered("figure2.csv", text, tmp_path / "papers", monkeypatch)
    with pytest.raises(UserError, match=words):
        figure2.command(results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_the_figure_shows_every_value_and_both_placements() -> None:
    axis = drawing.draw(figure()).axes[0]
    values = [text.get_text() for text in axis.texts]
    assert values == [str(value) for row in paper_map() for value in row]
    outlines = [
        (patch.get_linestyle(), patch.get_center())
        for patch in axis.patches
        if isinstance(patch, Rectangle) and patch.get_width() > 2
    ]
    dashed, dotted = LOOKS[1].dashes, TIED["linestyle"]
    assert [line for line, _ in outlines] == [dashed, dashed, "solid", "solid", dotted]
    places = [(round(row), round(column)) for _, (column, row) in outlines]
    assert places == [(4, 8), (4, 11), (3, 7), (3, 12), (5, 11)]
    rings = [patch.center for patch in axis.patches if isinstance(patch, Circle)]
    assert rings == [(7, 3), (12, 3)]


def test_numbers_and_outlines_are_readable_in_grey() -> None:
    axis = drawing.draw(figure()).axes[0]
    cells = [patch for patch in axis.patches if getattr(patch, "get_width", lambda: 0)() == 1]
    assert min(_grey(patch.get_facecolor()) for patch in cells) > 0.5
    first, second = (LOOKS[i] for i in (0, 1))
    assert max(_grey(first.color), _grey(second.color)) < 0.5
    assert first.dashes != second.dashes


def test_dotted_outlines_are_explained_where_there_are_any() -> None:
    assert len(drawing.draw(figure()).legends[0].get_lines()) == 3
    grid = paper_map()
    grid[2][9] += 1  # under one of the two tied placements alone
    assert len(placements.choose(grid, placements.UNIFORM).pairs) == 1
    assert len(drawing.draw(figure(grid)).legends[0].get_lines()) == 2


def test_the_png_has_200_dots_per_inch(printed: tuple[str, Path]) -> None:
    pixels = matplotlib.image.imread(printed[1] / "figure2.map.png")
    width, height = drawing.draw(figure()).get_size_inches()
    assert (pixels.shape[1], pixels.shape[0]) == (round(width * 200), round(height * 200))


def test_importing_the_script_loads_nothing_heavy() -> None:
    loaded = helpers.loaded_by("reproduce.locality.figure2")
    assert not loaded & {"numpy", "scipy", "pandas", "torch", "matplotlib"}


def _grey(color: object) -> float:
    red, green, blue = to_rgb(color)  # type: ignore[arg-type]
    return 0.299 * red + 0.587 * green + 0.114 * blue
