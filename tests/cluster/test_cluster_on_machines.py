"""A real Ray cluster on pseudo-machines: other clocks, no shared code, cables to be pulled."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from pseudo_cluster import API_TOKEN, LoadTestThere, PseudoCluster, pseudo_cluster
from pseudo_hosts import ROOT, ip

from edgeload import exit_codes
from edgeload.read.log.open import read_log

_LEASE_S = 2.0
_MARGIN_S = 2.0
_CARRIED_OUT = (exit_codes.OK, exit_codes.INVALID)
"""INVALID too, because other programs may keep this machine from sending on time."""
_LONG = ("--nodes", "2", "--custom-ramp", "8", "--time-between-ramp", "20s", "--lease", "2s")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoCluster]:
    with pseudo_cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def codes_of_the_log(summary: dict[str, Any]) -> set[str]:
    """Why a run is INVALID, but for a machine that is too busy: no concern of these tests."""
    codes = {reason["code"] for reason in summary["validity"]["reasons"]}
    return {code for code in codes if not code.startswith("generator_")}


def load_runs(cluster: PseudoCluster, *options: str) -> LoadTestThere:
    """A load test of two nodes that has sent for a while."""
    run = cluster.load_test(*(options or _LONG))
    run.await_said("step 1/")
    before = len(cluster.arrivals_s())
    until_s = time.monotonic() + 20.0
    while len(cluster.arrivals_s()) < before + 40:
        assert time.monotonic() < until_s, run.said()
        time.sleep(0.05)
    return run


def last_arrival_after_s(cluster: PseudoCluster, cut_s: float, watch_s: float) -> float:
    """How long after an instant of the box's clock the last request came."""
    time.sleep(watch_s)
    return max(cluster.arrivals_s()) - cut_s


def test_a_lost_node_of_two(cluster: PseudoCluster) -> None:
    """Its name, INVALID, degraded; the other node's part is whole, and nothing is left running."""
    run = load_runs(
        cluster, "--nodes", "2", "--custom-ramp", "8", "--time-between-ramp", "6s", "--lease", "2s",
        "--on-node-loss", "continue",
    )  # fmt: skip
    node2 = cluster.hosts["node2"]
    began = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "raylet"]
    of_node2 = [p for p in began if inside(p.pid, node2.pid)]
    assert len(of_node2) == 1
    of_node2[0].kill()
    assert run.ended() == exit_codes.INVALID, run.said()
    said = run.said()
    assert "node node2 (2 workers with 4 clients) is lost: " in said
    assert "Traceback" not in said
    assert "raylet" not in said
    summary = run.summary()
    lost = {node["name"]: node["lost"] for node in summary["cluster"]["nodes"]}
    assert summary["cluster"]["degraded"]
    assert lost["node1"] is None
    assert lost["node2"]
    assert codes_of_the_log(summary) == {"node_lost"}
    log = read_log(run.place / "log")
    (whole,) = (node for node in summary["cluster"]["nodes"] if node["name"] == "node1")
    of_node1 = np.isin(log.requests.client % 4, whole["workers"])
    assert int(of_node1.sum()) == 4 * 6 * 5
    time.sleep(1.0)
    assert not [each for each in commands_on(node2.pid) if "forkserver" in each]
    cluster.join("node2")


def commands_on(first: int) -> list[str]:
    """The command lines and environments of what runs on a machine."""
    found = []
    for process in psutil.process_iter():
        if inside(process.pid, first):
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):  # it has just ended
                    found.append(Path(f"/proc/{process.pid}/{name}").read_text(errors="replace"))
    return found


def inside(pid: int, first: int) -> bool:
    """Whether a process is on the machine that has this first process."""
    try:
        spaces = (Path(f"/proc/{each}/ns/pid").readlink() for each in (pid, first))
        return len(set(spaces)) == 1
    except OSError:
        return False


@pytest.mark.slow
def test_a_whole_run(cluster: PseudoCluster) -> None:
    """The box counts what the log holds; clocks are known to their bounds; the code was shipped."""
    before = len(cluster.arrivals_s())
    run = cluster.load_test("--nodes", "1", "--custom-ramp", "4,8", "--time-between-ramp", "1s")
    assert run.ended() in _CARRIED_OUT, run.said()
    assert not codes_of_the_log(run.summary())
    log = read_log(run.place / "log")
    assert len(cluster.arrivals_s()) - before == len(log.requests) == 5 * (4 + 8)
    assert log.header is not None and log.header.cluster is not None
    assert not log.header.cluster.local
    for node in log.header.cluster.nodes:
        host = cluster.hosts[node.name]
        known_s = host.ahead_s - cluster.hosts["head"].ahead_s
        assert abs(node.clock_offset_s - known_s) <= node.clock_bound_s < 0.05
        listed = host.run(["ls", "-A", str(ROOT / "edgeload")], cluster.environment)
        assert listed == ""
    for path in run.place.rglob("*"):
        assert not path.is_file() or API_TOKEN.encode() not in path.read_bytes(), path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "changed", "code", "said"),
    [
        (["--nodes", "5", "--cluster-wait", "2s"], {}, 4, "were not free within 2 s"),
        ([], {"RAY_AUTH_MODE": "disabled"}, 2, "RAY_AUTH_MODE is not set to token"),
        ([], {"RAY_AUTH_TOKEN_PATH": "other"}, 2, "the cluster refuses our token"),
        (["--cluster", "10.77.0.1:6380"], {}, 4, "nothing answers there"),
    ],
)
def test_a_cluster_that_cannot_be_used(
    cluster: PseudoCluster, options: list[str], changed: dict[str, str], code: int, said: str
) -> None:
    """One line that says why, within seconds, and nothing is sent."""
    other = cluster.folder / "other"
    other.write_text("f" * 64)
    other.chmod(0o600)
    before, began_s = len(cluster.arrivals_s()), time.monotonic()
    own = {**cluster.environment, **changed}
    if changed.get("RAY_AUTH_TOKEN_PATH"):
        own["RAY_AUTH_TOKEN_PATH"] = str(other)
    there = replace(cluster, environment=own)
    run = there.load_test("--nodes", "1", "--custom-ramp", "2", *options)
    cluster.runs = there.runs
    assert run.ended() == code, run.said()
    assert len(run.said().strip().splitlines()) == 1
    assert said in run.said()
    assert time.monotonic() - began_s < 20.0
    assert len(cluster.arrivals_s()) == before


@pytest.mark.slow
@pytest.mark.parametrize("reached", [True, False])
def test_the_check_of_a_cluster(cluster: PseudoCluster, reached: bool) -> None:
    """It says whether the nodes reach the endpoint, which the driver reaches."""
    words = ["--cluster", cluster.address, "--nodes", "2", "--endpoint-url", cluster.box_url]
    command = [sys.executable, "-m", "edgeload", "cluster-check", *words]
    environment = {**cluster.environment, "PYTHONPATH": str(ROOT)}
    box, node1 = cluster.hosts["box"], cluster.hosts["node1"]
    if not reached:
        ip(node1.pid, "route", "add", "blackhole", f"{box.address}/32")
    try:
        code, said = cluster.hosts["head"].finished(command, environment)
    finally:
        if not reached:
            ip(node1.pid, "route", "del", "blackhole", f"{box.address}/32")
    assert code == (exit_codes.OK if reached else exit_codes.INVALID), said
    assert f"node2: connects to {box.address}:8080 in " in said
    assert ("node1: connects to" in said) == reached
    assert ("✗ endpoint       node1: no connection to" in said) != reached


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_all_of_its_records(cluster: PseudoCluster) -> None:
    """What was sent until then is here, and nothing is sent after it.

    Meanwhile no process of a node has the API token where others can read it, and no other run gets
    one of the nodes.
    """
    before = len(cluster.arrivals_s())
    run = load_runs(cluster)
    second = cluster.load_test("--nodes", "1", "--custom-ramp", "2", "--cluster-wait", "1s")
    assert second.ended() == exit_codes.INVALID
    assert "and 1 were not free within 1 s" in second.said()
    found = [text for name in ("node1", "node2") for text in commands_on(cluster.hosts[name].pid)]
    assert any("forkserver" in text for text in found)
    assert not any(API_TOKEN in text for text in found)
    run.signal(signal.SIGINT)
    assert run.ended() == exit_codes.INTERRUPTED, run.said()
    log = read_log(run.place / "log")
    assert log.end is not None and log.end.interrupted
    assert len(cluster.arrivals_s()) - before == len(log.requests) == log.end.counted["sent"]


@pytest.mark.slow
def test_a_driver_that_is_killed(cluster: PseudoCluster) -> None:
    """Nothing is sent any more; that the nodes can be used again is seen by the next test."""
    run = load_runs(cluster, "--nodes", "1", *_LONG[2:])
    run.signal(signal.SIGKILL)
    killed_s = cluster.box_now_s()
    assert last_arrival_after_s(cluster, killed_s, 6.0) < _LEASE_S + _MARGIN_S


@pytest.mark.slow
def test_a_driver_whose_cable_is_pulled(cluster: PseudoCluster) -> None:
    """The nodes reach the box, and nobody asks them: they send until the lease is over."""
    run = load_runs(cluster, "--nodes", "1", *_LONG[2:])
    cluster.hosts["head"].link(up=False)
    cut_s = cluster.box_now_s()
    try:
        last_s = last_arrival_after_s(cluster, cut_s, _LEASE_S + _MARGIN_S + 3.0)
    finally:
        cluster.hosts["head"].link(up=True)
    assert 0.5 < last_s < _LEASE_S + _MARGIN_S
    assert run.ended() == exit_codes.INVALID, run.said()
    assert "has not answered for 5 s" in run.said()


@pytest.mark.slow
def test_a_machine_loses_its_power(cluster: PseudoCluster) -> None:
    """The run ends early, as it is by default, with what the other machine has measured."""
    before = len(cluster.arrivals_s())
    run = load_runs(cluster, "--nodes", "2", *_LONG[2:], "--records", "stream")
    cluster.hosts["node2"].kill()
    assert run.ended() == exit_codes.INVALID, run.said()
    assert "node node2 (2 workers with 4 clients) is lost: it has not answered" in run.said()
    assert "Traceback" not in run.said()
    summary = run.summary()
    sent = {node["name"]: node["sent"] for node in summary["cluster"]["nodes"]}
    assert sent["node1"] > 40
    assert summary["interrupted"]
    assert len(cluster.arrivals_s()) - before >= sum(sent.values()) > 80


@pytest.mark.slow
def test_the_head_loses_its_power(cluster: PseudoCluster) -> None:
    """The driver and the head of the cluster are gone: nothing is sent after the lease.

    The last test: this cluster is lost.
    """
    load_runs(cluster, "--nodes", "1", *_LONG[2:])
    cluster.hosts["head"].kill()
    killed_s = cluster.box_now_s()
    assert last_arrival_after_s(cluster, killed_s, 6.0) < _LEASE_S + _MARGIN_S
