"""The command line of `python -m edgeload.simulator` -> one frozen Options.

Each field of Options declares one command-line option: its type, default, check, unit and help
stand there and nowhere else.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeload.cli import Parser
from edgeload.edge_facts import DETECTOR_ID_FORM, MAX_CONNECTIONS
from edgeload.plain_words import plural
from edgeload.simulator.faults import KINDS, FaultError, Faults, faults_from
from edgeload.simulator.option_values import (
    detector_id_text,
    deviation,
    fault_probability,
    share_of_1,
    time_in_seconds,
    whole_number,
)
from edgeload.simulator.queueing import SERVICE_DISTRIBUTIONS, ServiceDistribution, ServiceTime

# `_option` makes a dataclass field, which the linter does not see.
# ruff: noqa: RUF009

PROGRAM = "python -m edgeload.simulator"
_MAX_WORKERS = 256

_DESCRIPTION = """\
An Edge Endpoint on this machine (127.0.0.1 only) with a known capacity: image
queries wait in one first-come-first-served queue for the inference workers.
Each worker is busy with one query for one service time, so the capacity is
inference workers / mean service time.

examples:
  {program} --port 30101 --inference-workers 8
  {program} --distribution lognormal --sigma 0.8
  {program} --fault status_503=0.02 --max-in-flight
"""

_EPILOG = f"""\
Kinds of faults: status_NNN and
{", ".join(KINDS)}.
While it runs: GET /simulator/stats, GET and PUT /simulator/faults (JSON: kind
to probability), POST /simulator/stall (JSON: {{"seconds": 2}}). It prints one
line with its URL when it is ready.
"""


class _OptionError(ValueError):
    """An option is not legal; the text names it and says what is legal."""


def _option(group: str, default: object, help_text: str, **argparse_words: Any) -> Any:
    """Declare a field of Options: its group in --help, and what argparse has to know."""
    return dataclasses.field(
        default=default, metadata={"group": group, "help": help_text, "words": argparse_words}
    )


_SERVER, _DETECTOR, _TROUBLE = "The server", "The detector", "Trouble"


@dataclass(frozen=True)
class Options:
    """What was asked for, checked; --help says what each option means.

    A field is named like its option; a name that ends in `_s` is a time in seconds.
    """

    port: int = _option(
        _SERVER,
        0,
        "TCP port on 127.0.0.1; 0 takes any free port",
        type=whole_number(0, 65535),
        metavar="P",
    )
    proxy_workers: int = _option(
        _SERVER,
        2,
        "processes that read requests and write answers",
        type=whole_number(1, _MAX_WORKERS),
        metavar="N",
    )
    inference_workers: int = _option(
        _SERVER,
        4,
        "queries that are served at the same time",
        type=whole_number(1, _MAX_WORKERS),
        metavar="N",
    )
    service_time_s: float = _option(
        _SERVER,
        0.05,
        "mean time for which a worker is busy with a query, for example 50ms, 0.05s or 0.05",
        type=time_in_seconds,
        metavar="TIME",
    )
    distribution: ServiceDistribution = _option(
        _SERVER,
        "constant",
        f"distribution of the service time: {', '.join(SERVICE_DISTRIBUTIONS)} (bimodal: one "
        "query in ten takes 11 times as long as the others)",
        choices=SERVICE_DISTRIBUTIONS,
        metavar="KIND",
    )
    sigma: float = _option(
        _SERVER,
        0.5,
        "standard deviation of the logarithm, without a unit, for the lognormal distribution",
        type=deviation,
        metavar="X",
    )
    seed: int = _option(
        _SERVER,
        1,
        "the same seed gives the same service times, faults and answers",
        type=whole_number(0, 2**63),
        metavar="N",
    )
    truth_log: Path | None = _option(
        _SERVER,
        None,
        "write for every image query when it arrived and when its service started and ended: JSON "
        "lines, in seconds on the monotonic clock",
        type=Path,
        metavar="FILE",
    )
    tls: bool = _option(_SERVER, False, "serve HTTPS with a self-signed certificate for localhost")
    write_cert: Path | None = _option(
        _SERVER, None, "write that certificate (PEM) to a file", type=Path, metavar="FILE"
    )
    keepalive_requests: int = _option(
        _SERVER,
        1000,
        "close a connection after this many requests",
        type=whole_number(1, 10**9),
        metavar="N",
    )
    until_stdin_closes: bool = _option(_SERVER, False, "end when standard input ends")

    detector_id: str = _option(
        _DETECTOR,
        "det_simulated000000000000000000",
        f"id of the detector: {DETECTOR_ID_FORM}",
        type=detector_id_text,
        metavar="ID",
    )
    detector_name: str = _option(_DETECTOR, "simulated detector", "its name", metavar="NAME")
    detector_query: str = _option(
        _DETECTOR, "Is there a dog in the picture?", "its question", metavar="TEXT"
    )
    audit_rate: float = _option(
        _DETECTOR,
        1e-5,
        "confident_audit_rate as GET /edge-config shows it, 0 to 1; nothing is sent anywhere",
        type=share_of_1,
        metavar="X",
    )
    strict_detector: bool = _option(
        _DETECTOR,
        False,
        "refuse the ids of other detectors; without this option any well-formed id is served",
    )

    api_token: str | None = _option(
        _TROUBLE,
        None,
        "the only API token that is accepted; without this option any is",
        metavar="TOKEN",
    )
    offline: bool = _option(
        _TROUBLE, False, "have no connection to the cloud: what the cloud answers is a 502"
    )
    load_time_s: float | None = _option(
        _TROUBLE,
        None,
        "be without a loaded model for this long after the start: queries get a 503",
        type=time_in_seconds,
        metavar="TIME",
    )
    max_in_flight: int | None = _option(
        _TROUBLE,
        None,
        "reset connections while more than N queries are in flight; without N: "
        f"{MAX_CONNECTIONS}, the limit of a real Edge Endpoint (default: no limit)",
        type=whole_number(1, 10**6),
        nargs="?",
        const=MAX_CONNECTIONS,
        metavar="N",
    )
    fault: tuple[tuple[str, float], ...] = _option(
        _TROUBLE,
        (),
        "let this kind of fault happen to a share of the queries (0 to 1), for example "
        "status_503=0.02; may be given several times",
        type=fault_probability,
        action="append",
        metavar="KIND=PROBABILITY",
    )
    slow_body_time_s: float = _option(
        _TROUBLE,
        1.0,
        "duration of an answer with the fault slow_body",
        type=time_in_seconds,
        metavar="TIME",
    )

    def __post_init__(self) -> None:
        """Check what concerns several options. Raises ValueError."""
        try:
            faults_from(dict(self.fault))
        except FaultError as error:
            raise _OptionError(f"argument --fault: {error}") from error
        if self.write_cert is not None and not self.tls:
            raise _OptionError(
                "argument --write-cert: there is no certificate without TLS; add --tls"
            )

    @property
    def service_time(self) -> ServiceTime:
        """The distribution of service times."""
        return ServiceTime(self.distribution, self.service_time_s, self.sigma)

    @property
    def faults(self) -> Faults:
        """The faults and their probabilities."""
        return faults_from(dict(self.fault))


def capacity_words(options: Options) -> str:
    """`4 inference workers, 50 ms constant: capacity 80 requests/s`."""
    service, workers = options.service_time, options.inference_workers
    rate = f"{workers / service.mean_s:.4g} requests/s" if service.mean_s else "not limited"
    faults = ", ".join(f"{kind}={probability:g}" for kind, probability in options.fault)
    return (
        f"{plural(workers, 'inference worker')}, "
        f"{1000.0 * service.mean_s:g} ms {service.distribution}: capacity {rate}"
        + (f"; with injected faults: {faults}" if faults else "")
    )


def parse_options(arguments: Sequence[str], program: str = PROGRAM) -> Options:
    """Options from a command line; a bad one ends the program with one line and exit code 2.

    `program` is what the help and the errors call it.
    """
    parser = _options_parser(program)
    given = vars(parser.parse_args(arguments))
    given["fault"] = tuple(given.get("fault", ()))
    try:
        return Options(**given)
    except _OptionError as error:
        parser.error(str(error))


def _options_parser(program: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=program,
        description=_DESCRIPTION.format(program=program),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,  # Options knows the defaults
    )
    fields = dataclasses.fields(Options)
    titles = dict.fromkeys(field.metadata["group"] for field in fields)
    groups = {title: parser.add_argument_group(title) for title in titles}
    for field in fields:
        words = dict(field.metadata["words"])
        if field.default is False:
            words["action"] = "store_true"
        groups[field.metadata["group"]].add_argument(
            "--" + field.name.removesuffix("_s").replace("_", "-"),
            dest=field.name,
            help=f"{field.metadata['help']}{_shown_default(field)}".replace("%", "%%"),
            **words,
        )
    return parser


def _shown_default(field: dataclasses.Field[Any]) -> str:
    """The default as it stands at the end of an option's help; nothing if there is none."""
    default: Any = field.default
    if default is None or default is False or default == ():
        return ""
    if field.name.endswith("_s"):
        return (
            f" (default: {1000.0 * default:g}ms)" if default < 1.0 else f" (default: {default:g}s)"
        )
    return f" (default: {default})"
