"""How long requests were on their way to the endpoint, by the kernel's own account (TCP_INFO).

The kernel adds up for each connection how long it held data that the other side had not yet
acknowledged (`tcpi_busy_time`), and for how long of that the other side had no room for more
(`tcpi_rwnd_limited`; both since Linux 4.10, `include/uapi/linux/tcp.h`). The rest is the network's:
a box that is slow acknowledges a request at once and answers it late.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

_MOST_CONNECTIONS = 64
"""More are not asked: each takes about 2 us, and none of our requests may wait for that."""
_INFO = struct.Struct("=68xI28xI64xQQ")
"""struct tcp_info up to byte 184: rtt, total_retrans, busy_time, rwnd_limited; times in us."""


@dataclass(frozen=True)
class TcpInfo:
    """One connection since it was opened; times in seconds."""

    round_trip_s: float
    """Smoothed, as the kernel measures it."""
    retransmits: int
    on_the_way_s: float
    """For how long data of ours was not acknowledged, although the other side had room for it."""


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """What the kernel says about a connection; None if it does not say, or not all of it."""
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    except OSError:
        return None
    return parsed(raw)


def parsed(raw: bytes) -> TcpInfo | None:
    """The same from the kernel's bytes; an old kernel has fewer of them."""
    if len(raw) < _INFO.size:
        return None
    rtt_us, retransmits, busy_us, no_room_us = _INFO.unpack(raw)
    return TcpInfo(rtt_us / 1e6, retransmits, max(0, busy_us - no_room_us) / 1e6)


@dataclass(frozen=True)
class TcpTotals:
    """Connections of one worker: sums since the start over those that are asked."""

    open: int
    asked: int
    round_trip_s: float | None
    """Mean of the connections that are asked now."""
    on_the_way_s: float
    retransmits: int


NO_TCP = TcpTotals(0, 0, None, 0.0, 0)
"""Nothing is known."""


class TcpAsked(Protocol):
    """A connection that knows what the kernel says about it (`connection.Connection`)."""

    def tcp_info(self) -> TcpInfo | None:
        """None if the kernel does not say."""


class TcpAccount:
    """Adds up what the kernel says about some connections of a worker, look by look.

    What happened on a connection between its last look and its end is not known.
    """

    def __init__(self) -> None:
        self._before: dict[TcpAsked, TcpInfo] = {}
        self._on_the_way_s = 0.0
        self._retransmits = 0

    def look(self, connections: Mapping[int, TcpAsked]) -> TcpTotals:
        """`connections` are all that are open, by their descriptors."""
        step = -(-len(connections) // _MOST_CONNECTIONS) or 1
        asked: dict[TcpAsked, TcpInfo] = {}
        for descriptor, connection in connections.items():
            if descriptor % step == 0 and (info := connection.tcp_info()) is not None:
                asked[connection] = info
        for connection, info in asked.items():
            before = self._before.get(connection)
            if before is None and step > 1:
                continue  # it may have been open for long without being asked
            self._on_the_way_s += info.on_the_way_s - (before.on_the_way_s if before else 0.0)
            self._retransmits += info.retransmits - (before.retransmits if before else 0)
        self._before = asked
        rounds = [info.round_trip_s for info in asked.values()]
        return TcpTotals(
            open=len(connections),
            asked=len(asked),
            round_trip_s=sum(rounds) / len(rounds) if rounds else None,
            on_the_way_s=self._on_the_way_s,
            retransmits=self._retransmits,
        )
