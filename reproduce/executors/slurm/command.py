"""What ``--executor slurm`` does in a table's command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.errors import UserError
from reproduce.executors.slurm import cluster, manifest
from reproduce.executors.slurm.arrays import Array, arrays, parameters, script
from reproduce.executors.slurm.submit import Request, Submitted
from reproduce.running.progress import duration
from reproduce.store.paths import default_results

if TYPE_CHECKING:
    from pathlib import Path

    from reproduce.catalogue.selection import Selection
    from reproduce.executors.slurm.options import SlurmOptions
    from reproduce.running.launch import LaunchSummary

ID_PLACE, SNAPSHOT_PLACE = "SUBMISSION", "SNAPSHOT"


def request_of(
    selection: Selection,
    options: SlurmOptions,
    data: Path,
    device: str,
    pack: int | None,
    *,
    save_weights: bool = False,
) -> Request:
    """What is asked of the queue for a selection.

    Raises:
        UserError: where the device and the GPUs asked for contradict each other.
    """
    if device not in ("auto", options.device):
        more = "is given" if options.gpus_per_task else "N asks the queue for some"
        raise UserError(f"--device {device}: --slurm-gpus-per-task {more}")
    table = selection.table
    title = table.name if table.form == "full" else f"{table.name}-{table.form}"
    return Request(title, selection.store, data, options, pack, save_weights)


def submit_selection(selection: Selection, request: Request) -> Submitted:
    """Submit what is missing and say so on stderr.

    Raises:
        UserError: see :func:`reproduce.executors.slurm.submit.submit`; also for missing data.
    """
    from reproduce.executors.slurm.submit import submit
    from reproduce.running import images

    images.check((p.run for p in selection.planned), request.data)
    submitted = submit(selection.planned, request)
    for line in _told(submitted, selection):
        print(f"reproduce: {line}", file=sys.stderr)
    return submitted


def follow_selection(selection: Selection, request: Request, quiet: bool) -> LaunchSummary:
    """Submit what is missing and follow all of it to its end.

    Raises:
        UserError: see :func:`submit_selection`.
    """
    from reproduce.executors.slurm.follow import follow
    from reproduce.executors.slurm.submit import tidy

    planned = selection.planned
    failed = request.store.failures.read([p.run.hash for p in planned])
    submitted = submit_selection(selection, request)
    summary = follow(planned, request, submitted, failed, shown=not quiet)
    tidy(request.store)
    return summary


def plain(submitted: Submitted) -> dict[str, Any]:
    """For ``--json``: counts of runs, and the numbers of the arrays that were submitted."""
    submission = submitted.submission
    groups = ["done", "running", "queued", "unknown", "fresh", "deferred", "left"]
    groups += ["ending", "weightless"]
    return {
        "submission": submission.id if submission else None,
        "jobs": {array.job: array.name for array in submission.arrays} if submission else {},
        **{("submitted" if g == "fresh" else g): len(getattr(submitted, g)) for g in groups},
    }


def _told(submitted: Submitted, selection: Selection) -> Iterator[str]:
    if submitted.warning:
        yield submitted.warning
    if submission := submitted.submission:
        tasks = sum(len(array.tasks) for array in submission.arrays)
        numbers = [array.job for array in submission.arrays]
        yield (
            f"submitted {_count(len(submitted.fresh), 'run')} as {_count(tasks, 'task')} in "
            f"{_count(len(numbers), 'array')} ({numbers[0]}"
            + (f" to {numbers[-1]}" if len(numbers) > 1 else "")
            + ")"
        )
    else:
        yield "nothing was submitted"
    counts = {
        "done": submitted.done,
        "running": submitted.running,
        "queued before": submitted.queued,
        "submitted to a queue that does not answer here": submitted.unknown,
        "not submitted for want of room (--max-queued)": submitted.deferred,
        "left aside (--retry)": submitted.left,
        "being cancelled (repeat the command in half a minute)": submitted.ending,
    }
    if rest := ", ".join(f"{len(items)} {name}" for name, items in counts.items() if items):
        yield rest
    if names := cluster.overriding():
        yield f"not used: {', '.join(names)} of the environment; the options for SLURM count"
    name = selection.table.name + selection.table.option
    if selection.variant or selection.store.base != default_results():
        name += " …"  # with the same options
    if without := len(submitted.weightless):
        yield (
            f"{_count(without, 'run')} of the queue will keep no weights, submitted without "
            f"--save-weights: `reproduce cancel {name}` and submit again, or repeat this command "
            "when they are done, which trains them once more"
        )
    yield f"`reproduce status {name}` tells how far it is, `reproduce cancel {name}` ends it"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def dry_run(selection: Selection, request: Request, *, as_json: bool) -> str:
    """The scripts of all selected runs, as if none were done, and what they may cost; submits and
    reads nothing, and needs no cluster."""
    limit = facts.max_array_size if (facts := _facts()) else cluster.DEFAULT_MAX_ARRAY_SIZE
    parts = arrays(selection.planned, request.title, request.options.seeds_per_job, limit)
    texts = [_script(part, request) for part in parts]
    if as_json:
        rows = [
            {"name": part.name, "tasks": len(part.tasks), "runs": len(part.runs), "script": text}
            for part, text in zip(parts, texts, strict=True)
        ]
        return json.dumps({"arrays": rows, **_cost(parts, request.options)}, indent=1)
    width = max(len(part.name) for part in parts)
    lines = [texts[0].rstrip(), ""]
    if len(parts) > 1:
        lines.append("Likewise, with their own --job-name and --array:")
        lines += [f"  {part.name:<{width}}  {_tasks(part)}" for part in parts[1:]]
        lines.append("")
    if facts is None:
        lines.append(f"No SLURM answers here; MaxArraySize is taken for {limit}.")
    cost = _cost(parts, request.options)
    lines.append(
        f"{_count(cost['tasks'], 'task')} in {_count(len(parts), 'array')} for "
        f"{_count(cost['runs'], 'run')}, at most {duration(request.options.time * 60)} each before "
        f"it is queued again: {_hours(cost)} per round at most."
    )
    lines.append("Jobs are submitted on hold and released together. Nothing was submitted.")
    return "\n".join(lines)


def _facts() -> cluster.Facts | None:
    return cluster.facts() if cluster.present() else None


def _script(part: Array, request: Request) -> str:
    folder = manifest.jobs_folder(request.store, ID_PLACE)
    code = request.store.slurm / "snapshots" / SNAPSHOT_PLACE
    comment = f"{cluster.COMMENT}{ID_PLACE}"
    values = parameters(request.options, part, comment, code)
    return script(folder, part, values)


def _tasks(part: Array) -> str:
    count = len(part.tasks)
    numbers = f"tasks 0-{count - 1}" if count > 1 else "a single job"
    return f"{numbers}, {_count(len(part.runs), 'run')}"


def _cost(parts: Sequence[Array], options: SlurmOptions) -> dict[str, Any]:
    tasks = sum(len(part.tasks) for part in parts)
    hours = tasks * options.time / 60
    return {
        "tasks": tasks,
        "runs": sum(len(part.runs) for part in parts),
        "cpu_hours": hours * options.cpus_per_task,
        "gpu_hours": hours * options.gpus_per_task,
    }


def _hours(cost: dict[str, Any]) -> str:
    text = f"{cost['cpu_hours']:,.0f} CPU hours"
    return text + (f" and {cost['gpu_hours']:,.0f} GPU hours" if cost["gpu_hours"] else "")
