"""What runs of a cell, and cells of a table, should have in common and do not: code, packages,
machines, images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis.counted import counted
from reproduce.store.committed import PACKAGES
from reproduce.store.provenance import laboratory_of, machine_labels

Provenance = dict[str, Any]
DIGITS = 8  # of a commit or digest that are shown
NAMED = 4  # cells that are named one by one


def mixed(origins: Sequence[Provenance]) -> Iterator[str]:
    """What differs among runs, each with the values and their number of runs; and how many runs a
    checkout with changes made. A run that was continued counts for all of its sittings.

    Args:
        origins: the provenance of each run.
    """
    for name, values_of in _KINDS.items():
        of_runs = [{*values_of(origin)} for origin in origins]
        found = Counter(value for values in of_runs for value in values)
        if len(found) > 1:
            told = [f"{value}: {count}" for value, count in sorted(found.items())]
            several = sum(len(values) > 1 for values in of_runs)
            told += [f"{counted(several, 'run')} of several"] if several else []
            yield f"{len(found)} {name} ({'; '.join(told)})"
    changed = sum(any(_of_all(origin, "dirty")) for origin in origins)
    if changed:
        yield f"{counted(changed, 'run')} by a checkout with changes"


def mixed_between(cells: Mapping[str, Sequence[Provenance]]) -> Iterator[str]:
    """In what cells differ from each other, with the cells of each value.

    Args:
        cells: the provenance of each run by cell.
    """
    for name, values_of in _KINDS.items():
        found: dict[str, list[str]] = {}
        for cell, origins in cells.items():
            values = sorted({value for origin in origins for value in values_of(origin)})
            found.setdefault(" and ".join(values) or "none", []).append(cell)
        if len(found) > 1:
            yield f"{name}: " + "; ".join(f"{v} in {_cells(of)}" for v, of in found.items())


def _cells(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= NAMED else f"{len(names)} cells"


def _of_all(origin: Provenance, key: str) -> list[Any]:
    """A value of the record, which is its last process's, and of its sittings."""
    return [origin.get(key), *(sitting.get(key) for sitting in origin.get("sittings") or ())]


def _commits(origin: Provenance) -> Iterable[str]:
    return [commit[:DIGITS] for commit in _of_all(origin, "commit") if commit]


def _images(origin: Provenance) -> Iterable[str]:
    return [digest[:DIGITS] for digest in _of_all(origin, "images") if digest]


def _package(name: str) -> Callable[[Provenance], Iterable[str]]:
    return lambda origin: [str((origin.get("packages") or {}).get(name))]


_KINDS: dict[str, Callable[[Provenance], Iterable[str]]] = {
    "commits": _commits,
    **{f"versions of {name}": _package(name) for name in PACKAGES},
    "machines": machine_labels,
    "data digests": _images,
    "laboratories": lambda origin: [laboratory_of(origin)],
}
