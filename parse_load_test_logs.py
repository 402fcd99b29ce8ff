# PYTHON_ARGCOMPLETE_OK
"""Rebuilds the results of a load test from its log alone, or compares it with earlier ones."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Read logs as the command line says; the exit code."""
    # These imports take long enough to be interrupted, see edgeload/start.py.
    from pathlib import Path  # noqa: PLC0415

    from edgeload.commands import report  # noqa: PLC0415

    return report.script_main(
        arguments,
        program="parse_load_test_logs.py",
        config_folders=(Path(), Path(__file__).resolve().parent),
    )


if __name__ == "__main__":
    from edgeload.start import start

    start(main)
