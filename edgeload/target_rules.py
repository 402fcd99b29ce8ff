"""Where a load may go: never to the cloud, and to the public internet only by permission. Pure.

A load test of somebody else's server is an attack, and one of the cloud is of no use to its author.
Free targets are loopback, private networks (RFC 1918, unique local IPv6 addresses), the ranges for
documentation, and 100.64.0.0/10 (RFC 6598): overlay networks such as Tailscale give boxes an
address of that range, and the internet does not route it. Everything else needs permission, and so
do link-local addresses, among which clouds serve the credentials of a virtual machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

CLOUD_NAMES = (
    "api.groundlight.ai",
    "api.integ.groundlight.ai",
    "api.staging.groundlight.ai",
    "device.positronix.ai",
    "groundlight.ai",
    "www.groundlight.ai",
)
"""Names of the cloud whose addresses are compared with those of the target."""

_CLOUD_DOMAINS = ("groundlight.ai", "positronix.ai")
_MOST_HOST_CHARS = 253
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9._-]")
_IPV4_BYTES = 4
_OLD_NUMBER = re.compile(r"0x[0-9a-f]{1,16}|0[0-7]{0,16}|[1-9][0-9]{0,15}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254")))
"""Where clouds serve a virtual machine's credentials, beside the link-local 169.254.169.254."""
_OWN = "must be an Edge Endpoint of your own"


def plain_host(host: str) -> str:
    """A host in the one form in which hosts are compared: lower case, ASCII, no dot at the end.

    >>> plain_host("API。Groundlight.ai.")
    'api.groundlight.ai'

    An address is written in full. Raises ValueError for what cannot be the name of a host.
    """
    if (address := literal_address(host)) is not None:
        return str(address)
    plain = host.removesuffix(".").encode("idna").decode("ascii").lower()
    ends_in_a_number = re.fullmatch(r"0x[0-9a-f]*|[0-9]+", plain.rpartition(".")[2])
    too_long = len(plain) > _MOST_HOST_CHARS
    if not plain or plain.endswith(".") or too_long or _NOT_IN_A_NAME.search(plain):
        raise ValueError("not the name of a host")
    if ends_in_a_number:  # would be an address, but is none
        raise ValueError("not an address")
    return plain


def literal_address(host: str) -> Address | None:
    """The address that a host is, in any spelling that a look-up takes: 127.1, 0x7f000001, ::1.

    None for a name. An IPv4 address inside an IPv6 address is that IPv4 address.
    """
    try:
        return inner_address(ipaddress.ip_address(host))
    except ValueError:
        pass
    return _old_ipv4(host.removesuffix("."))


def _old_ipv4(host: str) -> IPv4Address | None:
    """As the C function inet_aton reads it: one to four numbers, also in base 8 and 16.

    The last number fills the bytes that are left.
    """
    parts = host.lower().split(".")
    if len(parts) > _IPV4_BYTES or not all(_OLD_NUMBER.fullmatch(part) for part in parts):
        return None
    *heads, last = (int(part, _base(part)) for part in parts)
    left = _IPV4_BYTES - len(heads)
    if any(head > 0xFF for head in heads) or last >= 1 << 8 * left:
        return None
    return IPv4Address(int.from_bytes(bytes(heads), "big") << 8 * left | last)


def _base(number: str) -> int:
    if number.startswith("0x"):
        return 16
    return 8 if number.startswith("0") else 10


def inner_address(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64); else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_cloud(host: str) -> bool:
    """Whether a host has a name of the Groundlight cloud, in the form of `plain_host`."""
    return any(host == domain or host.endswith("." + domain) for domain in _CLOUD_DOMAINS)


def restricted(address: Address) -> str | None:
    """What is special about an address that a load may not go to without permission."""
    if address.is_link_local or address in _METADATA:
        return "a link-local address, where clouds keep credentials"
    if address.is_multicast:
        return "a multicast address"
    if address.is_global:
        return "a public address"
    return None


def why_refused(
    url: str,
    allowed: str | None,
    addresses: Collection[Address],
    cloud: Collection[Address] = (),
) -> str | None:
    """Why no load may go to a URL whose host has these addresses, in one line; None if it may.

    `allowed` is the value of ALLOW_PUBLIC_TARGET, a host. `cloud` has the addresses of the cloud,
    as far as they are known: no permission helps against them. The URL is a legal one.
    """
    host = plain_host(urlsplit(url).hostname or "")
    named = f"ENDPOINT_URL = {url!r}"
    for address in map(inner_address, addresses):
        is_at = "" if str(address) == host else f"{host} has the address {address}, which "
        if address in cloud:
            return f"{named}: {is_at}is an address of the Groundlight cloud; {_OWN}"
        special = restricted(address)
        if special is None or host == allowed:
            continue
        other = "" if allowed is None else f"; ALLOW_PUBLIC_TARGET = {allowed!r} is another host"
        return (
            f"{named}: {is_at}is {special}{other}; {_OWN} in a private network; if this is yours, "
            f"add --allow-public-target {host}"
        )
    return None
