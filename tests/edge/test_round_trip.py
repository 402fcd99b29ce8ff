"""How long the network takes, by connections that carry nothing."""

from __future__ import annotations

import socket
import threading
import time

from edgeload.edge.location import Target
from edgeload.edge.round_trip import HANDSHAKES, measure_handshakes
from edgeload.edge.trust import TlsTrust


def target(port: int, scheme: str = "http") -> Target:
    return Target(scheme, "127.0.0.1", port, socket.AF_INET, "127.0.0.1")


def _hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


def test_a_slow_server_is_no_slow_network() -> None:
    """The kernel of the box takes the connections, whatever its programs do: loopback is quick."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = measure_handshakes(target(silent.getsockname()[1]), TlsTrust())
    assert found is not None
    assert found.tries == HANDSHAKES
    assert 0.0 < found.tcp_s < 0.1
    assert found.tls_s is None


def test_tls_is_on_top_of_it() -> None:
    """Nobody answers the handshake here: there is no figure, and it ends in bounded time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=_hang_up, args=(silent,), daemon=True).start()
        began_s = time.monotonic()
        assert measure_handshakes(target(silent.getsockname()[1], "https"), TlsTrust(True)) is None
        assert time.monotonic() - began_s < 5.0


def test_nobody_there_is_no_figure() -> None:
    """A port that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert measure_handshakes(target(port), TlsTrust()) is None
