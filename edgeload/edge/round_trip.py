"""How long the network to the endpoint takes: connections that are opened and closed in turn."""

from __future__ import annotations

import socket
import ssl
import statistics
import time
from dataclasses import dataclass

from edgeload.edge.location import Target
from edgeload.edge.trust import TlsTrust

HANDSHAKES = 5
_WITHIN_S = 1.0


@dataclass(frozen=True)
class Handshakes:
    """Medians of `tries` connections, in seconds; `tls_s` is None for plain HTTP."""

    tries: int
    tcp_s: float
    tls_s: float | None


@dataclass(frozen=True)
class Handshake:
    """One connection: seconds, and for HTTPS those of TLS on top, and its version."""

    tcp_s: float
    tls_s: float | None = None
    tls_version: str | None = None


def measure_handshakes(target: Target, trust: TlsTrust) -> Handshakes | None:
    """Open some connections without sending a request; None if one of them fails.

    A TCP connection takes one round trip of the network, and a process of the box has no part in
    it. A TLS handshake takes one or two more, and the box's CPU.
    """
    try:
        context = trust.ssl_context() if target.scheme == "https" else None
        made = [shake_hands(target, context, _WITHIN_S) for _ in range(HANDSHAKES)]
    except OSError:
        return None
    tls_s = [one.tls_s for one in made if one.tls_s is not None]
    return Handshakes(
        HANDSHAKES, _median([one.tcp_s for one in made]), _median(tls_s) if tls_s else None
    )


def shake_hands(target: Target, context: ssl.SSLContext | None, within_s: float) -> Handshake:
    """Open one connection, encrypted with a context, and close it. Raises OSError."""
    began_s = time.perf_counter()
    with socket.create_connection((target.address, target.port), within_s) as connection:
        tcp_s = time.perf_counter() - began_s
        if context is None:
            return Handshake(tcp_s)
        began_s = time.perf_counter()
        with context.wrap_socket(connection, server_hostname=target.host) as encrypted:
            return Handshake(tcp_s, time.perf_counter() - began_s, encrypted.version())


def _median(seconds: list[float]) -> float:
    return round(statistics.median(seconds), 6)
