"""Operations on images by name: their strengths, the published policies, and what is drawn of a
policy for each image. What they do to pixels: :mod:`benchmarks.data.pillow_operations`."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


# Strengths at the levels 0 and 1, as the authors' code has them: pixels of shift a pixel, shares of
# the side, degrees, a threshold, bits, Pillow's factors of enhancement, a share of the side.
RANGES = {
    "ShearX": (-0.3, 0.3),
    "ShearY": (-0.3, 0.3),
    "TranslateX": (-0.45, 0.45),
    "TranslateY": (-0.45, 0.45),
    "Rotate": (-30.0, 30.0),
    "AutoContrast": (0.0, 1.0),
    "Invert": (0.0, 1.0),
    "Equalize": (0.0, 1.0),
    "Solarize": (0.0, 256.0),
    "Posterize": (4.0, 8.0),
    "Contrast": (0.1, 1.9),
    "Color": (0.1, 1.9),
    "Brightness": (0.1, 1.9),
    "Sharpness": (0.1, 1.9),
    "Cutout": (0.0, 0.2),
}
# An operation's number is its place here; 0 does nothing.
NAMES = ("", *RANGES)
# Their strength changes its sign with probability 1/2.
GEOMETRIC = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")


@dataclass(frozen=True)
class Operation:
    """An operation of a sub-policy: done with ``probability``, at ``strength``."""

    name: str
    probability: float
    strength: float


@cache
def policy(name: str) -> tuple[tuple[Operation, ...], ...]:
    """The sub-policies of a searched policy, two operations each, from the file beside this one.

    Source: Lim et al., "Fast AutoAugment"; the file names where its numbers come from.
    """
    path = Path(__file__).with_name("fast_autoaugment.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [row for row in csv.DictReader(_uncommented(lines)) if row["policy"] == name]
    subs: dict[str, list[Operation]] = {}
    for row in rows:
        low, high = RANGES[row["operation"]]
        strength = low + float(row["level"]) * (high - low)
        operation = Operation(row["operation"], float(row["probability"]), strength)
        subs.setdefault(row["sub_policy"], []).append(operation)
    return tuple(map(tuple, subs.values()))


def _uncommented(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.startswith("#")]


def constants(operations: Sequence[Operation]) -> dict[str, np.ndarray]:
    """What a device needs to know of operations, a row each: row 0 leaves an image as it is, and
    operation i has row 2i + 1, with its sign changed row 2i + 2.

    Returns:
        ``number``, int32 (rows,): its place in :data:`NAMES`. ``strength``, float32 (rows,): a
        factor, a share of the side, the first level that is inverted, or the bits that are cut off.
        ``affine``, float64 (rows, 6): a, b, d, e of Pillow's source (ax + by + c, dx + ey + f), and
        c and f in shares of the side.
    """
    import numpy as np

    rows = [_constants(Operation("", 1.0, 0.0), 1)]
    rows += [_constants(operation, sign) for operation in operations for sign in (1, -1)]
    number, strength, affine = zip(*rows, strict=True)
    return {
        "number": np.array(number, np.int32),
        "strength": np.array(strength, np.float32),
        "affine": np.array(affine, np.float64),
    }


def _constants(operation: Operation, sign: int) -> tuple[int, float, tuple[float, ...]]:
    name, strength = operation.name, operation.strength
    affine = _affine(name, strength * sign)
    if name == "Solarize":
        strength = math.ceil(strength)
    elif name == "Posterize":
        strength = 8 - int(strength)
    return NAMES.index(name), strength, affine


def _affine(name: str, strength: float) -> tuple[float, ...]:
    if name == "Rotate":
        # As Image.rotate has it; the centre is the device's to find.
        angle = -math.radians(strength % 360.0)
        cosine, sine = round(math.cos(angle), 15), round(math.sin(angle), 15)
        return cosine, sine, -sine, cosine, 0.0, 0.0
    places = {"ShearX": 1, "ShearY": 2, "TranslateX": 4, "TranslateY": 5}
    affine = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    if name in places:
        affine[places[name]] = strength
    return tuple(affine)


def draw_policy(
    subs: Sequence[Sequence[Operation]], seed: int, epoch: int, size: int
) -> dict[str, np.ndarray]:
    """What is drawn of a policy for ``size`` images, one operation after the other.

    A sub-policy is drawn for each image, and whether each of its operations is done, with which
    sign, and where.

    Returns:
        Of each of the K operations of a sub-policy what :func:`constants` tells of it, (size, K)
        and (size, K, 6), and ``spot``, int32 (size, K, 2): a place from the top and from the left
        in 1/65536 of the side.
    """
    import numpy as np

    from benchmarks.randomness import coin_flips, integers, raw_stream, uniforms

    length = len(subs[0])
    known = constants([operation for sub in subs for operation in sub])
    probability = np.array([[operation.probability for operation in sub] for sub in subs])
    chosen = integers(seed, "policy/choice", epoch, size, len(subs))
    rows, spots = np.zeros((size, length), np.int64), np.zeros((size, length, 2), np.int32)
    for place in range(length):
        stream = raw_stream(seed, f"policy/probability/{place}", epoch)
        done = uniforms(stream, size) < probability[chosen, place]
        turned = coin_flips(seed, f"policy/sign/{place}", epoch, size)
        rows[:, place] = np.where(done, 1 + 2 * (length * chosen + place) + turned, 0)
        spots[:, place] = draw_spots(seed, f"policy/spot/{place}", epoch, size)
    return {**{name: values[rows] for name, values in known.items()}, "spot": spots}


def draw_spots(seed: int, purpose: str, epoch: int, size: int) -> np.ndarray:
    """Places from the top and from the left in 1/65536 of an image's side, int32 (size, 2)."""
    import numpy as np

    from benchmarks.randomness import integers

    return integers(seed, purpose, epoch, 2 * size, 1 << 16).reshape(size, 2).astype(np.int32)
