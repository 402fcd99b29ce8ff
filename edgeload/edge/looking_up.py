"""Looks up the addresses of names, in bounded time, and without being deaf to Ctrl-C.

The system's look-up may take minutes and cannot be interrupted. Here a thread of its own does it,
which is left behind when time is up.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence

from edgeload.target_rules import CLOUD_NAMES, Address, inner_address

FoundAddress = tuple[int, str]
"""The family of an address, and the address as text."""
LookUp = Callable[[str], Sequence[FoundAddress]]
"""Returns the addresses of a host. Raises OSError if it is not known."""

LOOK_UP_WITHIN_S = 10.0
_CLOUD_WITHIN_S = 1.0


def look_up(host: str) -> list[FoundAddress]:
    """The addresses of a host, as the system knows them, in its order. Raises OSError."""
    host = host.replace("%25", "%")  # before the zone of a link-local address (RFC 6874)
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((int(family), str(address[0])) for family, *_, address in found))


def bounded(
    look_up: LookUp, hosts: Sequence[str], within_s: float
) -> list[Sequence[FoundAddress] | OSError]:
    """Look up all hosts at the same time; what was found for each, or why nothing was.

    TimeoutError stands for a look-up that has not ended after `within_s` seconds.
    """
    results: list[Sequence[FoundAddress] | OSError] = [
        TimeoutError(f"no answer within {within_s:g} s") for _ in hosts
    ]

    def answer(index: int) -> None:
        try:
            results[index] = look_up(hosts[index])
        except OSError as error:
            results[index] = error

    threads = [threading.Thread(target=answer, args=(i,), daemon=True) for i in range(len(hosts))]
    until_s = time.monotonic() + within_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    return list(results)


def cloud_addresses(look_up: LookUp, within_s: float = _CLOUD_WITHIN_S) -> frozenset[Address]:
    """The addresses of the Groundlight cloud, as far as they are found in this time.

    A network without the internet finds none.
    """
    found = bounded(look_up, CLOUD_NAMES, within_s)
    return frozenset(
        inner_address(ipaddress.ip_address(address))
        for addresses in found
        if not isinstance(addresses, OSError)
        for _, address in addresses
    )
