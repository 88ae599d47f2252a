"""The phase that measures what each of several thresholds would leave of a network, and leaves it
as it is, where :mod:`.prune` changes it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from benchmarks.errors import UserError
from benchmarks.parts import NotNegative, Whole
from benchmarks.procedures.batch_norm_statistics import gather_anew, of_training
from benchmarks.procedures.phase import AtOnce
from benchmarks.procedures.shrink_model import SCHEMES, of_layers, without

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.training.member import Member

Sizes = dict[str, list[int]]


class Thresholds(AtOnce, tag="thresholds", frozen=True):
    """Shrink a copy of the network at each of several τ, see
    :func:`benchmarks.procedures.shrink`, and measure it.

    Measurements, each with the threshold behind it ("parameters at 0.001", of a relative one
    "parameters at 0.1 of the largest"): "parameters" and "multiply-adds"; "test accuracy", and
    "validation accuracy" where images are held out; "learned widths" and "kernels of size …", lists
    by layer; "kernels left" and "layers left"; "full layers" of the kernels that they had, and
    "mixed layers" of several sizes. Where no network can be built, because a layer without a
    shortcut has no kernel left, accuracy and costs are null.

    Attributes:
        what: what the norms are of, as in :class:`benchmarks.procedures.Prune`.
        absolute: τ.
        relative: τ as shares of the largest kernel's norm in a layer.
        renew: of how many training images each copy gathers its batch-norm statistics anew, see
            :func:`benchmarks.procedures.gather_anew`, before it is tested; of all where there are
            fewer. 0: it keeps those of training.
    """

    introduced: ClassVar[Mapping[str, Any]] = {"renew": 0}

    what: Literal["kernels", "half_rings", "rings"] = "kernels"
    absolute: tuple[NotNegative, ...] = ()
    relative: tuple[NotNegative, ...] = ()
    renew: Whole = 0

    def fault(self) -> str | None:
        if not self.absolute and not self.relative:
            return "thresholds needs at least one: in absolute or in relative"
        if self.renew == 1:
            return "renew=1: one image has no variance; give two or more, or 0"
        return None

    @property
    def evaluations(self) -> int:
        return len(self.absolute) + len(self.relative)

    def forward_images(self, train: int, test: int, views: int) -> int:
        return self.evaluations * min(self.renew, train)

    def apply(self, member: Member) -> None:
        """See :meth:`AtOnce.apply`.

        Raises:
            UserError: where the network is of a form whose kernels cannot be taken out.
        """
        known: dict[str, dict[str, Any]] = {}
        for tau in self.absolute:
            self._measure(member, float(tau), "absolute", absolute(tau), known)
        for tau in self.relative:
            self._measure(member, float(tau), "relative", relative(tau), known)

    def _measure(
        self,
        member: Member,
        tau: float,
        mode: Literal["absolute", "relative"],
        behind: str,
        known: dict[str, dict[str, Any]],
    ) -> None:
        """Enter one threshold's measurements; ``known`` holds those of networks seen before."""
        from benchmarks.models import kernel_selection

        sizes = kernel_selection.sizes_at(member.model, tau, SCHEMES[self.what], mode)
        if str(sizes) not in known:
            known[str(sizes)] = counted(member.model, sizes) | self._built(member, tau, mode)
        member.measurements |= {f"{name} {behind}": v for name, v in known[str(sizes)].items()}

    def _built(
        self, member: Member, tau: float, mode: Literal["absolute", "relative"]
    ) -> dict[str, Any]:
        from benchmarks.models import kernel_selection
        from benchmarks.models.describe import network_measures

        splits = member.context.evaluated
        names = ("parameters", "multiply-adds")
        try:
            sizes = kernel_selection.select(member.model, tau, SCHEMES[self.what], mode)
        except UserError:
            return dict.fromkeys((*names, *(f"{split} accuracy" for split in splits)))
        smaller = without(copy.deepcopy(member.model), sizes, self.what).model
        if self.renew:
            with member.numerics(), member.autocast():
                gather_anew(smaller, of_training(member.context, member.run.seed, self.renew))
        found = network_measures(smaller, member.context.side)
        return {name: found[name] for name in names} | {
            f"{name} accuracy": {"count": member.count_correct(split, smaller), "of": len(split)}
            for name, split in splits.items()
        }


def absolute(tau: Decimal) -> str:
    """What stands behind the measurements of an absolute threshold."""
    return f"at {tau:f}"


def relative(tau: Decimal) -> str:
    """What stands behind those of a relative one."""
    return f"at {tau:f} of the largest"


def counted(model: nn.Module, sizes: Mapping[str, list[int]]) -> dict[str, Any]:
    """Lists by layer, and counts of kernels and layers, of kernels of these sizes."""
    layers = [model.get_submodule(path) for path in sizes]
    whole = [layer.kernel_size[0] for layer in layers]  # type: ignore[index, union-attr]
    every = [size for found in sizes.values() for size in found]
    pairs = list(zip(whole, sizes.values(), strict=True))
    full = sum(all(size == side for size in found) for side, found in pairs)
    mixed = sum(len(set(found) - {0}) > 1 for found in sizes.values())
    return of_layers(dict(sizes)) | {
        "kernels left": {"count": sum(map(bool, every)), "of": len(every)},
        "full layers": {"count": full, "of": len(sizes)},
        "mixed layers": {"count": mixed, "of": len(sizes)},
    }
