"""Finds the endpoint: resolves its name once, before any load is sent."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

_CONNECT_WITHIN_S = 3.0


class Unreachable(Exception):
    """The endpoint cannot be used; the text is one line that says why."""


@dataclass(frozen=True)
class Target:
    """Where requests go."""

    scheme: str
    host: str
    """As it stands in the URL."""
    port: int
    family: int
    address: str
    """Numeric address, resolved once before the run."""

    @property
    def authority(self) -> str:
        """Host and port in the form of the Host header (RFC 9112, section 3.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == standard else f"{host}:{self.port}"


def locate(url: str) -> Target:
    """Resolve the endpoint's name and take the first address that accepts a connection.

    Raises Unreachable if the name is unknown or no address accepts a connection within 3 seconds.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(
            f"ENDPOINT_URL = {url}: the host name {host} cannot be resolved ({error}); check the "
            "name, or use the IP address"
        ) from error
    problem: OSError | None = None
    for family, _, _, _, address in found:
        try:
            socket.create_connection((str(address[0]), port), timeout=_CONNECT_WITHIN_S).close()
        except OSError as error:
            problem = problem or error
        else:
            return Target(parts.scheme, host, port, int(family), str(address[0]))
    raise Unreachable(
        f"ENDPOINT_URL = {url}: no connection ({problem}); check host and port, and that the "
        "endpoint is running"
    )
