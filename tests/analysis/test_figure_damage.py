"""Figures that are cut short, spliced, changed within, or of another size."""

from __future__ import annotations

import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from analysis.documents.panels import Curves, FigureBlock
from analysis.figures import drawing, style
from analysis.rendering.figure_damage import BROKEN, damage, difference

BLOCK = FigureBlock((Curves((), "a panel", x_title="x", y_title="y"),))
SIZE = drawing.inches(BLOCK)


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    return drawing.files(BLOCK)


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_damage_within_is_told(drawn: dict[str, bytes], kind: str) -> None:
    data = drawn[kind]
    assert damage(kind, data, SIZE, style.DPI) == ""
    assert difference(kind, data, data) == ""
    middle = len(data) // 2
    start = data.index(b"IDAT" if kind == "png" else b"/FlateDecode") + 60
    flipped = data[:start] + bytes([data[start] ^ 0x55]) + data[start + 1 :]
    spliced = data[:middle] + b"spliced" + data[middle:]
    for broken in (b"", data[:-20], data[:middle] + data[middle + 9 :], spliced, data * 2, flipped):
        assert damage(kind, broken, SIZE, style.DPI) == BROKEN
        other = "pdf" if kind == "png" else "png"
        assert damage(other, broken, SIZE, style.DPI) == BROKEN


@pytest.mark.parametrize(("kind", "unit"), [("png", "pixels"), ("pdf", "points")])
def test_another_size_is_told(drawn: dict[str, bytes], kind: str, unit: str) -> None:
    width, height = SIZE
    told = damage(kind, drawn[kind], (width + 1, height), style.DPI)
    assert told.startswith("has ")
    assert told.endswith(unit)
    assert " instead of " in told


def test_other_pixels_are_counted(drawn: dict[str, bytes]) -> None:
    image = Image.open(io.BytesIO(drawn["png"])).convert("RGBA")
    again = io.BytesIO()
    image.save(again, format="png", compress_level=1)  # other bytes, the same pixels
    assert difference("png", again.getvalue(), drawn["png"]) == ""
    image.putpixel((3, 4), (1, 2, 3, 255))
    image.putpixel((5, 4), (1, 2, 3, 255))
    image.save(again := io.BytesIO(), format="png")
    told = difference("png", again.getvalue(), drawn["png"])
    assert told == f"is not what is drawn here: 2 of {image.width * image.height:,} pixels differ"
    figure = io.BytesIO()
    Figure(figsize=SIZE).savefig(figure, format="pdf")
    assert difference("pdf", figure.getvalue(), drawn["pdf"]) == "is not what is drawn here"
