"""What the kernel says about connections, against `ss`, and added up over looks."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from edgeload.run.tcp_account import TcpAccount, TcpInfo, parsed, tcp_info


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a connection over loopback."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        closing(socket.create_connection(server.getsockname())) as ours,
        closing(server.accept()[0]) as theirs,
    ):
        yield ours, theirs


def test_round_trip_and_retransmits_are_those_of_ss(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """`ss -ti` reads the same structure by the kernel's own headers."""
    if shutil.which("ss") is None:
        pytest.skip("ss (iproute2) is not installed")
    ours, theirs = pair
    for _ in range(20):
        ours.sendall(b"x" * 1000)
        theirs.recv(1000)
    said = subprocess.run(
        ["ss", "-tin", "sport", "=", f":{ours.getsockname()[1]}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    ).stdout
    info = tcp_info(ours)
    assert info is not None
    rtt = re.search(r"\brtt:([\d.]+)/", said)
    assert rtt is not None
    assert info.round_trip_s * 1000 == pytest.approx(float(rtt[1]), abs=0.001)
    assert info.retransmits == 0
    busy = re.search(r"\bbusy:(\d+)ms", said)
    if busy is not None:
        assert info.on_the_way_s * 1000 == pytest.approx(float(busy[1]), abs=4)


def test_a_server_without_room_is_not_the_network(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """Data that waits because the other side does not read is not on its way."""
    ours, _ = pair
    ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:  # until both buffers are full
            ours.send(b"x" * (1 << 20))
    first = tcp_info(ours)
    with pytest.raises(socket.timeout):
        ours.settimeout(0.3)
        ours.recv(1)
    second = tcp_info(ours)
    assert first is not None
    assert second is not None
    assert second.on_the_way_s - first.on_the_way_s < 0.25


def test_an_old_kernel_says_nothing() -> None:
    """One whose structure is shorter has not the figures that are asked for."""
    assert parsed(bytes(104)) is None


class Said:
    """A connection of which the kernel says what it is told."""

    def __init__(self, *infos: TcpInfo | None) -> None:
        self._infos = iter(infos)

    def tcp_info(self) -> TcpInfo | None:
        return next(self._infos)


def test_looks_add_up() -> None:
    """Each second on the way counts once, also if a connection is closed or opened in between."""
    account = TcpAccount()
    one = Said(TcpInfo(0.01, 1, 0.5), TcpInfo(0.02, 3, 1.5))
    silent = Said(None, None)
    new = Said(TcpInfo(0.04, 0, 0.25))
    first = account.look({3: one, 4: silent})
    assert (first.open, first.asked) == (2, 1)
    assert (first.on_the_way_s, first.retransmits, first.round_trip_s) == (0.5, 1, 0.01)
    second = account.look({3: one, 4: silent, 5: new})
    assert (second.open, second.asked) == (3, 2)
    assert second.on_the_way_s == 0.5 + 1.0 + 0.25
    assert second.retransmits == 3
    assert second.round_trip_s == pytest.approx(0.03)
    third = account.look({})
    assert (third.on_the_way_s, third.round_trip_s) == (second.on_the_way_s, None)


def test_of_many_connections_some_are_asked() -> None:
    """At most 64, and what they did before they were asked first does not count."""
    infos = [TcpInfo(0.01, 0, 10.0), TcpInfo(0.01, 0, 10.5)]
    many = {fd: Said(*infos) for fd in range(640)}
    account = TcpAccount()
    first = account.look(many)
    assert (first.open, first.asked, first.on_the_way_s) == (640, 64, 0.0)
    assert account.look(many).on_the_way_s == 64 * 0.5
