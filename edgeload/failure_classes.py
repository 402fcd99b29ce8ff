"""The classes of failed requests: what each means, whose fault it is and what to do. Pure.

A log holds the class as `outcome` of a request; the outcome of a success is "ok". The running side
writes these names, and the reading side explains them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

Fault = Literal["endpoint", "generator", "network", "setup", "nobody"]

SUCCESS: Final = "ok"
"""The outcome of a request that did not fail."""

REFUSED: Final = "refused"
RESET: Final = "reset"
STALE_CONNECTION: Final = "stale_connection"
TIMEOUT: Final = "timeout"
TLS: Final = "tls"
DNS: Final = "dns"
BAD_ANSWER: Final = "bad_answer"
WRONG_DETECTOR: Final = "wrong_detector"
ESCALATED: Final = "escalated"
CHANGED_ANSWER: Final = "changed_answer"
GENERATOR: Final = "generator"
ABORTED: Final = "aborted"
UNCLASSIFIED: Final = "unclassified"

BY_ANOTHER_MODEL = "by another model"
"""In the text of a changed answer, if the box names its models and this one is not that of before.
"""

_HTTP = re.compile(r"http_([1-9][0-9]{2})")
_HTTP_HUNDRED = re.compile(r"http_([1-9])xx")


@dataclass(frozen=True)
class FailureKind:
    """One class of failures: its name in the log, and what a reader should know about it."""

    name: str
    meaning: str
    """One sentence without a full stop."""
    fault: Fault
    """Where to look first."""
    advice: str
    """What to do about it."""


FAILURE_KINDS: tuple[FailureKind, ...] = (
    FailureKind(
        REFUSED,
        "the endpoint's machine did not accept the connection",
        "network",
        "check host and port, that the endpoint is running, and that no firewall is in between",
    ),
    FailureKind(
        RESET,
        "the connection was closed before the answer was complete",
        "endpoint",
        "the endpoint or its proxy ran out of connections or restarted: look at its log",
    ),
    FailureKind(
        STALE_CONNECTION,
        "the endpoint closed a kept connection as the request was sent, and reset the new one on "
        "which it was sent again",
        "endpoint",
        "the endpoint or its proxy ran out of connections or restarted: look at its log",
    ),
    FailureKind(
        TIMEOUT,
        "no complete answer arrived within the timeout",
        "endpoint",
        "the endpoint is overloaded or hangs: send less, or allow more time with --timeout",
    ),
    FailureKind(
        TLS,
        "the TLS connection could not be established",
        "setup",
        "an Edge Endpoint signs its own certificate: pass it with --cacert FILE, or use --insecure",
    ),
    FailureKind(
        DNS,
        "the endpoint's host name could not be resolved",
        "network",
        "check the name in the URL and this machine's DNS server, or use the IP address",
    ),
    FailureKind(
        BAD_ANSWER,
        "the answer was not the JSON of an image query",
        "setup",
        "check that the URL belongs to an Edge Endpoint and not to another server",
    ),
    FailureKind(
        WRONG_DETECTOR,
        "the answer was about another detector",
        "endpoint",
        "check the detector's id, and that nothing in between caches answers",
    ),
    FailureKind(
        ESCALATED,
        "the answer came from the cloud and not from the edge",
        "setup",
        "configure the detector to always return the edge prediction and to never escalate to the "
        "cloud; an escalated answer says nothing about the edge",
    ),
    FailureKind(
        CHANGED_ANSWER,
        "the label or the count was not the one that the same picture got before the run, without "
        "load (--check-answers)",
        "endpoint",
        "find out what goes wrong under load, for example answers that are given to the wrong "
        "request; if the text names another model, a new one was rolled out during the run: repeat "
        "it",
    ),
    FailureKind(
        GENERATOR,
        "the machine that sends the load had no file, port or memory left",
        "generator",
        "raise ulimit -n, widen net.ipv4.ip_local_port_range, or use fewer clients",
    ),
    FailureKind(
        ABORTED,
        "the request was in flight when the run was cut off",
        "nobody",
        "ignore these requests: they say nothing about the endpoint",
    ),
    FailureKind(
        UNCLASSIFIED,
        "the log is of the older form, and the text of the failure tells no known class",
        "nobody",
        "read the error texts, or repeat the run with this version",
    ),
)
"""Every class with a fixed name; `http_NNN` and unknown names are added by `failure_class`."""

_BY_NAME = {kind.name: kind for kind in FAILURE_KINDS}


def http_failure(status: int | str) -> str:
    """Name of the class of answers with a status other than 200 or 201, for example `http_503`."""
    return f"http_{status}"


def http_hundred(name: str) -> str:
    """The name that stands for all HTTP classes of the same hundred; other classes keep theirs.

    >>> http_hundred("http_503"), http_hundred("timeout")
    ('http_5xx', 'timeout')
    """
    return f"{name[:-2]}xx" if _HTTP.fullmatch(name) else name


def failure_class(name: str) -> FailureKind:
    """What is known about a class; a class that this version does not know is said to be unknown.

    >>> failure_class("http_503").meaning
    'the endpoint answered with HTTP status 503'
    """
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    if found := _HTTP.fullmatch(name):
        return _http_kind(name, int(found[1]))
    if found := _HTTP_HUNDRED.fullmatch(name):
        meaning = f"the endpoint answered with many HTTP statuses from {found[1]}00 on"
        return replace(_http_kind(name, int(found[1]) * 100), meaning=meaning)
    return FailureKind(
        name,
        "this version does not know this class of failures",
        "nobody",
        "read the log with the version that wrote it",
    )


def _http_kind(name: str, status: int) -> FailureKind:
    meaning = f"the endpoint answered with HTTP status {status}"
    if status in (401, 403):
        return FailureKind(name, meaning, "setup", "check the API token")
    if status == 404:
        advice = "check the URL and the detector: the endpoint does not know what was asked for"
        return FailureKind(name, meaning, "setup", advice)
    if status < 500:
        advice = "the endpoint rejected the request: read the error text and the endpoint's log"
        return FailureKind(name, meaning, "setup", advice)
    return FailureKind(name, meaning, "endpoint", "look at the endpoint's own log at that time")
