"""Samples CPU, memory, network and NVIDIA GPUs of this host; prints a table and draws pictures."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from edgeload.exit_codes import BAD_SETTING, INTERNAL_ERROR, INTERRUPTED, OK
from edgeload.host.console import SamplingProgress, print_table
from edgeload.host.json_records import encode_document
from edgeload.host.monitor import monitor
from edgeload.host.sampler import MIN_INTERVAL_S, Sampled, SampleTimes
from edgeload.host.samples import SampleFile
from edgeload.host.summary import HostSummary, summarise
from edgeload.signals import StopSignals

try:  # --help in colour; a host with nothing but psutil and nvidia-ml-py gets a plain one
    from rich_argparse import RichHelpFormatter
except ModuleNotFoundError:
    RichHelpFormatter = argparse.HelpFormatter  # type: ignore[misc, assignment]

SAMPLES = "host_samples.jsonl"
SUMMARY = "host_summary.json"


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the line on stderr and exit with code 2."""
        self.exit(BAD_SETTING, f"{self.prog}: {message}\n")


def seconds(text: str) -> float:
    """The value of an option as a finite number of seconds above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of seconds above 0, for example 0.5 or 60"
        )
    return value


def parse(arguments: list[str] | None) -> tuple[SampleTimes, Path]:
    """When samples are due, and the folder for the results. Exits with code 2 on a bad argument."""
    parser = OneLineParser(
        description="Records how busy this host is while a load test runs on it: CPU, memory,"
        " network and every NVIDIA GPU. At the end, or after Ctrl-C, it prints a table of the"
        " smallest, mean and largest values and draws pictures. It needs psutil, nvidia-ml-py for"
        " GPUs, and matplotlib for pictures.",
        epilog=f"The folder then holds {SAMPLES} (every sample), {SUMMARY} (the table), and the"
        " pictures as PNG files. Example: monitor_cpu_gpu_usage.py --duration 60 --interval 0.5."
        " Exit codes: 0 done, 1 the results could not be written, 2 a bad argument,"
        " 130 interrupted (the results are written).",
        formatter_class=RichHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--duration",
        type=seconds,
        required=True,
        metavar="SECONDS",
        help="how long to sample, in seconds; required",
    )
    parser.add_argument(
        "--interval",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help=f"seconds between samples, at least {MIN_INTERVAL_S} (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("monitor_results"),
        metavar="DIR",
        help="folder for the results; the results of an earlier run in it are overwritten"
        " (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    if not MIN_INTERVAL_S <= given.interval <= given.duration:
        parser.error(
            f"argument --interval: {given.interval:g} s is not between {MIN_INTERVAL_S} s"
            f" and the duration, {given.duration:g} s; for example --duration 60 --interval 1"
        )
    try:
        given.output.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        parser.error(
            f"argument --output: cannot create the folder {given.output}: {problem.strerror}"
        )
    return SampleTimes(given.interval, given.duration), given.output


def sum_up(folder: Path, sampled: Sampled) -> HostSummary:
    """Read the samples back, and write and return their summary. Raises OSError."""
    file = SampleFile(folder / SAMPLES)
    summary = summarise(
        file.header, file.samples(), skipped=sampled.skipped, interrupted=sampled.stopped
    )
    (folder / SUMMARY).write_bytes(encode_document(summary))
    return summary


def draw(folder: Path, say: Callable[[str], None]) -> list[Path]:
    """Draw the samples; the paths of the pictures. Says so if a package for it is missing."""
    try:  # Imported late: it takes a second and 80 MB, which would be part of what is measured.
        from edgeload.host.plots import draw_host_figures  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        say(f"No pictures were drawn, as {missing.name} is missing: pip install matplotlib")
        return []
    return draw_host_figures(folder / SAMPLES, folder)


def main(arguments: list[str] | None = None) -> int:
    """Sample, sum up and draw; the exit code."""
    times, folder = parse(arguments)
    progress = SamplingProgress(times.duration_s)
    try:
        with StopSignals() as stop:
            sampled = monitor(
                times,
                folder / SAMPLES,
                wait=stop.wait,
                say=progress.say,
                show=progress.show,
            )
        progress.finish()
        summary = sum_up(folder, sampled)
        print_table(summary)
        sys.stdout.flush()
        for path in [folder / SAMPLES, folder / SUMMARY, *draw(folder, progress.say)]:
            progress.say(f"wrote {path}")
    except OSError as problem:
        progress.finish()
        print(f"Cannot write the results to {folder}: {problem.strerror}", file=sys.stderr)
        return INTERNAL_ERROR
    except KeyboardInterrupt:
        progress.say(
            "Stopped before everything was drawn; the samples and their summary are complete."
        )
        return INTERRUPTED
    return INTERRUPTED if sampled.stopped else OK


if __name__ == "__main__":
    sys.exit(main())
