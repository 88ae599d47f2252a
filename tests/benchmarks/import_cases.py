"""Makes official files for a test, and tells with which line their import is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from official_files import MAKERS, Made

from benchmarks.data.importing import import_from
from benchmarks.errors import UserError


def make(name: str, tmp_path: Path, **options: Any) -> Made:
    """The official files of a data set under ``tmp_path/source``."""
    (tmp_path / "source").mkdir(exist_ok=True)
    return MAKERS[name](tmp_path / "source", **options)


def refused(made: Made, tmp_path: Path, path: Path | None = None) -> str:
    """The one line with which an import is refused; nothing of it is left."""
    with pytest.raises(UserError) as caught:
        import_from(made.info, path or made.path, tmp_path / "data")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "data").iterdir()), "something is left"
    return str(caught.value)
