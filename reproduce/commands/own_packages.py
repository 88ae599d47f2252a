"""Are ``benchmarks`` and ``analysis`` this checkout's? Their names are common ones.

Nothing is imported here that imports one of them: with someone else's ``benchmarks`` first on the
path, even our own exception could not be.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from reproduce.commands.exit_codes import BAD_INPUT
from reproduce.store.paths import PAPER_TABLES, ROOT

PACKAGES = ("benchmarks", "analysis")


def complaint() -> str | None:
    """What is wrong with the packages that an import would find, in one line; None if nothing.

    Nothing is imported: the question is where an import would go.
    """
    if not PAPER_TABLES.is_dir():
        return (
            f"{ROOT} holds no paper_tables, so this is no editable installation: "
            "run `pip install -e .` in a clone of the repository"
        )
    for name in PACKAGES:
        place = location(name)
        if place is None:
            return f"the package {name} cannot be found: run `pip install -e {ROOT}`"
        if place != ROOT / name:
            return (
                f"another {name} comes first on the path, {place}: take it off PYTHONPATH, "
                f"or install into a virtual environment of its own with `pip install -e {ROOT}`"
            )
    return None


def location(name: str) -> Path | None:
    """Folder (or, for a single module, file) that ``import name`` would load; None if there is
    none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None


def ensure_own_packages() -> None:
    """End the process with one line on stderr, as for bad input, where :func:`complaint` has one.

    To be called before anything of ``benchmarks`` or ``analysis`` is imported. It exits rather
    than raise UserError, which lives in ``benchmarks`` and may not be there to be caught.
    """
    if text := complaint():
        print(f"reproduce: {text}", file=sys.stderr)
        raise SystemExit(BAD_INPUT)
