"""Which SLURM job a process belongs to, as its claims tell it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class JobName:
    """One start of one job.

    Attributes:
        job: "1234", or "1234_5" for a task of an array.
        restart: how often it had been started before; grows with every requeue.
        uid: whose job it is.
        cluster: job numbers of other clusters mean nothing here.
    """

    job: str
    restart: int
    uid: int
    cluster: str

    def __str__(self) -> str:
        return f"{self.job}.{self.restart}.{self.uid}.{self.cluster}"

    @classmethod
    def parse(cls, text: str) -> JobName | None:
        """The job that ``str`` wrote, None where it is no such text."""
        found = re.fullmatch(r"(\d+(?:_\d+)?)\.(\d+)\.(\d+)\.(.*)", text)
        if not found:
            return None
        return cls(found[1], int(found[2]), int(found[3]), found[4])

    def supersedes(self, other: JobName) -> bool:
        """Whether this is a later start of the same job: SLURM starts none again before the earlier
        start has ended."""
        same = (self.job, self.cluster) == (other.job, other.cluster)
        return same and self.restart > other.restart


def job_number(environment: Mapping[str, str]) -> str:
    """The job that a process's environment names, as ``squeue`` does; empty outside of any."""
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    number = f"{array}_{task}" if array and task else environment.get("SLURM_JOB_ID", "")
    return number if re.fullmatch(r"\d+(_\d+)?", number) else ""


def this_job(environment: Mapping[str, str]) -> str:
    """The job that this process runs in, as text for a claim; empty outside of any."""
    number = job_number(environment)
    if not number:
        return ""
    restart = environment.get("SLURM_RESTART_COUNT", "")
    count = int(restart) if restart.isdecimal() else 0
    return str(JobName(number, count, os.getuid(), environment.get("SLURM_CLUSTER_NAME", "")))
