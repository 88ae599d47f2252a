"""The phase that takes over a published network's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.errors import UserError
from benchmarks.procedures.phase import AtOnce
from benchmarks.weights.catalogue import WEIGHTS

if TYPE_CHECKING:
    from benchmarks.training.member import Member


class StartFromFile(AtOnce, tag="start_from_file", frozen=True):
    """Begin with weights that somebody has published, of the network's own names.

    Attributes:
        weights: a torch file of ``reproduce data list``, such as "torchvision-resnet18".
        checksum: the published sum of the file, by default of the one that the register names.
        fresh: parameters whose names begin with one of these keep their own initial weights, such
            as the classifier for other classes.
    """

    weights: str
    checksum: str = ""
    fresh: tuple[str, ...] = ("fc.",)

    def complete(self) -> None:
        if not self.checksum and self.weights in WEIGHTS:
            found = WEIGHTS[self.weights].sources[0].checksum
            msgspec.structs.force_setattr(self, "checksum", found)

    def fault(self) -> str | None:
        known = {name: entry for name, entry in WEIGHTS.items() if entry.suffix == ".pth"}
        if self.weights not in known:
            return f"weights: {self.weights!r} is none of {', '.join(known)}"
        sums = [source.checksum for source in known[self.weights].sources]
        if self.checksum not in sums:
            return f"checksum: {self.checksum!r} is none of {', '.join(sums)}"
        return None

    @property
    def files(self) -> tuple[str, ...]:
        return (self.weights,)

    def apply(self, member: Member) -> None:
        """See :meth:`AtOnce.apply`.

        Raises:
            UserError: where the file is not there, is another one or of another network.
        """
        given = member.context.file_of(self.weights, self.checksum)
        own = member.model.state_dict()
        taken = {n: value for n, value in given.items() if not n.startswith(self.fresh)}
        # Older files lack the counters of batch-norm, which nothing computes with.
        needed = {
            name
            for name in own
            if not name.startswith(self.fresh) and not name.endswith("num_batches_tracked")
        }
        wrong = sorted(
            name
            for name in needed | set(taken)
            if name not in own or name not in taken or own[name].shape != taken[name].shape
        )
        if wrong:
            raise UserError(
                f"{self.weights} is of another network than the run's: {', '.join(wrong[:3])}; "
                "name what is to start anew in start_from_file's fresh"
            )
        member.model.load_state_dict({**own, **taken})
