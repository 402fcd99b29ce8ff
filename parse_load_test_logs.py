"""Rebuilds the results of a load test from its log alone, or compares it with earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeload import cli

_CONFIG_FOLDERS = (Path(), Path(__file__).resolve().parent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read logs as the command line says; the exit code."""
    from edgeload.commands import report  # noqa: PLC0415  (once the import path is set)

    return report.script_main(
        arguments, program="parse_load_test_logs.py", config_folders=_CONFIG_FOLDERS
    )


if __name__ == "__main__":
    cli.leave(main)
