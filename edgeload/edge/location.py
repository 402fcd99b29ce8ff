"""Finds the endpoint: resolves its name once, before any load is sent."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from edgeload.edge.looking_up import (
    LOOK_UP_WITHIN_S,
    FoundAddress,
    LookUp,
    bounded,
    cloud_addresses,
    look_up,
)
from edgeload.target_rules import Address, inner_address, why_refused

_CONNECT_WITHIN_S = 3.0


class Unreachable(Exception):
    """The endpoint cannot be used; the text is one line that says why."""


class NoAnswer(Unreachable):
    """Nobody answers at present, which may pass: the endpoint may be starting."""


class Forbidden(Exception):
    """No load may go to this target; the text is one line that says why, and names the setting."""


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


def locate(
    url: str,
    allowed: str | None = None,
    *,
    look_up: LookUp = look_up,
    look_up_within_s: float = LOOK_UP_WITHIN_S,
) -> Target:
    """Resolve the endpoint's name and take the first address that accepts a connection.

    `allowed` is the host that may have a public address. Nothing is sent, and no connection made,
    before every address was found to be permitted. Raises Unreachable if the name is unknown or not
    looked up in time, NoAnswer if no address accepts a connection within 3 seconds, and Forbidden
    if no load may go there.
    """
    found = permitted_addresses(url, allowed, look_up=look_up, within_s=look_up_within_s)
    return first_that_connects(url, found)


def permitted_addresses(
    url: str, allowed: str | None, *, look_up: LookUp = look_up, within_s: float = LOOK_UP_WITHIN_S
) -> Sequence[FoundAddress]:
    """The addresses of the endpoint's name, to all of which a load may go. See `locate`."""
    host = urlsplit(url).hostname or ""
    (found,) = bounded(look_up, [host], within_s)
    if isinstance(found, OSError):
        raise Unreachable(
            f"ENDPOINT_URL = {url}: the host name {host} cannot be resolved ({found}); check the "
            "name, or use the IP address"
        ) from found
    _check_permitted(url, allowed, [ip_address(address) for _, address in found], look_up)
    return found


def first_that_connects(
    url: str, found: Sequence[FoundAddress], within_s: float = _CONNECT_WITHIN_S
) -> Target:
    """The first of these addresses that accepts a connection. Raises NoAnswer."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    problem: OSError | None = None
    for family, address in found:
        try:
            socket.create_connection((address, port), timeout=within_s).close()
        except OSError as error:
            problem = problem or error
        else:
            return Target(parts.scheme, parts.hostname or "", port, family, address)
    why = (problem and problem.strerror) or problem
    raise NoAnswer(
        f"ENDPOINT_URL = {url}: no connection ({why}); check host and port (30143 for https, "
        "30101 for http), and that the endpoint is running"
    )


def _check_permitted(
    url: str, allowed: str | None, addresses: list[Address], look_up: LookUp
) -> None:
    """Raise Forbidden if one of the addresses is not permitted. Loopback is never the cloud."""
    local = all(inner_address(address).is_loopback for address in addresses)
    refusal = why_refused(url, allowed, addresses) or (
        None if local else why_refused(url, allowed, addresses, cloud_addresses(look_up))
    )
    if refusal is not None:
        raise Forbidden(refusal)
