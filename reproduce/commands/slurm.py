"""What ``--executor slurm`` does in a table's command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analysis.counted import counted
from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest
from reproduce.executors.slurm.arrays import Array, Request, arrays, parameters, script
from reproduce.executors.slurm.submit import DEFERRED, LEFT, SUBMITTED, Submitted, submit, tidy
from reproduce.running.progress import duration
from reproduce.running.standing import DONE, ENDING, RUNNING
from reproduce.store.paths import default_results
from reproduce.store.queues import QUEUED, UNKNOWN

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection
    from reproduce.commands.options import Launch
    from reproduce.running.campaign import Survey

ID_PLACE, SNAPSHOT_PLACE = "SUBMISSION", "SNAPSHOT"
_TOLD = {
    DONE: "done",
    RUNNING: "running",
    QUEUED: "queued before",
    UNKNOWN: "submitted to a queue that does not answer here",
    DEFERRED: "not submitted for want of room (--max-queued)",
    LEFT: "left aside (--retry)",
    ENDING: "being cancelled (repeat the command in half a minute)",
}


def request_of(selection: Selection, launch: Launch) -> Request:
    """What is asked of the queue for a selection.

    Raises:
        UserError: where the device and the GPUs asked for contradict each other.
    """
    options = launch.slurm
    assert options
    if launch.device not in ("auto", options.device):
        more = "is given" if options.gpus_per_task else "N asks the queue for some"
        raise UserError(f"--device {launch.device}: --slurm-gpus-per-task {more}")
    table = selection.table
    title = table.name if table.form == "full" else f"{table.name}-{table.form}"
    data, weights = launch.data_folder, launch.save_weights
    return Request(title, selection.store, data, options, launch.pack, weights)


def submit_selection(selection: Selection, request: Request) -> Submitted:
    """Submit what is missing and say so on stderr; UserError as of :func:`submit`, and for missing
    data."""
    from reproduce.running import images

    images.check((p.run for p in selection.planned), request.data)
    submitted = submit(selection.planned, request)
    for line in _told(submitted, selection):
        print(f"reproduce: {line}", file=sys.stderr)
    return submitted


def follow_selection(selection: Selection, request: Request, quiet: bool) -> Survey:
    """Submit what is missing and follow all of it to its end; UserError as before."""
    from reproduce.executors.slurm.follow import follow

    summary = follow(request, submit_selection(selection, request), shown=not quiet)
    tidy(request.store)
    return summary


def plain(submitted: Submitted) -> dict[str, Any]:
    """For ``--json``: counts of runs, and the numbers of the arrays that were submitted."""
    submission = submitted.submission
    groups = (DONE, RUNNING, QUEUED, UNKNOWN, SUBMITTED, DEFERRED, LEFT, ENDING)
    return {
        "submission": submission.id if submission else None,
        "jobs": {array.job: array.name for array in submission.arrays} if submission else {},
        **{group: len(submitted.of(group)) for group in groups},
        "weightless": len(submitted.weightless),
    }


def _told(submitted: Submitted, selection: Selection) -> Iterator[str]:
    if submitted.warning:
        yield submitted.warning
    if submission := submitted.submission:
        tasks = sum(len(array.tasks) for array in submission.arrays)
        numbers = [array.job for array in submission.arrays]
        to = f" to {numbers[-1]}" if len(numbers) > 1 else ""
        runs = counted(len(submitted.of(SUBMITTED)), "run")
        made = f"{counted(tasks, 'task')} in {counted(len(numbers), 'array')}"
        yield f"submitted {runs} as {made} ({numbers[0]}{to})"
    else:
        yield "nothing was submitted"
    counts = {text: len(submitted.of(group)) for group, text in _TOLD.items()}
    if rest := ", ".join(f"{count} {text}" for text, count in counts.items() if count):
        yield rest
    if names := cluster.overriding():
        yield f"not used: {', '.join(names)} of the environment; the options for SLURM count"
    name = selection.table.name + selection.table.option
    if selection.variant or selection.store.base != default_results():
        name += " …"  # with the same options
    if without := len(submitted.weightless):
        yield (
            f"{counted(without, 'run')} of the queue will keep no weights, submitted without "
            f"--save-weights: `reproduce cancel {name}` and submit again, or repeat this command "
            "when they are done, which trains them once more"
        )
    yield f"`reproduce status {name}` tells how far it is, `reproduce cancel {name}` ends it"


def dry_run(selection: Selection, request: Request, *, as_json: bool) -> str:
    """The scripts of all selected runs, as if none were done, and what they may cost; submits and
    reads nothing, and needs no cluster."""
    facts = cluster.facts() if cluster.present() else None
    limit = facts.max_array_size if facts else cluster.DEFAULT_MAX_ARRAY_SIZE
    options = request.options
    parts = arrays(selection.planned, request.title, options.seeds_per_job, limit)
    tasks, runs = sum(len(part.tasks) for part in parts), sum(len(part.runs) for part in parts)
    hours = tasks * options.time / 60
    cpu, gpu = hours * options.cpus_per_task, hours * options.gpus_per_task
    if as_json:
        rows = [
            {
                "name": part.name,
                "tasks": len(part.tasks),
                "runs": len(part.runs),
                "script": _script(part, request),
            }
            for part in parts
        ]
        cost = {"tasks": tasks, "runs": runs, "cpu_hours": cpu, "gpu_hours": gpu}
        return json.dumps({"arrays": rows, **cost}, indent=1)
    width = max(len(part.name) for part in parts)
    lines = [_script(parts[0], request).rstrip(), ""]
    if len(parts) > 1:
        lines.append("Likewise, with their own --job-name and --array:")
        lines += [f"  {part.name:<{width}}  {_tasks(part)}" for part in parts[1:]]
        lines.append("")
    if facts is None:
        lines.append(f"No SLURM answers here; MaxArraySize is taken for {limit}.")
    lines.append(
        f"{counted(tasks, 'task')} in {counted(len(parts), 'array')} for {counted(runs, 'run')}, "
        f"at most {duration(options.time * 60)} each before it is queued again: "
        f"{cpu:,.0f} CPU hours"
        f"{f' and {gpu:,.0f} GPU hours' if gpu else ''} per round at most."
    )
    lines.append("Jobs are submitted on hold and released together. Nothing was submitted.")
    return "\n".join(lines)


def _script(part: Array, request: Request) -> str:
    folder = manifest.jobs_folder(request.store.slurm, ID_PLACE)
    code = request.store.slurm / "snapshots" / SNAPSHOT_PLACE
    values = parameters(request.options, part, f"{cluster.COMMENT}{ID_PLACE}", code)
    return script(folder, part, values)


def _tasks(part: Array) -> str:
    count = len(part.tasks)
    numbers = f"tasks 0-{count - 1}" if count > 1 else "a single job"
    return f"{numbers}, {counted(len(part.runs), 'run')}"
