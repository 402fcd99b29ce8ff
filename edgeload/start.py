"""Starts a program so that Ctrl-C never shows a traceback, not even while it is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from edgeload.stopping import end_at_once_if_stopped


def start(program: Callable[[], int]) -> NoReturn:
    """Run a program and end the process with its exit code, as `cli.leave` does."""
    end_at_once_if_stopped()
    from edgeload import cli  # noqa: PLC0415  (this import can be interrupted now)

    cli.leave(program)
