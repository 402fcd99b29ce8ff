#!/usr/bin/env python3
# PYTHON_ARGCOMPLETE_OK
"""Load-test an Edge Endpoint: arguments + config.py -> plan -> run -> results."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one load test as the command line says; the exit code."""
    # These imports take long enough to be interrupted, see edgeload/start.py.
    from pathlib import Path  # noqa: PLC0415

    from edgeload.commands import run  # noqa: PLC0415

    return run.main(
        arguments,
        program="load_test.py",
        report="parse_load_test_logs.py",
        config_folders=(Path(), Path(__file__).resolve().parent),
    )


if __name__ == "__main__":
    from edgeload.start import start

    start(main)
