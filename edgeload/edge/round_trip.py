"""How long the network to the endpoint takes: connections that are opened and closed in turn."""

from __future__ import annotations

import socket
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


def measure_handshakes(target: Target, trust: TlsTrust) -> Handshakes | None:
    """Open some connections without sending a request; None if one of them fails.

    A TCP connection takes one round trip of the network, and a process of the box has no part in
    it. A TLS handshake takes one or two more, and the box's CPU.
    """
    tcp_s: list[float] = []
    tls_s: list[float] = []
    try:
        for _ in range(HANDSHAKES):
            began_s = time.perf_counter()
            address = (target.address, target.port)
            with socket.create_connection(address, _WITHIN_S) as connection:
                tcp_s.append(time.perf_counter() - began_s)
                if target.scheme == "https":
                    began_s = time.perf_counter()
                    context = trust.ssl_context()
                    with context.wrap_socket(connection, server_hostname=target.host):
                        tls_s.append(time.perf_counter() - began_s)
    except OSError:
        return None
    return Handshakes(HANDSHAKES, _median(tcp_s), _median(tls_s) if tls_s else None)


def _median(seconds: list[float]) -> float:
    return round(statistics.median(seconds), 6)
