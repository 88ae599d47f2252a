"""Whether folders leave room for the names and paths of what is written below them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reproduce.store import hardware

# What Linux's common file systems take, where the system does not tell; a path's end counts too.
NAME_MAX, PATH_MAX = 255, 4096
# The longest name below a folder of results is that of a claim: it tells the host and the job, of
# up to 64 letters each.
LONGEST_NAME = 224
# The longest path is quick/claims/.NAME/NAME.
LONGEST_BELOW = 480
# The address of a UNIX socket has at most 107 bytes and a zero; workers that load images in other
# processes listen at one in the temporary folder, named as here.
SOCKET_MAX, SOCKET_NAME = 107, "/pymp-12345678/listener-12345678"
# What SLURM takes for a pattern in the path of a job's output.
SLURM_SIGNS = "%\\"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a path; ``fatal`` where nothing can be written below it."""

    found: str
    fix: str
    fatal: bool = True


def of_data(folder: Path) -> Problem | None:
    """The problem of a folder of data sets, if there is one. Writes nothing."""
    return _too_long(folder, "--data or REPRODUCE_DATA")


def of_results(folder: Path) -> Problem | None:
    """The problem of a folder of results, if there is one. Writes nothing."""
    options = "--results or REPRODUCE_RESULTS"
    if problem := _too_long(folder, options):
        return problem
    longest, _ = _limits(folder)
    if longest < LONGEST_NAME:
        found = f"file names of at most {longest} bytes, claims may need {LONGEST_NAME}"
        return Problem(found, f"choose one on another file system with {options}", fatal=False)
    if sign := next((sign for sign in SLURM_SIGNS if sign in str(folder)), None):
        fix = f"for SLURM only: choose one without {sign} in its path with {options}"
        return Problem(f"{sign}, to SLURM a pattern", fix, fatal=False)
    return None


def of_temporary(folder: Path) -> Problem | None:
    """The problem of the folder of temporary files, if there is one."""
    most = SOCKET_MAX - len(SOCKET_NAME)
    if (size := len(os.fsencode(folder))) <= most:
        return None
    found = f"{size:,} bytes, sockets in it allow {most}"
    return Problem(found, "set TMPDIR to a short path, such as /tmp", fatal=False)


def _too_long(folder: Path, options: str) -> Problem | None:
    name_max, path_max = _limits(folder)
    longest = max((len(os.fsencode(part)) for part in folder.parts), default=0)
    if longest > name_max:
        found = f"a name of {longest:,} bytes in it, {name_max} allowed"
        return Problem(found, f"choose one with shorter names with {options}")
    size, most = len(os.fsencode(folder)), path_max - 1 - LONGEST_BELOW
    if size > most:
        found = f"{size:,} bytes, {most:,} leave room for files"
        return Problem(found, f"choose a shorter path with {options}")
    return None


def _limits(folder: Path) -> tuple[int, int]:
    """How many bytes a name and a path, with the zero at its end, may have there."""
    place = hardware.existing(folder)
    return _limit(place, "PC_NAME_MAX", NAME_MAX), _limit(place, "PC_PATH_MAX", PATH_MAX)


def _limit(place: Path, name: str, otherwise: int) -> int:
    try:
        found = os.pathconf(place, name)
    except (OSError, ValueError):
        return otherwise
    return found if found > 0 else otherwise
