"""Samples CPU, memory, network and NVIDIA GPUs of this host, then draws and sums them up."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
from rich_argparse import RichHelpFormatter

from edgeload.exit_codes import BAD_SETTING, INTERNAL_ERROR, INTERRUPTED, OK
from edgeload.host.console import Progress, print_table
from edgeload.host.monitor import monitor
from edgeload.host.sampler import MIN_INTERVAL_S, Sampled, Schedule
from edgeload.host.samples import SampleFile
from edgeload.host.summary import HostSummary, summarise
from edgeload.signals import StopSignals

SAMPLES = "host_samples.jsonl"
SUMMARY = "host_summary.json"


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with an argument in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the line on stderr and exit with the code of a bad setting."""
        self.exit(BAD_SETTING, f"{self.prog}: {message}\n")


def seconds(text: str) -> float:
    """Text of an option -> a finite number of seconds above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def parse(arguments: list[str] | None) -> tuple[Schedule, Path]:
    """(when samples are due, the folder for results); exits with code 2 on a bad argument."""
    parser = OneLineParser(
        description="Samples CPU, memory and network of this host, and every NVIDIA GPU, to disk"
        " while a load test runs. Figures and a min / mean / max table follow at the end, also"
        " after Ctrl-C.",
        epilog=f"Writes {SAMPLES}, {SUMMARY} and PNG figures. Exit codes: 0 done, 1 the disk"
        " refused, 2 a bad argument, 130 interrupted (results are written).",
        formatter_class=RichHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--duration", type=seconds, required=True, metavar="SECONDS", help="how long to sample"
    )
    parser.add_argument(
        "--interval",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help=f"time between samples, at least {MIN_INTERVAL_S} (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("monitor_results"),
        metavar="DIR",
        help="folder for the results; those of an earlier run are overwritten"
        " (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    if not MIN_INTERVAL_S <= given.interval <= given.duration:
        parser.error(
            f"argument --interval: {given.interval:g} s is not between {MIN_INTERVAL_S} s"
            f" and the duration, {given.duration:g} s"
        )
    try:
        given.output.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        parser.error(f"argument --output: {given.output}: {problem.strerror}")
    return Schedule(given.interval, given.duration), given.output


def sum_up(folder: Path, sampled: Sampled) -> HostSummary:
    """Read the samples back and write their summary. Raises OSError."""
    file = SampleFile(folder / SAMPLES)
    summary = summarise(
        file.header, file.samples(), skipped=sampled.skipped, interrupted=sampled.stopped
    )
    document = msgspec.json.format(msgspec.json.encode(summary), indent=2)
    (folder / SUMMARY).write_bytes(document + b"\n")
    return summary


def main(arguments: list[str] | None = None) -> int:
    """Sample, sum up, draw; the exit code."""
    schedule, folder = parse(arguments)
    progress = Progress(schedule.duration_s)
    try:
        with StopSignals() as stop:
            sampled = monitor(
                schedule,
                folder / SAMPLES,
                wait=stop.wait,
                say=progress.say,
                show=progress.show,
            )
        progress.finish()
        summary = sum_up(folder, sampled)
        print_table(summary)
        sys.stdout.flush()
        # Imported late: it takes a second and 80 MB, which would be part of what is measured.
        from edgeload.host.plots import draw  # noqa: PLC0415

        for path in [folder / SAMPLES, folder / SUMMARY, *draw(folder / SAMPLES, folder)]:
            progress.say(f"wrote {path}")
    except OSError as problem:
        progress.finish()
        print(f"Cannot write the results to {folder}: {problem.strerror}", file=sys.stderr)
        return INTERNAL_ERROR
    except KeyboardInterrupt:
        progress.say("Stopped before everything was drawn; the samples are complete.")
        return INTERRUPTED
    return INTERRUPTED if sampled.stopped else OK


if __name__ == "__main__":
    sys.exit(main())
