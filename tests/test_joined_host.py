"""A monitor on the endpoint's host beside a load test, both as a user runs them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import as_a_user as user
import pytest

from edgeload import exit_codes
from edgeload.box_records import HostClock, MonitorLine, TelemetryLost
from edgeload.edge.host_monitor import HostMonitor, NoMonitor

SHORT = ("--no-preflight", "--custom-ramp", "2", "--requests-per-second", "5", "--same-image")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextmanager
def monitoring(folder: Path, *before: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A monitor that serves; `before` are words in front of its command."""
    port = free_port()
    words = [sys.executable, str(user.ROOT / "monitor_cpu_gpu_usage.py"), "--duration", "60"]
    more = ["--interval", "0.5", "--serve", str(port), "--output", str(folder / "monitor")]
    process = subprocess.Popen(
        [*before, *words, *more],
        env=user.environment(),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"

    def samples() -> bool:
        monitor = HostMonitor(url, None)
        try:
            return len(monitor.lines()) > 2
        except NoMonitor:
            return False
        finally:
            monitor.close()

    try:
        user.wait_for(samples, 30, "the monitor's samples")
        yield process, url
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def test_a_clock_that_is_three_seconds_ahead_is_taken_out(tmp_path: Path) -> None:
    """In a time namespace: the offset is found within the bound that is printed, and each sample
    lies where it was taken.
    """
    ahead = [shutil.which("unshare") or "", "--time", "--monotonic", "3", "--fork", "--kill-child"]
    if not ahead[0] or subprocess.run([*ahead, "true"], check=False).returncode != 0:
        pytest.skip("no right to make a time namespace")
    with monitoring(tmp_path, *ahead) as (_, url):
        ended = user.run(
            tmp_path, "load_test.py", "--monitor", url, *SHORT, "--time-between-ramp", "4"
        )
    assert ended.code == exit_codes.OK, ended.err
    assert f"Monitor {url}: its clock is known to " in ended.err
    host = user.summary(tmp_path)["host"]
    anchor_s = user.header_of(tmp_path).anchor.monotonic_s
    found_s = host["clock_offset_s"] - anchor_s
    assert abs(found_s - 3.0) <= host["clock_bound_s"] + 1e-3  # namespaces are off by less
    assert host["samples"] >= 6
    came = [r for r in user.records(tmp_path) if isinstance(r, MonitorLine)]
    told = [r.line for r in came if r.line["event"] == "host_sample"]
    assert all(
        r.line["monotonic_s"] - host["clock_offset_s"] <= r.at_s + 0.1
        for r in came
        if r.line["event"] == "host_sample"
    )
    assert told[-1]["monotonic_s"] - host["clock_offset_s"] > 3.0


def test_a_monitor_that_hangs_stops_no_run(tmp_path: Path) -> None:
    """The run ends on time, with its own exit code, and says from when on samples are missing."""
    with monitoring(tmp_path) as (process, url):
        options = ("--monitor", url, *SHORT, "--time-between-ramp", "12")
        running = user.start(tmp_path, "load_test.py", *options)
        user.wait_for_answers(tmp_path)
        process.send_signal(signal.SIGSTOP)
        ended = user.finish(running)
    assert ended.code == exit_codes.OK, ended.err
    records = user.records(tmp_path)
    assert any(isinstance(record, HostClock) for record in records)
    lost = [record for record in records if isinstance(record, TelemetryLost)]
    assert [record.source for record in lost] == ["monitor"]
    assert "no answer" in lost[0].reason
    assert user.summary(tmp_path)["validity"]["verdict"] == "VALID"


def test_no_monitor_is_a_warning(tmp_path: Path) -> None:
    """The load is sent all the same."""
    url = f"http://127.0.0.1:{free_port()}"
    options = ("--monitor", url, *SHORT, "--time-between-ramp", "1")
    ended = user.run(tmp_path, "load_test.py", *options)
    assert f"WARNING: no samples of the endpoint's host: {url}: no answer" in ended.err
    assert len(user.requests_in(tmp_path)) == 10


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--serve", "0"), "--serve: '0': must be a port from 1 to 65535, for example 9105"),
        (("--serve", "9105", "--serve-host", "0.0.0.0"), "--serve-host: 0.0.0.0: others can reach"),
    ],
)
def test_what_a_monitor_may_not_serve(tmp_path: Path, words: tuple[str, ...], line: str) -> None:
    """A port that is none, and an address that others reach, without a secret."""
    ended = user.run(tmp_path, "monitor_cpu_gpu_usage.py", "--duration", "1", *words)
    assert ended.code == exit_codes.BAD_SETTING
    assert line in ended.err
    assert not (tmp_path / "monitor_results" / "host_samples.jsonl").exists()


def test_an_address_that_is_no_monitors_is_refused(tmp_path: Path) -> None:
    """Before anything is sent, in one line."""
    ended = user.run(tmp_path, "load_test.py", "--monitor", "192.0.2.7", *SHORT)
    assert ended.code == exit_codes.BAD_SETTING
    assert "MONITOR = '192.0.2.7': must be the address of a monitor, http://HOST:PORT" in ended.err
