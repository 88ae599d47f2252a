"""What of a written report's files is not what this code gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.documents.blocks import Document
    from analysis.documents.panels import FigureBlock


def compared(folder: Path, document: Document, *, draw: bool) -> Iterator[str]:
    """What of a report's folder is not as it should be.

    Args:
        draw: whether figures are drawn anew and compared by pixels, which holds only under the
            versions of matplotlib and of its fonts that drew them; else they are to be whole and as
            large as they should be.
    """
    from analysis.rendering.files import FIGURE_KINDS, figures, texts

    blocks = {f"{document.name}.{b.name}.{k}": b for b in figures(document) for k in FIGURE_KINDS}
    should = {f"{document.name}.{kind}": text for kind, text in texts(document).items()}
    stands = {path.name: path for path in folder.iterdir()}
    names = should.keys() | blocks.keys()
    for file in sorted(blocks.keys() & stands.keys()):
        if wrong := _figure(stands[file], blocks[file], draw=draw):
            yield f"{file} {wrong}"
    for lacking in sorted(names - stands.keys()):
        yield f"{lacking} is missing"
    for extra in sorted(stands.keys() - names):
        yield f"{extra} belongs to no report of this code: delete it"
    yield from _changed(
        document.name,
        {
            file: (stands[file].read_bytes(), text)
            for file, text in should.items()
            if file in stands
        },
    )


def _figure(path: Path, block: FigureBlock, *, draw: bool) -> str:
    """What is wrong with a figure's file, if anything."""
    from analysis.figures import drawing, style
    from analysis.rendering.figure_damage import damage, difference

    kind, data = path.suffix.removeprefix("."), path.read_bytes()
    wrong = damage(kind, data, drawing.inches(block), style.DPI)
    return difference(kind, data, drawing.files(block)[kind]) if draw and not wrong else wrong


def _changed(name: str, texts: Mapping[str, tuple[bytes, bytes]]) -> Iterator[str]:
    """What of a report's texts is not as it should be. The JSON has all that the others show, so
    that of these no more than where they begin to differ is told where it differs too.

    Args:
        texts: each file as it stands and as it should be.
    """
    from analysis.rendering.report_differences import differences
    from analysis.rendering.text_differences import shortened, text_differences

    changed = {file: both for file, both in texts.items() if both[0] != both[1]}
    main = changed.pop(f"{name}.json", None)
    if main:
        yield from shortened(differences(*main))
    briefly = []
    for file, both in sorted(changed.items()):
        is_csv = file.endswith(".csv")
        found = text_differences(*both, is_csv=is_csv)
        if main and not is_csv:
            briefly.append(f"{file} ({found[0].partition(': ')[0]})")
        else:
            yield from (f"{file}: {text}" for text in (found[:1] if main else shortened(found)))
    if briefly:
        yield f"these differ too: {', '.join(briefly)}"
