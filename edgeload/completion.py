"""Completes options and their words for the shell that asks (argcomplete): docs/settings.md."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Container

_ASKED = "_ARGCOMPLETE"
"""Set by the shell, to the number of the word with which the program's own words begin."""
_FILES = ("FILE", "DIR", "LOG", "NEW")


def complete(parser: argparse.ArgumentParser) -> None:
    """If a shell asks, tell it what may come next, and end the process."""
    if _ASKED not in os.environ:
        return
    with contextlib.suppress(ImportError):  # as on a host that only runs the monitor
        import argcomplete  # noqa: PLC0415

        for action in parser._actions:
            if action.choices is None and action.metavar not in _FILES:
                setattr(action, "completer", _Words(str(action.metavar)))  # noqa: B010
        argcomplete.autocomplete(parser)


class _Words:
    """The words in what stands for a value: `auto` and `clients` in `N|auto|clients`."""

    def __init__(self, metavar: str) -> None:
        self._words = [word for word in metavar.split("|") if word.islower()]

    def __call__(self, **_: object) -> list[str]:
        return self._words


def command_to_complete(commands: Container[str]) -> str | None:
    """The command whose options a shell asks for; what comes next belongs to it."""
    if _ASKED not in os.environ:
        return None
    with contextlib.suppress(ImportError):
        from argcomplete.lexers import split_line  # noqa: PLC0415

        line, point = os.environ["COMP_LINE"], int(os.environ["COMP_POINT"])
        first = int(os.environ[_ASKED])
        words = split_line(line, point)[3][first:]
        if words and words[0] in commands:
            os.environ[_ASKED] = str(first + 1)
            return words[0]
    return None
