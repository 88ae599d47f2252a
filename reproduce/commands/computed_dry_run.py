"""``--dry-run`` of what is computed at once."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

from reproduce.commands import options as opt
from reproduce.commands.dry_run import dry_run_of
from reproduce.commands.keeping import WouldTrainError, asking_only
from reproduce.commands.publishing import Quick, taking
from reproduce.signatures import described, parameters_of


def taking_dry_run(name: str, function: Callable[..., int]) -> Callable[..., int | str]:
    """The command of what is computed at once, with ``--dry-run``: that it trains nothing, or what
    its quick form would train."""
    own = parameters_of(function)
    never_trains = any(p.annotation == Quick for p in own)

    def command(*, dry_run: bool, **values: Any) -> int | str:
        if not dry_run:
            return function(**values)
        chosen, as_json = values.get("chosen"), values.get("as_json", False)
        quick = chosen.quick if chosen else values.get("quick")
        if quick and not never_trains:
            try:
                with taking(), asking_only():
                    function(**values)
            except WouldTrainError as found:
                return dry_run_of(found.selection, opt.Launch(save_weights=True, as_json=as_json))
        if as_json:
            return json.dumps({"table": name, "cells": []}, indent=1)
        return f"{name} is computed at once, from formulas or what has run: it would train nothing."

    kind = inspect.Parameter.KEYWORD_ONLY
    option = inspect.Parameter("dry_run", kind, default=False, annotation=opt.DryRun)
    parameters = sorted([*own, option], key=lambda p: p.name == "as_json")
    return described(command, function, parameters)
