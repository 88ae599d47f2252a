"""Whether an official file's superclasses (coarse labels) are those that the register derives."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.data.description import DatasetInfo
from benchmarks.errors import UserError


def check_coarse_labels(
    labels: Sequence[int], coarse: object, where: str, info: DatasetInfo
) -> None:
    """Compare a batch's coarse labels with those that its N labels imply.

    Args:
        labels: places in ``info.classes``, N of them.
        coarse: what the file holds, whatever that is; has to be N places in ``info.superclasses``.
        where: names the file in the message.

    Raises:
        UserError: naming the first image whose superclass is another.
    """
    by_class = info.coarse_labels
    expected = [by_class[label] for label in labels]
    if coarse == expected:
        return
    found = coarse if isinstance(coarse, list) else []
    pairs = zip(found, expected, strict=False)
    place = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
    if place is None:
        reason = f"{len(found):,} of them for {len(labels):,} images"
    else:
        name = info.classes[labels[place]]
        reason = f"{found[place]!r} and not {expected[place]} for image {place}, of class {name}"
    raise UserError(
        f"{where} has coarse labels that are not {info.title}'s superclasses ({reason}); fetch "
        f"{_official(info)} again"
    )


def check_superclass_names(names: list[str], where: str, info: DatasetInfo) -> None:
    """Compare the superclasses' names, in the order of their labels.

    Raises:
        UserError: naming the first that is another.
    """
    expected = [name for name, _ in info.superclasses]
    if names == expected:
        return
    pairs = zip(names, expected, strict=False)
    other = next((pair for pair in pairs if len({*pair}) > 1), None)
    found = f"{other[0]!r} in place of {other[1]!r}" if other else f"{len(names)} of them"
    raise UserError(
        f"{where} names other superclasses than {info.title} ({found}); fetch {_official(info)} "
        "again"
    )


def _official(info: DatasetInfo) -> str:
    return f"{info.archive.filename} from {info.archive.url}" if info.archive else info.title
