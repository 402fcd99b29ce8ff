"""Laws of finding the endpoint."""

from __future__ import annotations

import socket

import pytest
from recording_server import recording_server

from edgeload.edge.location import Target, Unreachable, locate


def test_a_name_is_resolved_to_an_address_that_answers() -> None:
    """localhost is found by whichever of its addresses takes the connection."""
    with recording_server() as recorder:
        port = int(recorder.url.rsplit(":", 1)[1])
        target = locate(f"http://localhost:{port}")
    assert (target.host, target.port, target.address) == ("localhost", port, "127.0.0.1")
    assert target.authority == f"localhost:{port}"


def test_the_host_header_follows_the_standard() -> None:
    """Standard ports are left out, IPv6 addresses are in brackets (RFC 9112, 3.2)."""
    family = int(socket.AF_INET6)
    assert Target("https", "::1", 443, family, "::1").authority == "[::1]"
    assert Target("http", "::1", 443, family, "::1").authority == "[::1]:443"
    assert Target("http", "box", 80, family, "::1").authority == "box"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid:80"])
def test_where_nobody_is_the_line_says_so(url: str) -> None:
    """One line with the setting and the value."""
    with pytest.raises(Unreachable, match=f"ENDPOINT_URL = {url}"):
        locate(url)
