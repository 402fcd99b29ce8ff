"""Rebuilds the results of a load test from its log alone: summary.json, steps.csv and plots."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich_argparse import RichHelpFormatter

import config
from edgeload import exit_codes
from edgeload.objectives import Objective, parse_objective
from edgeload.read.results import exit_code, write_results
from edgeload.read.table import LogError


def _rate(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def _objective(text: str) -> Objective:
    try:
        return parse_objective(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0, 3 or 4 as for the run itself; 2 where log or results folder will not do."""
    parser = argparse.ArgumentParser(
        prog="parse_load_test_logs.py", description=__doc__, formatter_class=RichHelpFormatter
    )
    parser.add_argument(
        "log",
        metavar="LOG",
        nargs="?",
        type=Path,
        default=Path(config.LOG_FILE),
        help="log of a run, of this form or the older one (default: %(default)s)",
    )
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        default=Path(config.OUTPUT_DIR),
        help="folder for the results (default: %(default)s)",
    )
    parser.add_argument(
        "--requests-per-second",
        metavar="RATE",
        type=_rate,
        help="arrival rate of one client, for older logs, which do not say it",
    )
    parser.add_argument(
        "--slo",
        metavar="TEXT",
        type=_objective,
        action="append",
        help='objective in place of those in the log, as in "p95<300ms" or "20 clients: '
        'errors<0.5%%"; may be given several times',
    )
    options = parser.parse_args(arguments)
    try:
        summary = write_results(
            options.log,
            options.output_dir,
            console=Console(),
            requests_per_second=options.requests_per_second,
            objectives=options.slo,
        )
    except LogError as problem:
        print(f"parse_load_test_logs.py: {problem}", file=sys.stderr)
        return exit_codes.BAD_SETTING
    return exit_code(summary)


if __name__ == "__main__":
    sys.exit(main())
