"""The phase that takes over another run's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.errors import UserError
from benchmarks.parts import Experiment
from benchmarks.procedures.phase import AtOnce

if TYPE_CHECKING:
    from benchmarks.run import Run
    from benchmarks.training.member import Member


class StartFrom(AtOnce, tag="start_from", frozen=True):
    """Begin with the weights that another run has kept.

    Attributes:
        run: the other run's canonical form, or the run itself.
        fresh: parameters whose names begin with one of these keep their own initial weights, such
            as the classifier for other classes.
    """

    run: Experiment
    fresh: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Run, ...]:
        return (self.run,)  # type: ignore[return-value]

    def of_seed(self, seed: int) -> StartFrom:
        return self.replace(run=self.sources[0].replace(seed=seed))

    def apply(self, member: Member) -> None:
        """See :meth:`AtOnce.apply`.

        Raises:
            UserError: where the weights are not there or are of another shape.
        """
        source = self.sources[0]
        weights = member.context.weights_of(source)
        own = member.model.state_dict()
        taken = {n: value for n, value in weights.items() if not n.startswith(self.fresh)}
        needed = {name for name in own if not name.startswith(self.fresh)}
        wrong = sorted(
            name
            for name in needed | set(taken)
            if name not in own or name not in taken or own[name].shape != taken[name].shape
        )
        if wrong:
            raise UserError(
                f"the weights of run {source.hash} do not fit the network: {', '.join(wrong[:3])}; "
                "name what is to start anew in start_from's fresh"
            )
        member.model.load_state_dict({**own, **taken})
