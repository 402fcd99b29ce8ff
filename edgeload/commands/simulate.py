"""`edgeload simulate`, python -m edgeload.simulator: the embedded endpoint as a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgeload.simulator.options import parse_options
from edgeload.simulator.supervisor import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; the exit code."""
    return run(parse_options(sys.argv[1:] if arguments is None else arguments))
