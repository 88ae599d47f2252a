"""What every phase has, and the list of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from benchmarks.parts import Part

if TYPE_CHECKING:
    from torch import nn

    from benchmarks.objectives import Objective
    from benchmarks.run import Run
    from benchmarks.training.device_services import Request
    from benchmarks.training.member import Member


class Work(Protocol):
    """A phase at work on a member of a pack."""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        ...

    def steps(self) -> Iterator[bool | Request]:
        """Work on. Yields a request for work on the device, and goes on when that has been put
        there; besides yields at least every second, and True where the state may be saved."""
        ...

    def state(self) -> dict[str, Any]:
        """What continuing needs besides the network's weights and the member's books."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`."""
        ...


class Phase(Part, frozen=True):
    """One thing done to, or with, the weights."""

    @property
    def length(self) -> int:
        """Epochs; 0 for what takes none."""
        return 0

    @property
    def evaluations(self) -> int:
        """How often the phase is evaluated on the test images; for estimates."""
        return 0

    @property
    def uncounted(self) -> str:
        """What takes time besides passes of images through the network; for estimates."""
        return ""

    @property
    def sources(self) -> tuple[Run, ...]:
        """Runs whose kept weights the phase needs."""
        return ()

    @property
    def files(self) -> tuple[str, ...]:
        """Names of published weight files that the phase needs."""
        return ()

    def of_seed(self, seed: int) -> Self:
        """The phase in a run of that seed whose sources have its seed too."""
        return self

    def images_an_epoch(self, images: int) -> int:
        """How many of a split's ``images`` an epoch trains; for estimates."""
        return images

    def forward_images(self, train: int, test: int, views: int) -> int:
        """How many images the phase takes through the network without training on them or being
        evaluated on them; for estimates.

        Args:
            train, test: images of the splits.
            views: of a test image.
        """
        return 0

    def misfit(self, objective: Objective, before: Sequence[Phase]) -> str | None:
        """What is wrong with the phase behind those ``before``, in one line; None where nothing is.

        Args:
            objective: the run's.
        """
        return None

    def begin(self, member: Member) -> Work:
        """The phase at work; the network is as the phase before has left it."""
        raise NotImplementedError

    def rebuild(self, model: nn.Module, remains: Any) -> None:
        """Give a new network the shape that this phase gave it, from what it noted in
        ``Member.remains``, so that saved weights fit."""


class AtOnce(Phase, frozen=True):
    """A phase without epochs: what it does, it does in one step, and again after a kill."""

    def apply(self, member: Member) -> None:
        """Do it."""
        raise NotImplementedError

    def begin(self, member: Member) -> Work:
        return _Once(self, member)


class _Once:
    def __init__(self, phase: AtOnce, member: Member) -> None:
        self.phase, self.member, self.over = phase, member, False

    def steps(self) -> Iterator[bool | Request]:
        began = time.perf_counter()
        self.phase.apply(self.member)
        self.member.wall_seconds += time.perf_counter() - began
        self.over = True
        yield True

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        pass


class Procedure(Part, tag="procedure", frozen=True):
    """Phases over one set of weights, in order."""

    phases: tuple[Phase, ...] = ()

    def fault(self) -> str | None:
        return None if self.phases else "a procedure needs at least one phase"

    def misfit(self, objective: Objective) -> str | None:
        """What is wrong with the phases' order where a run has that objective, in one line."""
        found = (p.misfit(objective, self.phases[:n]) for n, p in enumerate(self.phases))
        return next(filter(None, found), None)
