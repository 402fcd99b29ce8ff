"""Rebuilds the results of a load test from its log alone, or compares it with earlier ones."""

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
from edgeload.read.log.columns import LogError
from edgeload.read.output import hdr
from edgeload.read.results import exit_code, write_comparison, write_results


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0, 3 or 4 as for the run itself; 2 where log or results folder will not do."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.baseline and len(options.log) > 1:
        parser.error("several logs are compared with others: --baseline is missing")
    try:
        return _compare(options) if options.baseline else _rebuild(options)
    except LogError as problem:
        print(f"parse_load_test_logs.py: {problem}", file=sys.stderr)
        return exit_codes.BAD_SETTING


def _rebuild(options: argparse.Namespace) -> int:
    if options.hdr and (what := hdr.missing()):
        raise LogError(f"--hdr {what}")
    summary = write_results(
        options.log[0],
        options.output_dir,
        console=Console(),
        requests_per_second=options.requests_per_second,
        objectives=options.slo,
        with_hdr=options.hdr,
        host_samples=options.host,
    )
    return exit_code(summary)


def _compare(options: argparse.Namespace) -> int:
    comparison = write_comparison(
        options.log,
        options.baseline,
        options.output_dir,
        margin=options.margin / 100,
        console=Console(),
        requests_per_second=options.requests_per_second,
    )
    failed = options.fail_if_worse and comparison.verdict == "worse"
    return exit_codes.OBJECTIVE_FAILED if failed else exit_codes.OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parse_load_test_logs.py",
        description=__doc__,
        formatter_class=RichHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "log",
        metavar="LOG",
        nargs="*",
        type=Path,
        default=[Path(config.LOG_FILE)],
        help=f"log of a run, of this form or the older one (default: {config.LOG_FILE}); several "
        "with --baseline",
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
        type=_positive,
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
    parser.add_argument(
        "--host",
        metavar="FILE",
        type=Path,
        help="host_samples.jsonl that monitor_cpu_gpu_usage.py wrote on the endpoint's host during "
        "the run: says which resource is used up first",
    )
    parser.add_argument(
        "--hdr", action="store_true", help="write HdrHistogram percentile files too, one a step"
    )
    against = parser.add_argument_group(
        "Comparing", "writes comparison.json and its plots in place of a run's results"
    )
    against.add_argument(
        "--baseline",
        metavar="LOG",
        type=Path,
        action="append",
        help="an earlier log to compare with; may be given several times",
    )
    against.add_argument(
        "--margin",
        metavar="PERCENT",
        type=_positive,
        default=5.0,
        help="a change within this much is none (default: %(default)g)",
    )
    against.add_argument(
        "--fail-if-worse", action="store_true", help="exit code 3 where the verdict is worse"
    )
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def _objective(text: str) -> Objective:
    try:
        return parse_objective(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None


if __name__ == "__main__":
    sys.exit(main())
