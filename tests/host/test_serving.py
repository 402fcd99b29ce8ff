"""A monitor serves its samples, to those who may have them, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import host_examples as examples
import pytest

from edgeload.edge.host_monitor import HostMonitor, NoMonitor, is_same_host
from edgeload.host.serving import SampleServer, needs_secret


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "host_samples.jsonl"
    examples.write(path, examples.header(), [examples.sample(1.0), examples.sample(2.0)])
    return path


@pytest.fixture
def server(samples: Path) -> Iterator[SampleServer]:
    running = SampleServer(samples, "127.0.0.1", 0, None)
    yield running
    running.close()


def url(server: SampleServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_each_line_comes_once_and_whole(samples: Path, server: SampleServer) -> None:
    """Also while a line is being written: it comes when it is whole."""
    monitor = HostMonitor(url(server), None)
    assert [line["event"] for line in monitor.lines()] == [
        "host_header",
        "host_sample",
        "host_sample",
    ]
    assert monitor.lines() == []
    line = samples.read_bytes().splitlines(keepends=True)[-1]
    with samples.open("ab") as file:
        file.write(line[:20])
        file.flush()
        assert monitor.lines() == []
        file.write(line[20:])
    assert len(monitor.lines()) == 1
    monitor.close()


@pytest.mark.parametrize(
    ("own", "peer", "same"),
    [
        ("127.0.0.1", "127.0.0.5", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.8", "192.0.2.7", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
    ],
)
def test_a_host_is_told_by_both_ends_of_a_connection(own: str, peer: str, *, same: bool) -> None:
    """Who asks an own address does so from that address."""
    assert is_same_host(own, peer) == same


def test_before_the_first_sample_there_are_none(tmp_path: Path) -> None:
    """The file is not there yet; later it is read from its start."""
    path = tmp_path / "later.jsonl"
    running = SampleServer(path, "127.0.0.1", 0, None)
    monitor = HostMonitor(url(running), None)
    assert monitor.lines() == []
    examples.write(path, examples.header(), [])
    assert len(monitor.lines()) == 1
    monitor.close()
    running.close()


def test_its_clock_is_known_to_half_a_round_trip(server: SampleServer) -> None:
    """On one machine both clocks are the same: the true offset, 0, lies within the bound."""
    monitor = HostMonitor(url(server), None)
    ping = monitor.clock()
    assert abs(ping.offset_s) <= ping.bound_s < 0.5
    assert abs(ping.wall_offset_s) <= ping.bound_s + 0.001
    monitor.close()


def test_a_secret_is_asked_for(samples: Path) -> None:
    """Without it, or with another, nothing is served."""
    running = SampleServer(samples, "127.0.0.1", 0, "a shared secret")
    for wrong in (None, "another one"):
        monitor = HostMonitor(url(running), wrong)
        with pytest.raises(NoMonitor, match="the secret is missing or wrong"):
            monitor.lines()
        monitor.close()
    monitor = HostMonitor(url(running), "a shared secret")
    assert len(monitor.lines()) == 3
    monitor.close()
    running.close()


def test_what_is_no_monitor_is_said(server: SampleServer) -> None:
    """Another path, and nobody at all: one line, in bounded time."""
    monitor = HostMonitor(url(server), None)
    with pytest.raises(NoMonitor, match="HTTP status 404"):
        monitor._get("/host_samples.jsonl")
    server.close()
    monitor.close()
    began_s = time.monotonic()
    with pytest.raises(NoMonitor, match="no answer"):
        monitor.lines()
    assert time.monotonic() - began_s < 5.0


@pytest.mark.parametrize(
    ("host", "needed"),
    [("127.0.0.1", False), ("::1", False), ("localhost", False), ("0.0.0.0", True), ("box", True)],
)
def test_whoever_others_can_reach_needs_a_secret(host: str, needed: bool) -> None:
    """Loopback is for this machine alone."""
    assert needs_secret(host) is needed
