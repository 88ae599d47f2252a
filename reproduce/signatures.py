"""From functions to what Typer reads: signatures whose groups of options are spread out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeVar, get_type_hints

import typer

F = TypeVar("F", bound=Callable[..., Any])


def as_command(function: Callable[..., int | str | None]) -> Callable[..., None]:
    """What Typer is given for a function.

    Its parameters whose type is a dataclass, such as :mod:`reproduce.commands.options` declares,
    are that one's options. A text that it returns is printed, a number is the exit code.
    """
    own = parameters_of(function)
    groups: dict[str, Any] = {p.name: p.annotation for p in own if is_dataclass(p.annotation)}
    nested = {name: parameters_of(kind) for name, kind in groups.items()}

    def command(**values: Any) -> None:
        for name, kind in groups.items():
            values[name] = kind(**{p.name: values.pop(p.name) for p in nested[name]})
        outcome = function(**values)
        if isinstance(outcome, str):
            typer.echo(outcome)
        elif outcome:
            raise typer.Exit(outcome)

    return described(command, function, [q for p in own for q in nested.get(p.name, [p])])


def described(command: F, like: Callable[..., Any], parameters: list[inspect.Parameter]) -> F:
    """The command with these parameters, and the name and text of another function."""
    command.__name__, command.__doc__ = like.__name__, like.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


@cache
def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Of a function or dataclass, keyword-only and with their annotations resolved, as Typer needs
    them."""
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(
            annotation=hints.get(parameter.name, parameter.annotation),
            kind=inspect.Parameter.KEYWORD_ONLY,
        )
        for parameter in inspect.signature(function).parameters.values()
    ]
