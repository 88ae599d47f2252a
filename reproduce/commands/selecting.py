"""Gives several commands the options that select runs, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from reproduce.commands import options as opt

if TYPE_CHECKING:
    from reproduce.catalogue.selection import Selection


def _selecting(
    quick: opt.Quick = False,
    reduced: opt.Reduced = False,
    seeds: opt.Seeds = None,
    only: opt.Only = [],  # noqa: B006  (typer copies it)
    precision: opt.Precision = None,
    readings: opt.Readings = [],  # noqa: B006
    results: opt.Results = None,
) -> None:
    """The options, as a signature."""


def takes_selection(
    table: str | None = None, *, optional: Callable[[Path | None, bool], None] | None = None
) -> Callable[[Callable[..., None]], Any]:
    """Decorator: the command gets TABLE (unless ``table`` fixes it) and the selecting options.

    Without TABLE, ``optional`` is called instead, where it is given, with --results and --json.

    The decorated function receives the :class:`reproduce.catalogue.selection.Selection` made of
    them as ``selection`` and whatever options it declares itself.
    """

    def decorate(command: Callable[..., None]) -> Any:
        shared = parameters_of(_selecting)
        if table is None:
            hint: Any = opt.TableName
            default: Any = inspect.Parameter.empty
            if optional:
                hint, default = opt.OptionalTableName, None
            shared.insert(0, _parameter("table", hint, default))
        own = [p for p in parameters_of(command) if p.name != "selection"]

        def wrapper(**values: Any) -> None:
            from reproduce.catalogue.selection import select

            chosen = {p.name: values.pop(p.name) for p in shared}
            name = chosen.pop("table", table)
            if name is None and optional:
                optional(chosen["results"], values.get("as_json", False))
                return
            form = opt.form_of(quick=chosen.pop("quick"), reduced=chosen.pop("reduced"))
            command(selection=_checked(select(name, form=form, **chosen)), **values)

        wrapper.__name__ = command.__name__
        wrapper.__doc__ = command.__doc__
        wrapper.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in [*shared, *own]}
        return wrapper

    return decorate


def _checked(selection: Selection) -> Selection:
    base: Path = selection.store.base
    if base.exists() and not base.is_dir():
        from benchmarks.errors import UserError

        raise UserError(f"--results {base} is a file, not a folder")
    return selection


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, annotation=annotation, default=default)


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Of a function, keyword-only and with their annotations resolved, as Typer needs them."""
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(
            annotation=hints.get(parameter.name, parameter.annotation),
            kind=inspect.Parameter.KEYWORD_ONLY,
        )
        for parameter in inspect.signature(function).parameters.values()
    ]
