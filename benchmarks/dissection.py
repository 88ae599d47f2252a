"""Which units of a layer answer to which human concept: network dissection.

Source: Bau et al., "Network Dissection" (CVPR 2017), with its thresholds: a unit is active
where its map, enlarged to the segmentation by bilinear interpolation, exceeds the value that the
unit exceeds at ``1 − quantile`` of all places of all images; it detects the concept with which its
active places overlap most, where intersection over union exceeds ``least``. All units are done at
once, image by image: one pass over the images finds the thresholds, one the overlaps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate

from benchmarks.errors import UserError

QUANTILE, LEAST = 0.995, 0.04
# Room for so many more values than are kept, before the smaller ones are dropped.
SLACK = 0.25


@dataclass(frozen=True)
class Dissection:
    """What the units of a layer detect.

    Attributes:
        overlap: intersection over union, float64 (units, concepts).
        best: the concept with the largest one, int64 (units,).
        iou: that largest one, float64 (units,).
        least: what it has to exceed.
    """

    overlap: np.ndarray
    least: float = LEAST

    @property
    def best(self) -> np.ndarray:
        """Of each unit the place of the concept that it overlaps most, int64 (units,)."""
        return self.overlap.argmax(1)

    @property
    def iou(self) -> np.ndarray:
        """That overlap, float64 (units,)."""
        return self.overlap.max(1)

    @property
    def interpretable(self) -> np.ndarray:
        """Whether a unit detects its concept, bool (units,)."""
        return self.iou > self.least

    @property
    def unique_concepts(self) -> int:
        """How many concepts are detected by some unit."""
        return len(set(self.best[self.interpretable].tolist()))

    @property
    def specialisation(self) -> float:
        """ŝ: unique concepts over interpretable units; 0 where there are none."""
        units = int(self.interpretable.sum())
        return self.unique_concepts / units if units else 0.0


class UpperQuantile:
    """Exact upper quantiles of many series whose values come a part at a time.

    Keeps of each series the largest values alone: (1 − quantile) of all of them. They lie in a
    buffer with room for some more, so that a part costs what is written of it: once a series is
    known to have as many values as are kept, only what exceeds the smallest of these.

    Args:
        series: how many.
        total: values of each that will come.
    """

    def __init__(self, series: int, total: int, quantile: float = QUANTILE) -> None:
        # The smallest kept value is the quantile: so many are larger or it.
        self.kept = max(1, math.ceil(round((1 - quantile) * total, 6)))
        self.values = torch.empty((series, 0))
        self.filled = torch.zeros(series, dtype=torch.int64)
        # Of each series what a value has to exceed to count; none before so many have come.
        self.bound: torch.Tensor | None = None

    def add(self, values: torch.Tensor) -> None:
        """More values, float32 (series, n)."""
        if not self.values.shape[1]:
            spare = max(1, math.ceil(SLACK * self.kept))
            self.values = values.new_empty((len(values), self.kept + spare))
            self.filled = self.filled.to(values.device)
        for part in values.split(self.values.shape[1] - self.kept, dim=1):
            self._write(part)

    def _write(self, part: torch.Tensor) -> None:
        """At the end of each series; no more values than there is room for behind the kept ones."""
        if self.bound is None:
            start = int(self.filled[0])
            if start + part.shape[1] <= self.values.shape[1]:
                self.values[:, start : start + part.shape[1]] = part
                self.filled += part.shape[1]
                return
            self.bound = self._cut()
        # Not ">", as a NaN counts as the largest value.
        chosen = ~(part <= self.bound[:, None])
        counts = chosen.sum(1)
        if int((self.filled + counts).max()) > self.values.shape[1]:
            self.bound = self._cut()
        rows, places = chosen.nonzero(as_tuple=True)
        # Of each chosen value, how many of its series were chosen before it.
        before = torch.arange(len(rows), device=part.device) - (counts.cumsum(0) - counts)[rows]
        self.values[rows, self.filled[rows] + before] = part[rows, places]
        self.filled += counts

    def _cut(self) -> torch.Tensor:
        """Keep the largest values of each series, which all have as many; the smallest of them."""
        smallest = []
        # By series, since the places that are found beside the values take twice their memory.
        for values, filled in zip(self.values, self.filled.tolist(), strict=True):
            largest = values[:filled].topk(self.kept, sorted=False).values
            values[: self.kept] = largest
            smallest.append(largest.min())
        self.filled.fill_(self.kept)
        return torch.stack(smallest)

    def threshold(self) -> torch.Tensor:
        """The quantile of each series, float32 (series,); the smallest value where fewer came than
        are kept."""
        filled = int(self.filled.max())
        return self._cut() if filled > self.kept else self.values[:, :filled].min(1).values


@dataclass(frozen=True)
class Labelled:
    """An image: what the units answer, and what people see in it.

    Attributes:
        answers: the units' maps, float32 (units, h, w), of one size in all images.
        segments: labels of places, int (n, H, W), where n may be 0; 0 is no label, else a concept's
            place plus 1.
        whole: labels of the whole image, int (m,).
    """

    answers: torch.Tensor
    segments: np.ndarray
    whole: np.ndarray


Images = Callable[[], Iterable[Labelled]]
"""Gives all images, anew at each call and in any order."""


def dissect(
    images: Images,
    count: int,
    categories: np.ndarray,
    *,
    quantile: float = QUANTILE,
    least: float = LEAST,
    on_image: Callable[[str, int], None] = lambda stage, number: None,
) -> Dissection:
    """Dissect a layer.

    A unit's active places count against a concept in the images that have some label of the
    concept's category, since in the others nobody has looked for it.

    Args:
        images: for each of two passes.
        count: how many there are.
        categories: the category of each concept, int (concepts,).
        on_image: told the pass and the number of the image, after each.
    """
    threshold = _thresholds(images, count, quantile, on_image)
    tally = _Tally(threshold, categories)
    for number, image in enumerate(images(), start=1):
        tally.add(image)
        on_image("overlaps", number)
    return Dissection(tally.overlap(), least)


def _thresholds(
    images: Images, count: int, quantile: float, on_image: Callable[[str, int], None]
) -> torch.Tensor:
    """Of each unit the quantile of its values at all places, float32 (units,)."""
    found: UpperQuantile | None = None
    for number, image in enumerate(images(), start=1):
        values = image.answers.flatten(1).float()
        found = found or UpperQuantile(len(values), count * values.shape[1], quantile)
        found.add(values)
        on_image("thresholds", number)
    assert found is not None
    return found.threshold()


class _Tally:
    """Places where a unit is active, a concept is seen, and both, over images."""

    def __init__(self, threshold: torch.Tensor, categories: np.ndarray) -> None:
        self.threshold = threshold
        # No label is a concept of no category.
        self.categories = np.concatenate([[-1], categories])
        concepts = len(self.categories)
        self.seen = np.zeros(concepts, dtype=np.int64)
        self.both = np.zeros((len(threshold), concepts), dtype=np.int64)
        self.active = np.zeros_like(self.both)

    def add(self, image: Labelled) -> None:
        # Also without a segmentation: a whole image counts as many places as in others.
        size = tuple(map(int, image.segments.shape[1:]))
        large = interpolate(image.answers[None].float(), size, mode="bilinear", align_corners=False)
        active = (large[0] > self.threshold[:, None, None]).flatten(1).float()
        labels = np.union1d(np.unique(image.segments), image.whole).astype(np.int64)
        labels = labels[labels > 0]
        if not len(labels):
            return
        masks = np.stack([self._mask(image, label, active.shape[1]) for label in labels])
        both = torch.from_numpy(masks).to(active) @ active.T
        self.both[:, labels] += both.T.round().long().cpu().numpy()
        self.seen[labels] += masks.sum(1)
        looked_for = np.isin(self.categories, self.categories[labels])
        every = active.sum(1).long().cpu().numpy()
        self.active += every[:, None] * looked_for[None]

    def _mask(self, image: Labelled, label: int, places: int) -> np.ndarray:
        """Where a label is, bool (places,)."""
        if label in image.whole:
            return np.ones(places, dtype=bool)
        return np.asarray((image.segments == label).any(0).ravel())

    def overlap(self) -> np.ndarray:
        union = self.seen[None] + self.active - self.both
        overlap = np.divide(self.both, union, out=np.zeros(union.shape), where=union > 0)
        return np.asarray(overlap[:, 1:])


def last_maps(network: nn.Module, side: int) -> tuple[str, nn.Module]:
    """Name and module of the last feature layer: the last one to give maps that are larger
    than a pixel.

    Raises:
        UserError: where none does.
    """
    found: list[tuple[str, nn.Module]] = []
    hooks = []
    for name, module in network.named_modules():
        if name:

            def note(module: nn.Module, _: object, output: object, name: str = name) -> None:
                if isinstance(output, torch.Tensor) and output.ndim == 4 and output.shape[-1] > 1:
                    found.append((name, module))

            hooks.append(module.register_forward_hook(note))
    device = next(network.parameters()).device
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, side, side, device=device))
    for hook in hooks:
        hook.remove()
    if not found:
        raise UserError("the network has no layer of maps to dissect")
    return found[-1]
