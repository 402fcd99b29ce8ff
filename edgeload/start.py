"""Starts a program so that Ctrl-C never shows a traceback, not even while it is imported.

Nor does a Python that is too old, or lacks a package: one line says what to type.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from edgeload.exit_codes import BAD_SETTING
from edgeload.stopping import end_at_once_if_stopped


def start(program: Callable[[], int]) -> NoReturn:
    """Run a program and end the process with its exit code, as `cli.leave` does."""
    end_at_once_if_stopped()
    # These imports can be interrupted now.
    from edgeload.installation import how_started, missing_package, too_old  # noqa: PLC0415

    started = how_started()
    line = too_old(started, sys.version_info[:3])
    if line:
        _refuse(line)
    try:
        from edgeload import cli  # noqa: PLC0415

        cli.leave(program)
    except ModuleNotFoundError as missing:
        module = (missing.name or "").partition(".")[0]
        if module in ("", "edgeload"):
            raise
        _refuse(missing_package(module, started))


def _refuse(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(BAD_SETTING)
