"""Starts the contenders' processes and asks them to measure."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.errors import UserError
from benchmarks.throughput.contenders import Contender, Sample, Settings

ROOT = Path(__file__).resolve().parents[2]


def measure(contender: Contender, settings: Settings) -> Sample:
    """Run a contender's processes once, side by side.

    Raises:
        UserError: where one of them reports bad input.
        RuntimeError: where one fails otherwise; the message is the last line it wrote.
    """
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(Child(contender, settings, number))
            for number in range(contender.processes)
        ]
        if contender.kind != "plain":
            for child in children:
                child.await_ready()
            for child in children:
                child.tell("start\n")
        return Sample.of([child.answer() for child in children])


class Standing:
    """Contenders whose processes stay for all rounds; one that fails is left out from then on.

    All are started at once, since loading takes long; then each is told in turn to put its networks
    on the device and to warm up there.

    Attributes:
        failures: what went wrong, by the contender's name.
    """

    def __init__(self, field: Sequence[Contender], settings: Settings) -> None:
        self.field, self.settings = list(field), settings
        self.failures: dict[str, str] = {}
        self._children: dict[Contender, Child] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Standing:
        for contender in self.field:
            if contender.lasting:
                child = self._stack.enter_context(Child(contender, self.settings, 0))
                self._children[contender] = child
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def warm_up(self, say: Callable[[str], None]) -> None:
        """Make all ready."""
        for contender in list(self._children):
            say(contender.name)
            with self._excused(contender):
                self._children[contender].tell("load\n")
                self._children[contender].await_ready()

    def round(self, say: Callable[[str], None]) -> dict[Contender, Sample]:
        """Everybody's measurement, in order.

        Raises:
            UserError: see :func:`measure`.
        """
        found: dict[Contender, Sample] = {}
        for contender in list(self.field):
            say(contender.name)
            with self._excused(contender):
                if contender.lasting:
                    self._children[contender].tell("start\n")
                    found[contender] = Sample.of([self._children[contender].next_answer()])
                else:
                    found[contender] = measure(contender, self.settings)
        return found

    @contextlib.contextmanager
    def _excused(self, contender: Contender) -> Any:
        try:
            yield
        except (RuntimeError, BrokenPipeError) as error:
            self.failures[contender.name] = str(error)
            self.field.remove(contender)
            if child := self._children.pop(contender, None):
                child.kill()  # and its memory is free for the others


class Child(subprocess.Popen[str]):
    """A measured process."""

    def __init__(self, contender: Contender, settings: Settings, number: int) -> None:
        self.name, self.log = contender.name, tempfile.TemporaryFile("w+")  # noqa: SIM115
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Plain takes torch's own number of threads, whatever this shell has set.
        unset = ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if contender.kind == "plain" else ()
        inherited = {name: text for name, text in os.environ.items() if name not in unset}
        super().__init__(
            contender.command(settings, number),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**inherited, "PYTHONPATH": path},
            text=True,
        )

    def await_ready(self) -> None:
        """Wait until the process has warmed up."""
        assert self.stdout is not None
        if self.stdout.readline().strip() != "ready":
            self._fail()

    def tell(self, line: str) -> None:
        """A line on its standard input."""
        assert self.stdin is not None
        try:
            self.stdin.write(line)
            self.stdin.flush()
        except BrokenPipeError:
            self._fail()

    def next_answer(self) -> dict[str, Any]:
        """What it has measured now, of a process that goes on."""
        assert self.stdout is not None
        line = self.stdout.readline()
        if not line.startswith("{"):
            self._fail()
        return json.loads(line)

    def answer(self) -> dict[str, Any]:
        """What it has measured, of a process that ends."""
        assert self.stdout is not None
        last = (self.stdout.read().splitlines() or [""])[-1]
        if self.wait() != 0 or not last:
            self._fail()
        return json.loads(last)

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.communicate()
        self.log.close()

    def _fail(self) -> NoReturn:
        code = self.wait()
        self.log.seek(0)
        last = (self.log.read().strip().splitlines() or ["no message"])[-1]
        if code == 2:
            raise UserError(last)
        raise RuntimeError(f"{self.name} failed with exit code {code}: {last}")
