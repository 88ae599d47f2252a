"""What is wrong with a figure's file, as far as that is told without drawing it, and beside one
that was drawn anew.

A figure's bytes, and some of its pixels, differ between versions of matplotlib and of FreeType, so
that only a figure of today's versions can be compared.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator

PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
BROKEN = "is no whole figure"
POINTS = 72  # an inch, of PDF
# matplotlib writes a plain table of objects, which all begin in it.
_XREF = re.compile(
    rb"xref\n0 (\d+)\n((?:\d{10} \d{5} [nf] \n)+)trailer\n.*\nstartxref\n(\d+)\n%%EOF\n"
)
_STREAM = re.compile(rb"/FlateDecode.*?>>\nstream\n(.*?)\nendstream", re.DOTALL)
_BOX = re.compile(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]")


def damage(kind: str, data: bytes, inches: tuple[float, float], dpi: int) -> str:
    """Whether a "png" or "pdf" is cut short, changed within, or of another size; else nothing.

    Args:
        inches: width and height that it should have.
        dpi: of a PNG.
    """
    found = _png_size(data) if kind == "png" else _pdf_size(data)
    if not found:
        return BROKEN
    scale, unit = (dpi, "pixels") if kind == "png" else (POINTS, "points")
    should = tuple(scale * side for side in inches)
    if any(abs(a - b) > 1 for a, b in zip(found, should, strict=True)):
        sizes = (" × ".join(f"{side:.0f}" for side in size) for size in (found, should))
        return f"has {' instead of '.join(sizes)} {unit}"
    return ""


def difference(kind: str, data: bytes, drawn: bytes) -> str:
    """In what a whole figure is not the one that was drawn anew; nothing where it shows the
    same."""
    if data == drawn:
        return ""
    if kind != "png":
        return "is not what is drawn here"
    import numpy
    from PIL import Image

    first, second = (
        numpy.asarray(Image.open(io.BytesIO(d)).convert("RGBA")) for d in (data, drawn)
    )
    if first.shape != second.shape:
        return "is not as large as what is drawn here"
    wrong = (first != second).any(axis=2)
    count = int(wrong.sum())
    return f"is not what is drawn here: {count:,} of {wrong.size:,} pixels differ" if count else ""


def _png_size(data: bytes) -> tuple[float, float] | None:
    """In pixels; None where a chunk or the image is damaged, or something stands behind it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.verify()  # every chunk's sum
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.load()
            return image.size if data.endswith(PNG_END) and data.count(PNG_END) == 1 else None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _pdf_size(data: bytes) -> tuple[float, float] | None:
    """In points; None where an object is not where the table of them says, or a stream damaged."""
    table, box = _XREF.search(data), _BOX.search(data)
    if not (data.startswith(b"%PDF-") and table and box and table.end() == len(data)):
        return None
    entries = table[2].splitlines()
    whole = int(table[3]) == table.start() and int(table[1]) == len(entries)
    if not (whole and all(_stand(data, entries)) and all(_unpack(data))):
        return None
    return float(box[1]), float(box[2])


def _stand(data: bytes, entries: list[bytes]) -> Iterator[bool]:
    """Whether each object is where it should be."""
    for number, entry in enumerate(entries):
        if entry.endswith(b"n "):
            yield data.startswith(b"%d 0 obj" % number, int(entry[:10]))


def _unpack(data: bytes) -> Iterator[bool]:
    for packed in _STREAM.findall(data):
        try:
            zlib.decompress(packed)
        except zlib.error:
            yield False
        else:
            yield True
