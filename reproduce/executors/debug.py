"""Trains in this very process, one run after the other, where a debugger can follow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reproduce.executors.local import POLL_SECONDS, new_log
from reproduce.running.trainer import Trainer, stamped

if TYPE_CHECKING:
    from reproduce.running.campaign import Campaign
    from reproduce.running.interrupts import Interrupts
    from reproduce.running.progress import Display


class DebugExecutor:
    """The same claims, checkpoints and records as with worker processes; its log goes to stderr
    too."""

    def execute(self, campaign: Campaign, interrupts: Interrupts, display: Display) -> None:
        """See :class:`reproduce.executors.Executor`."""
        path = new_log(campaign.job.store, "debug")
        next_look = 0.0

        def look() -> None:
            nonlocal next_look
            if interrupts.requested:
                trainer.stop()
            if time.monotonic() >= next_look:
                display.update(campaign.survey())
                next_look = time.monotonic() + POLL_SECONDS

        with open(path, "a", buffering=1, encoding="utf-8") as file:

            def log(message: str) -> None:
                print(stamped(message), file=file)
                display.note(message)

            while not interrupts.requested:
                trainer = Trainer(campaign.job, "this process", log, str(path), look)
                try:
                    trainer.work()
                finally:
                    _compute_as_usual()
                survey = campaign.survey()
                display.update(survey)
                if survey.over:
                    return
                interrupts.wait(POLL_SECONDS)


def _compute_as_usual() -> None:
    """What the analysis computes after training must not depend on there having been some."""
    import torch

    torch.set_flush_denormal(False)
