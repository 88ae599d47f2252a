"""Running commands that train nothing, as a user types them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reproduce.__main__ import main
from reproduce.catalogue import paper_files
from reproduce.store.paths import PAPER_TABLES, ROOT

NEEDS_LATEX = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed"
)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`reproduce ARGUMENTS` at 80 columns without a terminal, in this process, since loading a
    process's packages takes longer than most answers; both outputs are files, as a shell's are."""
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, value in {"COLUMNS": "80", **environment}.items():
            patch.setenv(name, value)
        patch.chdir(ROOT)
        patch.setattr(sys, "stdin", stack.enter_context(open(os.devnull)))
        for name in ("stdout", "stderr"):
            file = open(folder / name, "w", encoding="utf-8")  # noqa: SIM115
            patch.setattr(sys, name, stack.enter_context(file))
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        texts = ((folder / name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(list(arguments), ended.value.code, *texts)


def run_apart(*arguments: str, module: str = "reproduce") -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, or another module."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )


def altered(file: str, text: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a paper's numbers be read from ``folder``, with this text for a file, or without it."""
    shutil.copytree(PAPER_TABLES / "locality", folder / "locality")
    (folder / "locality" / file).unlink()
    if text is not None:
        (folder / "locality" / file).write_text(text)
    monkeypatch.setattr(paper_files, "PAPER_TABLES", folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by name, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def complaint(*arguments: str, **environment: str) -> str:
    """The one line on stderr of a command that must exit with 2."""
    done = run(*arguments, **environment)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("reproduce: ")
    return line


def loaded_by(module: str) -> set[str]:
    """The top-level packages that importing ``module`` loads."""
    program = f"import sys, {module}; print(' '.join({{n.split('.')[0] for n in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())
