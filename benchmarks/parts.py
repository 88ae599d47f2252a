"""Settings as small frozen parts that check themselves and have one canonical form.

A part is a :class:`msgspec.Struct` with a ``kind``, the name by which its text form is told from
others'. It is declared beside the code that it builds and loads neither torch nor NumPy. msgspec
checks types when it decodes; parts are made by hand as well, in table scripts and from readings, so
every part is checked when it is made, whoever makes it.

The canonical form, which names are hashed from, holds kind, protocol version and every field. A
field that is added later stands in ``introduced`` with the value that the code had before, and is
left out while it holds it; ``protocol`` is raised where a code change alters what the part
computes.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from benchmarks.errors import UserError


@dataclass(frozen=True)
class Range:
    """What a number may be: at least ``least``, or more than it."""

    least: int
    exclusive: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raise UserError where the value lies outside."""
        if value < self.least or (self.exclusive and value == self.least):
            words = {(0, False): "not be negative", (0, True): "be positive"}
            word = words.get((self.least, self.exclusive), f"be at least {self.least}")
            raise UserError(f"{name} must {word}, not {value}")


NotNegative = Annotated[Decimal, Range(0)]
Positive = Annotated[Decimal, Range(0, exclusive=True)]
Whole = Annotated[int, Range(0)]
Count = Annotated[int, Range(1)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A group of settings. Decimals are given as text or Decimal ("0.0005"), never as floats.

    Attributes:
        protocol: version of what the part computes.
        introduced: fields added after the part's first release, with their frozen value.
    """

    protocol: ClassVar[int] = 1
    introduced: ClassVar[Mapping[str, Any]] = {}

    def __post_init__(self) -> None:
        for name, check in _checks_of(type(self)):
            given = getattr(self, name)
            checked = check(given)
            if checked is not given:
                msgspec.structs.force_setattr(self, name, checked)
        self.complete()
        if message := self.fault():
            raise UserError(message)

    def complete(self) -> None:
        """Hook: fill in what follows from other settings."""

    def fault(self) -> str | None:
        """Hook: what is wrong with the settings together, in one line; None where nothing is."""
        return None

    def canonical(self) -> dict[str, Any]:
        """What is hashed, JSON-ready: decimals as plain text, tuples as lists."""
        resolved: dict[str, Any] = {"kind": kind_of(type(self)), "protocol": self.protocol}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name not in self.introduced or value != self.introduced[name]:
                resolved[name] = plain(value)
        return resolved

    def replace(self, **changes: Any) -> Self:
        """A copy with other values, checked anew."""
        unknown = sorted(set(changes) - set(self.__struct_fields__))
        if unknown:
            raise UserError(f"{kind_of(type(self))} has no setting {', '.join(unknown)}")
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return type(self)(**{**values, **changes})


class Experiment(Part, frozen=True):
    """What a whole run is, so that a part can hold one without knowing of what it is made."""


P = TypeVar("P", bound=Part)


def kind_of(part: type[Part]) -> str:
    """The name of a class of parts in text."""
    return str(part.__struct_config__.tag)


def kinds(base: type[P]) -> dict[str, type[P]]:
    """Every class of parts below ``base`` (and itself) that can be made, by kind.

    A class is known once its module has been imported, so a paper's own parts are no less known
    than the suite's.
    """
    found: dict[str, type[P]] = {}
    waiting: list[type[P]] = [base]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.__subclasses__())
        # Bases that only gather fields keep msgspec's default tag: their own name.
        kind = kind_of(part)
        if kind != part.__name__ and found.setdefault(kind, part) is not part:
            raise TypeError(f"two parts of the kind {kind!r}")
    return found


def made(base: type[P], values: Mapping[str, Any] | str) -> P:
    """The part that a canonical form, a mapping with a kind, or a bare kind describes.

    Raises:
        UserError: where kind, protocol or a setting is unknown to this version.
    """
    fields = {"kind": values} if isinstance(values, str) else dict(values)
    kind, known = fields.pop("kind", None), kinds(base)
    if not isinstance(kind, str) or kind not in known:
        raise UserError(f"{base.__name__.lower()}: {kind!r} is none of {', '.join(sorted(known))}")
    part = known[kind]
    recorded = "protocol" in fields
    protocol = fields.pop("protocol", part.protocol)
    if protocol != part.protocol:
        raise UserError(f"{kind}: protocol {protocol} is not this version's {part.protocol}")
    if unknown := sorted(set(fields) - set(part.__struct_fields__)):
        raise UserError(
            f"{kind} has settings that this version does not know: {', '.join(unknown)}"
        )
    # What a record leaves out has the frozen value; what a person leaves out, today's default.
    values = {**(part.introduced if recorded else {}), **fields}
    if missing := [name for name in _required(part) if name not in values]:
        raise UserError(f"{kind} lacks {', '.join(missing)}")
    return part(**values)


@cache
def _required(part: type[Part]) -> list[str]:
    defaults = (msgspec.NODEFAULT,) * len(part.__struct_fields__) + part.__struct_defaults__
    aligned = zip(reversed(part.__struct_fields__), reversed(defaults), strict=False)
    return [name for name, default in aligned if default is msgspec.NODEFAULT][::-1]


@cache
def hints_of(part: type[Part]) -> dict[str, Any]:
    """Each setting's annotation, resolved."""
    hints = get_type_hints(part, include_extras=True)
    return {name: hints[name] for name in part.__struct_fields__}


def plain(value: Any) -> Any:
    """A setting's value, JSON-ready."""
    if isinstance(value, Part):
        return value.canonical()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return [plain(item) for item in value] if isinstance(value, tuple) else value


Check = Callable[[Any], Any]


@cache
def _checks_of(part: type[Part]) -> list[tuple[str, Check]]:
    # Made once a class: tables make thousands of parts while a command starts.
    return [(name, _check(name, hint)) for name, hint in hints_of(part).items()]


def _check(name: str, hint: Any) -> Check:
    """What gives a setting's value as its annotation has it.

    It raises UserError where the value cannot be, and TypeError for a float, whose decimal is
    anyone's guess.
    """
    origin = get_origin(hint)
    if origin is Annotated:
        base, *limits = get_args(hint)
        return _limited(name, _check(name, base), limits)
    if origin in (Union, types.UnionType):
        inner = _check(name, next(one for one in get_args(hint) if one is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is Literal:
        return partial(_option, name, get_args(hint))
    if origin is tuple:
        return partial(_several, name, _check(name, get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, Part):
        return partial(_part, name, hint)
    return partial(_scalar, name, hint)


def _limited(name: str, base: Check, limits: Sequence[Range]) -> Check:
    def check(value: Any) -> Any:
        checked = base(value)
        for limit in limits:
            limit.check(name, checked)
        return checked

    return check


def _several(name: str, each: Check, value: Any) -> tuple[Any, ...]:
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, Iterable):
        raise UserError(f"{name}: {value!r} is no list")
    return tuple(map(each, values))


def _option(name: str, options: tuple[Any, ...], value: Any) -> Any:
    if value in options:
        return value
    raise UserError(f"{name}: {value!r} is none of {', '.join(map(str, options))}")


def _part(name: str, base: type[Part], value: Any) -> Part:
    if isinstance(value, base):
        if kind_of(type(value)) == type(value).__name__:  # no record of it could be read back
            options = ", ".join(sorted(kinds(type(value))))
            raise UserError(f"{name}: {type(value).__name__} is a base; take one of {options}")
        return value
    if isinstance(value, Mapping | str):
        return made(base, value)
    raise UserError(f"{name}: {value!r} is no {base.__name__.lower()}")


def _scalar(name: str, hint: Any, value: Any) -> Any:
    if hint is Decimal:
        return _decimal(name, value)
    if hint is int:
        return _whole(name, value)
    if hint is bool and str(value).casefold() in ("true", "false"):
        return str(value).casefold() == "true"
    if hint is str and isinstance(value, str):
        return value
    raise UserError(f"{name}: {value!r} is no {getattr(hint, '__name__', hint)}")


def _decimal(name: str, value: Any) -> Decimal:
    if isinstance(value, float):
        raise TypeError(f"{name}: give decimals as strings, not as the float {value!r}")
    try:
        number = Decimal("" if isinstance(value, bool) else value)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise UserError(f"{name}: {value!r} is not a decimal number") from error
    if not number.is_finite() or math.isinf(float(number)):  # training computes with floats
        raise UserError(f"{name}: {value!r} is not finite")
    return number or abs(number)  # -0 would name the run of 0 anew


def _whole(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    raise UserError(f"{name}: {value!r} is not a whole number from 0 on")
