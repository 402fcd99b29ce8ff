"""What watches the box beside a load, before a simulated box and before others."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeload.box_records import BoxFacts, BoxResources, TelemetryLost
from edgeload.edge.location import locate
from edgeload.edge.trust import TlsTrust
from edgeload.host.serving import SampleServer
from edgeload.records import Anchor
from edgeload.run.box_watch import BoxWatch, WatchBegin, WatchTask
from edgeload.runlog import create_log, read_records
from edgeload.simulator.launch import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(["--metrics-time", "10ms"]) as running:
        yield running


def watch(url: str) -> BoxWatch:
    return BoxWatch(WatchTask(url, locate(url), TlsTrust()))


def begin(log: Path, *, figures: bool = True) -> WatchBegin:
    create_log(log)
    return WatchBegin(log, Anchor(time.time(), time.monotonic()), figures)


def lines(log: Path) -> list[object]:
    return [record for chunk in read_records(log) for record in chunk]


def test_a_monitor_on_our_own_host_is_known_as_such(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    """By the connection to it; nothing is known of one that gives no answer."""
    server = SampleServer(tmp_path / "samples", "127.0.0.1", 0, None)
    port = server.port
    for known in (True, None):
        monitor = f"http://127.0.0.1:{port}"
        task = WatchTask(simulator.url, locate(simulator.url), TlsTrust(), monitor)
        with BoxWatch(task) as box:
            said = box.said_before()
        assert said is not None
        assert said.monitor_is_here is known
        server.close()


def test_facts_before_and_after_and_figures_between(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    """The lines stand in the log in order of run time; the newest figures are at hand."""
    log = tmp_path / "log"
    with watch(simulator.url) as box:
        said = box.said_before()
        assert said is not None
        assert said.facts.device_id == "device-simulator"
        assert said.round_trip is not None
        box.begin(begin(log))
        until_s = time.monotonic() + 10.0
        while box.look() is None and time.monotonic() < until_s:
            time.sleep(0.02)
        assert box.newest is not None
        assert box.newest.gpu_percent == 0.0
        box.end(facts=True)
        found = lines(log)
    first, *_, last = found
    assert isinstance(first, BoxResources)
    assert isinstance(last, BoxFacts)
    assert 0.0 <= first.at_s < last.at_s < 10.0
    assert last.device_id == "device-simulator"


def test_a_run_that_was_stopped_asks_nothing_more(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    """And one without figures writes none."""
    log = tmp_path / "log"
    with watch(simulator.url) as box:
        assert box.said_before() is not None
        box.begin(begin(log, figures=False))
        box.end(facts=False)
    assert lines(log) == []


def test_a_box_without_a_cluster_is_asked_once(tmp_path: Path) -> None:
    """It says so, and that is in the log."""
    log = tmp_path / "log"
    options = ["--metrics-time", "10ms", "--resources", "none"]
    with running_simulator(options) as simulator, watch(simulator.url) as box:
        box.said_before()
        box.begin(begin(log))
        until_s = time.monotonic() + 10.0
        while not lines(log) and time.monotonic() < until_s:
            time.sleep(0.02)
        box.end(facts=False)
    (lost,) = lines(log)
    assert isinstance(lost, TelemetryLost)
    assert lost.reason == "the box says: Not running in a Kubernetes cluster"


def test_a_silent_box_holds_nothing_up(tmp_path: Path) -> None:
    """Nobody answers: nothing is known before, and leaving ends the process at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with watch(url) as box:
            box.begin(begin(tmp_path / "log"))
            process = box._process
            assert box.look() is None
    assert process.returncode is not None
