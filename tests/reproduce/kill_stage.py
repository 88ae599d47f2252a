"""Forks processes that train and kills them; run by test_kill, so that torch loads only once.

Reads a JSON object a line: what the child trains, and when it dies, either ``after`` so many
seconds or before its ``call``-th change to the file system. Answers with one: the signal that ended
the child (0 for none), its exit code, and its time in seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import torch
from launch_helpers import tiny_dataset, tiny_run, tiny_table

from benchmarks.training import checkpoint, loop
from reproduce.executors.launch import launch
from reproduce.running.launch_options import LaunchOptions
from reproduce.store.store import Store

CHANGES = ("replace", "rename", "link", "unlink", "mkdir", "rmdir", "fsync")


def die_before_call(number: int) -> None:
    """Kill this process before its ``number``-th change to the file system; a write that was about
    to reach the disk is cut in half first."""
    count = itertools.count(1)

    def watched(name: str) -> Any:
        original = getattr(os, name)

        def change(*arguments: Any, **options: Any) -> Any:
            if next(count) == number:
                if name == "fsync" and (size := os.fstat(arguments[0]).st_size):
                    with contextlib.suppress(OSError):  # a folder
                        os.ftruncate(arguments[0], size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **options)

        return change

    for name in CHANGES:
        setattr(os, name, watched(name))


def train_table(asked: dict[str, Any]) -> int:
    """A whole command in this process."""
    options = LaunchOptions(
        executor="debug",
        device="cpu",
        data=Path(asked["data"]),
        progress=False,
        save_weights=asked.get("save_weights", False),
    )
    planned = tiny_table(asked["seeds"], epochs=asked["epochs"])
    return 0 if launch(planned, Store(Path(asked["base"])), options).complete else 3


def train_weights(asked: dict[str, Any]) -> int:
    """The loop alone; leaves the digest of the end weights in ``base/weights``."""
    base = Path(asked["base"])
    device = torch.device("cpu")
    loop.prepare(device)
    run = tiny_run(0, epochs=asked["epochs"])
    (outcome,) = loop.train([run], tiny_dataset(), device, checkpoints=base)
    assert outcome.model is not None, outcome.error
    values = [value.numpy().tobytes() for value in outcome.model.state_dict().values()]
    (base / "weights").write_text(hashlib.sha256(b"".join(values)).hexdigest())
    return 0


def child(asked: dict[str, Any]) -> None:
    """Never returns."""
    code = 70
    try:
        checkpoint.CHECKPOINT_SECONDS = 0.0  # every epoch
        if "call" in asked:
            die_before_call(asked["call"])
        code = {"table": train_table, "weights": train_weights}[asked["what"]](asked)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    """See the module's text."""
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child(asked)
        if "after" in asked:
            timer = threading.Timer(asked["after"], os.kill, (pid, signal.SIGKILL))
            timer.start()
        _, status = os.waitpid(pid, 0)
        if "after" in asked:
            timer.cancel()
        answer = {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "seconds": time.monotonic() - began,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
