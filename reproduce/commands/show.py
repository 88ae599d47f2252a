"""`reproduce show`: one run in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.errors import UserError
from benchmarks.run import HASH_LENGTH
from reproduce.store.paths import default_results
from reproduce.store.store import Store, stores


def show_run(prefix: str, *, form: str, results: Path | None, as_json: bool) -> str:
    """The record of the one run whose hash begins with ``prefix``.

    Looks among the runs of ``form`` first, then among the others. A run of another form than the
    full one says so in the first line, or in JSON as its ``label``.

    Raises:
        UserError: where no run or several match.
    """
    if not 1 <= len(prefix) <= HASH_LENGTH or set(prefix) - set("0123456789abcdef"):
        raise UserError(f"{prefix!r} is no run: give the first digits of a hash such as 3ef3464e")
    base = results or default_results()
    for store in stores(base, form):
        found = matching(store, prefix)
        if len(found) > 1:
            raise UserError(f"{prefix!r} fits {len(found)} runs: {', '.join(sorted(found)[:4])} …")
        if found:
            record = next(iter(found.values()))
            label = _label(record)
            weights = _weights(store, record)
            if as_json:
                more = {"label": label, "weights": weights}
                return json.dumps({**record, **{k: v for k, v in more.items() if v}}, indent=1)
            return f"{label}\n{_text(record, weights)}" if label else _text(record, weights)
    raise UserError(f"no finished run begins with {prefix!r} under {base}")


def _label(record: dict[str, Any]) -> str | None:
    from analysis.documents.results import LABELS

    return LABELS.get(record["form"])


def _weights(store: Store, record: dict[str, Any]) -> str | None:
    """The file of the run's weights, and a word where they are not of the recorded training."""
    from reproduce.store import weights as saved_weights

    path = store.weights.path(record["hash"])
    if not path.exists():
        return None
    try:
        header = saved_weights.header(path)
    except UserError as error:
        return f"damaged: {error}"
    if header.belongs_to(record):
        return str(path)
    return f"{path} (of a repetition with {header.correct} of {header.total} correct)"


def matching(store: Store, prefix: str) -> dict[str, dict[str, Any]]:
    """The finished runs of a store whose hash begins with ``prefix``."""
    pattern = f"{prefix[:2]}*/{prefix}*.json"
    names = {
        path.stem for path in store.records.folder.glob(pattern) if len(path.stem) == HASH_LENGTH
    }
    names |= {
        name
        for name, former in store.committed.names().items()
        if name.startswith(prefix) or former.startswith(prefix)
    }
    return store.records.collect(sorted(names)) if names else {}


def _text(record: dict[str, Any], weights: str | None) -> str:
    from reproduce.store.schema import headline

    result = record["result"]
    correct, total = headline(record)
    head = f"run {record['hash']}: {correct} of {total} correct"
    if result["diverged"]:
        head += " (diverged)"
    curves = result["curves"]
    sections = [
        head,
        *([f"named {record['former']} before"] if "former" in record else []),
        *([f"weights: {weights}"] if weights else []),
        _section("measurements", result["measurements"]),
        _section("configuration", dict(_flat(record["run"]))),
        _section("provenance", record["provenance"]),
        f"curves (epoch, {', '.join(curves)})",
        *_curve_lines(list(curves.values())),
    ]
    return "\n".join(sections)


def _flat(part: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """A canonical form's settings by their paths, without protocol versions."""
    kind = part.get("kind")
    if path:
        yield path, kind
    for name, value in part.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _flat(value, here)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                yield from _flat(item, f"{here}.{item['kind']}")
        elif name not in ("kind", "protocol"):
            yield here, value


def _section(title: str, values: dict[str, Any]) -> str:
    width = max((len(name) for name in values), default=0)
    lines = [f"  {name:<{width}}  {_value(values[name])}" for name in sorted(values)]
    return "\n".join([title, *lines])


def _value(value: Any) -> str:
    if isinstance(value, dict) and {"count", "of"} <= value.keys():
        epoch = f", epoch {value['epoch']} (not reported)" if "epoch" in value else ""
        return f"{value['count']} of {value['of']}{epoch}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _curve_lines(curves: list[list[list[Any]]]) -> Iterator[str]:
    points = [dict(map(tuple, curve)) for curve in curves]
    for epoch in sorted({epoch for curve in points for epoch in curve}):
        values = (_point(curve.get(epoch, "")) for curve in points)
        yield f"  {epoch:>4}" + "".join(f"  {value:>10}" for value in values).rstrip()


def _point(value: Any) -> str:
    if value is None:
        return "not finite"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
