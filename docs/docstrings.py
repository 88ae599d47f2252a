"""Docstrings as the site needs them: it knows neither roles nor settings that share a line."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`~?([^`]+)`")
# "conv, fc: the metric of …", with the lines that go on.
PAIR = re.compile(r"^( +)(\w+), (\w+): (.*(?:\n\1 +\S.*)*)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Shows what :class:`X` names as code, and gives each setting a line."""

    def on_instance(self, *, obj: Any, **_: Any) -> None:
        """Called for every module, class, function and attribute."""
        if obj.docstring:
            text = ROLE.sub(r"`\1`", obj.docstring.value)
            obj.docstring.value = PAIR.sub(r"\1\2: \4\n\1\3: \4", text)
