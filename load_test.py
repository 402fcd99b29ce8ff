#!/usr/bin/env python3
"""Load-test an Edge Endpoint: arguments + config.py -> plan -> run -> results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeload import cli

_CONFIG_FOLDERS = (Path(), Path(__file__).resolve().parent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one load test as the command line says; the exit code."""
    from edgeload.commands import run  # noqa: PLC0415  (once the import path is set)

    return run.main(
        arguments,
        program="load_test.py",
        report="parse_load_test_logs.py",
        config_folders=_CONFIG_FOLDERS,
    )


if __name__ == "__main__":
    cli.leave(main)
