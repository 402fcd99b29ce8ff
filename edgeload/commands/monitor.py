"""`edgeload monitor`, monitor_cpu_gpu_usage.py: this host's CPU, memory, network and GPUs."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeload.child_processes import MONITOR_SECRET
from edgeload.cli import Parser, path, seconds
from edgeload.durations import DAY_S, TimeLimits
from edgeload.exit_codes import BAD_SETTING, INTERNAL_ERROR, INTERRUPTED, OK
from edgeload.host.console import SamplingProgress, print_table
from edgeload.host.json_records import encode_document
from edgeload.host.monitor import monitor
from edgeload.host.processes import DEFAULT_PROGRAMS
from edgeload.host.sampler import MIN_INTERVAL_S, Sampled, SampleTimes
from edgeload.host.samples import SampleFile
from edgeload.host.serving import SampleServer, needs_secret
from edgeload.host.summary import HostSummary, summarise
from edgeload.private_files import open_private, private_folder
from edgeload.signals import StopSignals

SAMPLES = "host_samples.jsonl"
SUMMARY = "host_summary.json"
_TIMES = TimeLimits(0.0, 365 * DAY_S, above=True)

_DESCRIPTION = """\
Samples CPU, memory and network of this host, and every NVIDIA GPU, while a load
test runs, and writes each sample to disk at once. At the end, also after
Ctrl-C, it prints a table of min, mean and max and draws pictures. It needs
psutil, nvidia-ml-py for GPUs, and matplotlib for pictures.
"""
_EPILOG = f"""\
Writes {SAMPLES}, {SUMMARY} and PNG figures.

Exit codes: 0 done, 1 the results cannot be written, 2 an option is wrong, 130
interrupted (the results are written).
"""


@dataclass(frozen=True)
class _Wanted:
    """What was asked for: when samples are due, the folder for results, and whom to serve."""

    times: SampleTimes
    folder: Path
    port: int | None
    host: str
    secret: str | None
    programs: list[str]


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a port from 1 to 65535, for example 9105"
        )
    return int(text)


def _names(text: str) -> list[str]:
    return [name for name in map(str.strip, text.split(",")) if name]


def _parse(arguments: Sequence[str] | None, program: str) -> _Wanted:
    """What was asked for; exits with code 2 on a bad option."""
    parser = Parser(
        prog=program, description=_DESCRIPTION, epilog=_EPILOG, example="--duration 60s"
    )
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument(
        "--duration",
        type=seconds(_TIMES, "60s"),
        metavar="TIME",
        help="How long to sample, for example 60, 90s, 5m or 1h30m.",
    )
    length.add_argument(
        "--until-stopped",
        dest="duration",
        action="store_const",
        const=math.inf,
        help="Sample until Ctrl-C or SIGTERM, which then ends with exit code 0.",
    )
    parser.add_argument(
        "--interval",
        type=seconds(_TIMES, "1s"),
        default=1.0,
        metavar="TIME",
        help=f"Time between two samples, at least {MIN_INTERVAL_S}. (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=path,
        default=Path("monitor_results"),
        metavar="DIR",
        help="Folder for the results. Each run overwrites them. (default: %(default)s)",
    )
    parser.add_argument(
        "--serve",
        type=_port,
        metavar="PORT",
        help="Also serve the samples on this port, for load_test.py --monitor.",
    )
    parser.add_argument(
        "--serve-host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="Address of this host to serve on. Other than loopback it needs a secret in the "
        f"environment variable {MONITOR_SECRET}, here and for the load test. "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--processes",
        type=_names,
        default=list(DEFAULT_PROGRAMS),
        metavar="NAMES",
        help="Programs whose CPU and memory are added up by name, separated by commas."
        f" (default: {','.join(DEFAULT_PROGRAMS)})",
    )
    given = parser.parse_args(arguments)
    secret = os.environ.get(MONITOR_SECRET) or None
    if given.serve is not None and needs_secret(given.serve_host) and secret is None:
        parser.error(
            f"--serve-host: {given.serve_host}: others can reach it, so set a secret in the "
            f"environment on both sides, for example export {MONITOR_SECRET}=$(uuidgen)"
        )
    if given.duration < MIN_INTERVAL_S:
        parser.error(
            f"--duration: {given.duration:g}: must be at least {MIN_INTERVAL_S} s, for example 60"
        )
    if not MIN_INTERVAL_S <= given.interval <= given.duration:
        parser.error(
            f"--interval: {given.interval:g}: must be from {MIN_INTERVAL_S} s to the duration, "
            f"{given.duration:g} s, for example {min(1.0, given.duration):g}"
        )
    try:
        private_folder(given.output)
    except OSError as problem:
        parser.error(
            f"--output: {given.output}: {problem.strerror}; must be a folder that can be written, "
            "for example monitor_results"
        )
    times = SampleTimes(given.interval, given.duration)
    return _Wanted(times, given.output, given.serve, given.serve_host, secret, given.processes)


def sum_up(folder: Path, sampled: Sampled) -> HostSummary:
    """Read the samples back and write their summary. Raises OSError."""
    file = SampleFile(folder / SAMPLES)
    summary = summarise(
        file.header,
        file.samples(),
        skipped=sampled.skipped,
        interrupted=sampled.stopped,
        own_cpu_s=sampled.own_cpu_s,
    )
    with os.fdopen(open_private(folder / SUMMARY, os.O_WRONLY | os.O_TRUNC), "wb") as written:
        written.write(encode_document(summary))
    return summary


def _draw(folder: Path, say: Callable[[str], None]) -> list[Path]:
    """Draw the samples; the paths of the pictures. Says so if a package for it is missing."""
    try:  # Imported late: it takes a second and 80 MB, which would be part of what is measured.
        from edgeload.host.plots import draw_host_figures  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        say(f"No pictures were drawn, as {missing.name} is missing: pip install matplotlib")
        return []
    return draw_host_figures(folder / SAMPLES, folder)


@contextlib.contextmanager
def _serving(wanted: _Wanted, say: Callable[[str], None]) -> Iterator[None]:
    """While entered, the samples are served, if that is wanted. Exits with code 2 if it cannot."""
    if wanted.port is None:
        yield
        return
    samples = wanted.folder / SAMPLES
    samples.unlink(missing_ok=True)  # an earlier run's are not this one's
    try:
        server = SampleServer(samples, wanted.host, wanted.port, wanted.secret)
    except OSError as problem:
        say(f"--serve: port {wanted.port} of {wanted.host} cannot be had: {problem.strerror}")
        raise SystemExit(BAD_SETTING) from None
    say(f"Serving the samples on http://{wanted.host}:{server.port}")
    try:
        yield
    finally:
        server.close()


def main(arguments: Sequence[str] | None = None, *, program: str = "edgeload monitor") -> int:
    """Sample, sum up and draw; the exit code."""
    wanted = _parse(arguments, program)
    times, folder = wanted.times, wanted.folder
    progress = SamplingProgress(times.duration_s)
    try:
        with StopSignals() as stop, _serving(wanted, progress.say):
            sampled = monitor(
                times,
                folder / SAMPLES,
                wait=stop.wait,
                say=progress.say,
                show=progress.show,
                programs=wanted.programs,
            )
        if math.isinf(times.duration_s):
            sampled = replace(sampled, stopped=False)  # as it was meant to end
        progress.finish()
        summary = sum_up(folder, sampled)
        print_table(summary)
        sys.stdout.flush()
        for written in [folder / SAMPLES, folder / SUMMARY, *_draw(folder, progress.say)]:
            progress.say(f"wrote {written}")
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
