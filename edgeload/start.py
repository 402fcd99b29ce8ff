"""Starts a program so that Ctrl-C never shows a traceback, not even while it is imported.

Nor does a Python that is too old, or lacks a package: one line says what to type.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from edgeload.exit_codes import BAD_SETTING
from edgeload.installation import Started, missing_package, too_old
from edgeload.stopping import end_at_once_if_stopped


def start(program: Callable[[], int]) -> NoReturn:
    """Run a program and end the process with its exit code, as `cli.leave` does."""
    end_at_once_if_stopped()
    started = _started()
    line = too_old(started, sys.version_info[:3])
    if line:
        _refuse(line)
    try:
        from edgeload import cli  # noqa: PLC0415  (this import can be interrupted now)

        cli.leave(program)
    except ModuleNotFoundError as missing:
        module = (missing.name or "").partition(".")[0]
        if module in ("", "edgeload"):
            raise
        _refuse(missing_package(module, started))


def _started() -> Started:
    """Python replaces what stands after -m by the path of a file."""
    script = Path(sys.argv[0])
    words = sys.argv
    if script.name == "__main__.py":
        module = "edgeload" if script.parent.name == "edgeload" else "edgeload.simulator"
        words = ["-m", module, *sys.argv[1:]]
    return Started(sys.executable, words)


def _refuse(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(BAD_SETTING)
