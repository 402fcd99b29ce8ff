"""How a benchmark ends that needs other programs: with its table, or with one line without it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from edgeload import exit_codes


class NoFigures(RuntimeError):
    """A program is not on this machine, or did not do its work; the text is one sentence."""


def end_with(main: Callable[[], int | None]) -> None:
    """Run a benchmark and end this process; one line and exit code 6 if it has no figures."""
    try:
        code = main()
    except NoFigures as reason:
        print(f"No figures: {reason}", file=sys.stderr)
        code = exit_codes.NO_RESULT
    sys.exit(code)
