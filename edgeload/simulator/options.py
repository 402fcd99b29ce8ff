"""The command line of `python -m edgeload.simulator` -> one frozen Options."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from rich_argparse import RawDescriptionRichHelpFormatter

from edgeload.edge_facts import MAX_CONNECTIONS, is_detector_id
from edgeload.exit_codes import BAD_SETTING
from edgeload.simulator.faults import KINDS, FaultError, Faults, faults_from
from edgeload.simulator.queueing import DISTRIBUTIONS, ServiceTime

PROGRAM = "python -m edgeload.simulator"
_MAX_WORKERS = 256
_DURATION = re.compile(r"([0-9]*\.?[0-9]+)\s*(us|ms|s)?")
_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, None: 1.0}

_DESCRIPTION = f"""\
An Edge Endpoint on this machine (127.0.0.1 only) whose capacity is known: image queries wait in one
first-come-first-served queue for one of the inference workers, each busy with one query for a
service time. Its capacity is inference workers / mean service time.

examples:
  {PROGRAM} --port 30101 --inference-workers 8 --service-time 20ms
  {PROGRAM} --distribution lognormal --sigma 0.8 --truth-log truth.jsonl
  {PROGRAM} --fault status_503=0.02 --fault hang=0.001 --max-in-flight
"""

_EPILOG = f"""\
Fault kinds: {", ".join(KINDS)}, status_NNN.
At run time: GET /simulator/stats, GET and PUT /simulator/faults (JSON: kind to probability),
POST /simulator/stall (JSON: {{"seconds": 2}}). One line with the URL is printed when it answers.
"""


@dataclass(frozen=True)
class Options:
    """What was asked for, checked. See --help for the meaning; times in seconds."""

    port: int
    proxy_workers: int
    inference_workers: int
    service_time: ServiceTime
    seed: int
    truth_log: Path | None
    tls: bool
    write_cert: Path | None
    detector_id: str
    detector_name: str
    detector_query: str
    strict_detector: bool
    max_in_flight: int | None
    keepalive_requests: int
    faults: Faults
    slow_body_time_s: float
    until_stdin_closes: bool


def capacity_words(options: Options) -> str:
    """`4 inference workers, 50 ms constant: capacity 80 requests/s`."""
    service, workers = options.service_time, options.inference_workers
    rate = f"{workers / service.mean_s:g} requests/s" if service.mean_s else "not limited"
    return (
        f"{workers} inference worker{'s' if workers > 1 else ''}, "
        f"{1000.0 * service.mean_s:g} ms {service.distribution}: capacity {rate}"
    )


def seconds(text: str) -> float:
    """'50ms', '0.05s' or '0.05' -> seconds; raises argparse.ArgumentTypeError."""
    match = _DURATION.fullmatch(text.strip())
    value = float(match[1]) * _UNITS_S[match[2]] if match else math.inf
    if value > 3600.0:
        raise argparse.ArgumentTypeError(
            f"{text!r}: must be a time such as 50ms, 0.05s or 0.05, at most 3600s"
        )
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r}: must be a whole number from {least} to {most}"
            )
        return int(text)

    return convert


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value <= 10.0:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number above 0, at most 10")
    return value


def _detector_id(text: str) -> str:
    if not is_detector_id(text):
        raise argparse.ArgumentTypeError(f"{text!r}: must be det_ and 27 letters or digits")
    return text


def _fault(text: str) -> tuple[str, float]:
    kind, _, probability = text.partition("=")
    try:
        faults_from({kind: float(probability)})
    except ValueError as error:
        reason = str(error) if isinstance(error, FaultError) else "must be KIND=PROBABILITY"
        raise argparse.ArgumentTypeError(f"{text!r}: {reason}") from error
    return kind, float(probability)


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit."""
        print(f"{PROGRAM}: {message}", file=sys.stderr)
        sys.exit(BAD_SETTING)


def parse(arguments: Sequence[str]) -> Options:
    """Options from a command line; one line on stderr and exit code 2 for a bad one."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        faults = faults_from(dict(given.fault))
    except FaultError as error:
        parser.error(f"argument --fault: {error}")
    if given.write_cert is not None and not given.tls:
        parser.error("argument --write-cert: there is no certificate without --tls")
    return Options(
        port=given.port,
        proxy_workers=given.proxy_workers,
        inference_workers=given.inference_workers,
        service_time=ServiceTime(given.distribution, given.service_time, given.sigma),
        seed=given.seed,
        truth_log=given.truth_log,
        tls=given.tls,
        write_cert=given.write_cert,
        detector_id=given.detector_id,
        detector_name=given.detector_name,
        detector_query=given.detector_query,
        strict_detector=given.strict_detector,
        max_in_flight=given.max_in_flight,
        keepalive_requests=given.keepalive_requests,
        faults=faults,
        slow_body_time_s=given.slow_body_time,
        until_stdin_closes=given.until_stdin_closes,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionRichHelpFormatter,
        allow_abbrev=False,
    )
    _add_server_options(parser)
    _add_detector_options(parser)
    _add_trouble_options(parser)
    return parser


def _add_server_options(parser: argparse.ArgumentParser) -> None:
    server = parser.add_argument_group("The server")
    workers = _whole(1, _MAX_WORKERS)
    server.add_argument(
        "--port",
        type=_whole(0, 65535),
        default=0,
        metavar="P",
        help="TCP port on 127.0.0.1; 0 takes any free one (default: %(default)s)",
    )
    server.add_argument(
        "--proxy-workers",
        type=workers,
        default=2,
        metavar="N",
        help="processes that take requests in and hand answers out (default: %(default)s)",
    )
    server.add_argument(
        "--inference-workers",
        type=workers,
        default=4,
        metavar="N",
        help="queries served at the same time (default: %(default)s)",
    )
    server.add_argument(
        "--service-time",
        type=seconds,
        default=0.05,
        metavar="TIME",
        help="mean time that a worker takes for a query: 50ms, 0.05s or 0.05 (default: 50ms)",
    )
    server.add_argument(
        "--distribution",
        choices=DISTRIBUTIONS,
        default="constant",
        help="of the service time; bimodal: one in ten takes 11 times as long as the others "
        "(default: %(default)s)",
    )
    server.add_argument(
        "--sigma",
        type=_positive,
        default=0.5,
        metavar="X",
        help="of the lognormal: deviation of the logarithm, no unit (default: %(default)s)",
    )
    server.add_argument(
        "--seed",
        type=_whole(0, 2**63),
        default=1,
        metavar="N",
        help="fixes service times, faults and answers (default: %(default)s)",
    )
    server.add_argument("--truth-log", type=Path, metavar="FILE", help=_TRUTH_HELP)
    server.add_argument(
        "--tls", action="store_true", help="HTTPS with a self-signed certificate for localhost"
    )
    server.add_argument(
        "--write-cert", type=Path, metavar="FILE", help="write that certificate (PEM) to a file"
    )
    server.add_argument(
        "--keepalive-requests",
        type=_whole(1, 10**9),
        default=1000,
        metavar="N",
        help="close a connection after this many requests (default: %(default)s)",
    )
    server.add_argument(
        "--until-stdin-closes", action="store_true", help="end when standard input ends"
    )


_TRUTH_HELP = (
    "write arrival, start and end of service of every image query, as JSON lines, in seconds on "
    "the monotonic clock (default: no log)"
)


def _add_detector_options(parser: argparse.ArgumentParser) -> None:
    detector = parser.add_argument_group("The detector")
    detector.add_argument(
        "--detector-id",
        type=_detector_id,
        default="det_simulated000000000000000000",
        metavar="ID",
        help="det_ and 27 letters or digits (default: %(default)s)",
    )
    detector.add_argument(
        "--detector-name",
        default="simulated detector",
        metavar="NAME",
        help="its name (default: %(default)s)",
    )
    detector.add_argument(
        "--detector-query",
        default="Is there a dog in the picture?",
        metavar="TEXT",
        help="its question (default: %(default)s)",
    )
    detector.add_argument(
        "--strict-detector",
        action="store_true",
        help="refuse ids of other detectors; without it any well-formed id is served",
    )


def _add_trouble_options(parser: argparse.ArgumentParser) -> None:
    trouble = parser.add_argument_group("Trouble")
    trouble.add_argument(
        "--max-in-flight",
        type=_whole(1, 10**6),
        nargs="?",
        const=MAX_CONNECTIONS,
        metavar="N",
        help=f"reset connections beyond N queries in flight; {MAX_CONNECTIONS} as the real "
        "endpoint's if N is left out (default: no limit)",
    )
    trouble.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="KIND=PROBABILITY",
        help="let something go wrong for a share of the queries, 0 to 1; repeatable",
    )
    trouble.add_argument(
        "--slow-body-time",
        type=seconds,
        default=1.0,
        metavar="TIME",
        help="how long an answer of the fault slow_body trickles (default: 1s)",
    )
