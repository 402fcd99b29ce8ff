"""The counters of a run are for this machine alone."""

from __future__ import annotations

import socket
from urllib.request import ProxyHandler, build_opener

import pytest

from edgeload.run.prometheus import exported


def test_the_metrics_are_served_on_loopback_only() -> None:
    """No other address of this machine answers, not even another one of its loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with exported(port):
        opener = build_opener(ProxyHandler({}))
        assert opener.open(f"http://127.0.0.1:{port}/metrics", timeout=10).status == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=10)
