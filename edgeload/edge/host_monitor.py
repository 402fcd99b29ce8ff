"""Asks a monitor on the endpoint's host for its samples and its clocks.

Instants of two machines are compared by round trips: the host's clock was read between the moment
when the question was sent and that when the answer came, so it is known to half of the round trip,
and best by the quickest of several (Cristian 1989).
"""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from edgeload.target_rules import inner_address

_WITHIN_S = 2.0
PINGS = 8


def is_same_host(own: str, peer: str) -> bool:
    """Whether both ends of a connection are on one host: it is loopback, or goes from an address to
    the same one."""
    return own == peer or inner_address(ip_address(peer)).is_loopback


class NoMonitor(Exception):
    """The monitor gave no answer that can be used; the text is one line."""


@dataclass(frozen=True)
class ClockPing:
    """The host's monotonic and wall clock less ours; each at most `bound_s` off."""

    offset_s: float
    wall_offset_s: float
    bound_s: float


class HostMonitor:
    """One kept connection to the monitor at `url`."""

    def __init__(self, url: str, secret: str | None) -> None:
        parts = urlsplit(url)
        self._url = url
        self._headers = {} if secret is None else {"X-Monitor-Secret": secret}
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=_WITHIN_S
        )
        self._next = 0
        self.is_here: bool | None = None
        """Whether it runs on our own host, by the addresses of the connection; None: no answer."""

    def lines(self) -> list[dict[str, Any]]:
        """The lines that are new since the last call. Raises NoMonitor."""
        headers, body = self._get(f"/lines?from={self._next}")
        try:
            found = [json.loads(line) for line in body.splitlines()]
            self._next = int(headers["X-Next"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NoMonitor(f"{self._url}: this is no monitor of edgeload") from None
        return [line for line in found if isinstance(line, dict)]

    def clock(self, pings: int = PINGS) -> ClockPing:
        """How its clocks lie to ours, by the quickest of some round trips. Raises NoMonitor."""
        return min((self._ping() for _ in range(pings)), key=lambda ping: ping.bound_s)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ping(self) -> ClockPing:
        sent_s, wall_s = time.monotonic(), time.time()
        _, body = self._get("/clock")
        round_s = time.monotonic() - sent_s
        try:
            said = json.loads(body)
            theirs, their_wall = float(said["monotonic_s"]), float(said["wall_s"])
        except (ValueError, KeyError, TypeError):
            raise NoMonitor(f"{self._url}: this is no monitor of edgeload") from None
        half_s = round_s / 2
        return ClockPing(theirs - sent_s - half_s, their_wall - wall_s - half_s, half_s)

    def _get(self, path: str) -> tuple[http.client.HTTPMessage, bytes]:
        try:
            self._connection.request("GET", path, headers=self._headers)
            own, peer = (self._connection.sock.getsockname(), self._connection.sock.getpeername())
            self.is_here = is_same_host(own[0], peer[0])
            answer = self._connection.getresponse()
            body = answer.read(1 << 22)
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            why = str(problem) or type(problem).__name__
            raise NoMonitor(f"{self._url}: no answer ({why})") from None
        if answer.status == http.HTTPStatus.FORBIDDEN:
            raise NoMonitor(f"{self._url}: the secret is missing or wrong")
        if answer.status != http.HTTPStatus.OK:
            raise NoMonitor(f"{self._url}: HTTP status {answer.status}; is this a monitor?")
        return answer.headers, body
