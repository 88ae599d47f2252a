"""Which tables of parents can be: of all classes, and of the data set that they are for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from benchmarks.data.catalogue import DATASETS
from benchmarks.errors import UserError


def parents_of(classes: Sequence[str], groups: Mapping[str, Iterable[str]]) -> tuple[int, ...]:
    """Place of each class's group, in label order.

    Args:
        classes: in label order.
        groups: the classes of each group.

    Raises:
        UserError: where they miss a class, name an unknown one, one twice, or have an empty group.
    """
    places: dict[str, int] = {}
    for place, (group, members) in enumerate(groups.items()):
        if isinstance(members, str):
            raise UserError(f"the hierarchy's {group}: give its classes as a list of names")
        own = tuple(members)
        if not own:
            raise UserError(f"the hierarchy's {group} has no class: leave it out")
        for name in own:
            if name not in classes:
                raise UserError(f"the hierarchy's {group} names {name!r}, which is no class")
            if name in places:
                raise UserError(f"the hierarchy names {name!r} twice: give it one parent")
            places[name] = place
    if missing := [name for name in classes if name not in places]:
        raise UserError(f"the hierarchy misses the class {missing[0]!r}: give it a parent")
    return tuple(places[name] for name in classes)


def misfit(parents: tuple[int, ...], dataset: str) -> str | None:
    """What is wrong where images of that data set have these parents, in one line: they are another
    registered data set's. None where nothing is."""
    known = {name: entry.coarse_labels for name, entry in DATASETS.items() if entry.superclasses}
    own, count = known.get(dataset), len(parents)
    if parents == own:
        return None
    for name, labels in known.items():
        if parents == labels:
            return (
                f"the parents are those of {name}, and the images are of {dataset}: give the "
                f"parents of {dataset}'s own classes"
            )
    if dataset in DATASETS and count != (classes := len(DATASETS[dataset].classes)):
        return f"parents are given for {count} classes, and {dataset} has {classes}"
    return None


def listed_parents(parents: Any) -> tuple[int, ...]:
    """Each class's parent, of a list, an array or a tensor.

    Raises:
        UserError: where they are not whole numbers from 0 on without a gap.
    """
    given = parents.tolist() if hasattr(parents, "tolist") else parents
    given = tuple(given) if isinstance(given, Iterable) else (given,)
    for one in given:
        if not isinstance(one, Integral) or isinstance(one, bool):
            raise UserError(f"parents are whole numbers, one a class, not {one!r}")
    found = tuple(map(int, given))
    if fault := parents_fault(found):
        raise UserError(fault)
    return found


def parents_fault(parents: Sequence[int], least: int = 1) -> str | None:
    """What is wrong with the parents of classes, in one line; None where nothing is.

    Args:
        least: so many classes has some parent.
    """
    if not parents:
        return "parents: give the parent of each class, in label order, as numbers from 0 on"
    sizes = Counter(parents)
    if min(sizes) < 0:
        return f"parents must not be negative, not {min(sizes)}"
    if missing := sorted(set(range(max(sizes) + 1)) - set(sizes)):
        return f"parents: {missing[0]} has no class; number the parents from 0 on without a gap"
    if max(sizes.values()) < least:
        return f"parents: no parent has {least} classes, so that there is no pair of siblings"
    return None
