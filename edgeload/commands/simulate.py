"""`edgeload simulate`, python -m edgeload.simulator: the embedded endpoint as a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgeload.simulator.command_line import PROGRAM, parse_options


def main(arguments: Sequence[str] | None = None, *, program: str = PROGRAM) -> int:
    """Serve until a signal ends it; the exit code. `program` is its name in help and errors."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parse_options(words, program)
    from edgeload.simulator.supervisor import run  # noqa: PLC0415 (--help answers at once)

    return run(options)
