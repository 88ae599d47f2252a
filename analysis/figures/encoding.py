"""A figure as a file: the same bytes for the same drawing, whenever and wherever it is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.figure import Figure

DPI = 200
# Nothing that changes from one call to the next, such as the time, may enter a file.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def files(draw: Callable[[], Figure], style: Any) -> dict[str, bytes]:
    """The drawing as "png", at 200 dots per inch, and as "pdf", by extension.

    Args:
        draw: makes the figure, anew for each file.
        style: matplotlib's settings that it is drawn and written under.
    """
    return {kind: encoded(draw, style, kind) for kind in _METADATA}


def encoded(draw: Callable[[], Figure], style: Any, kind: str) -> bytes:
    """The drawing as "png" or "pdf"."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(style):
        draw().savefig(buffer, format=kind, dpi=DPI, metadata=_METADATA[kind])
    return buffer.getvalue()
