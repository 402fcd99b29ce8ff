"""The simulator's processes: one line when ready, no process left, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from simulator_http import post, wait_for

from edgeload.simulator.launch import SimulatorError, running_simulator

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "edgeload.simulator", "--service-time", "1ms"]


def start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def started() -> Iterator[subprocess.Popen[str]]:
    process = start("--until-stdin-closes", "--proxy-workers", "3")
    try:
        yield process
    finally:
        for stuck in [p for p in psutil.pids() if session_of(p) == process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stuck, signal.SIGKILL)
        process.communicate(timeout=10)


def session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def family(pid: int) -> list[psutil.Process]:
    me = psutil.Process(pid)
    return [me, *me.children(recursive=True)]


def left(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_one_line_with_the_url_when_it_answers(started: subprocess.Popen[str]) -> None:
    """The line names the URL and the capacity; the URL answers at once; stdout has no more."""
    line = ready(started)
    url = line.split(" at ")[1].split()[0]
    assert "(4 inference workers, 1 ms constant: capacity 4000 requests/s)" in line
    assert requests.get(f"{url}/health/ready", timeout=10).json() == {"status": "ready"}
    assert post(url).status_code == 200
    assert len(family(started.pid)) == 1 + 1 + 3
    out, err = started.communicate(timeout=10)  # closes its standard input
    assert (started.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_signal_ends_all_with_exit_0(
    started: subprocess.Popen[str], number: signal.Signals, whole_group: bool
) -> None:
    """To the parent, or to all as a terminal sends it: exit 0, nothing left, nothing said."""
    ready(started)
    processes = family(started.pid)
    (os.killpg if whole_group else os.kill)(started.pid, number)
    assert started.wait(10) == 0
    assert started.stderr is not None
    assert started.stderr.read() == ""
    assert left(processes) == []


@pytest.mark.parametrize("victim", [0, 1, 2, 4])
def test_kill_9_of_any_process_leaves_none(started: subprocess.Popen[str], victim: int) -> None:
    """The parent (0), the inference process (1) or a proxy: within 2 s all are gone."""
    ready(started)
    processes = family(started.pid)
    processes[victim].kill()
    wait_for(lambda: not left(processes), "the end of all", seconds=2.0)
    assert started.stderr is not None
    if victim == 0:
        assert started.wait(10) == -signal.SIGKILL
    else:
        assert started.wait(10) == 1
        said = started.stderr.read()
        assert f"(pid {processes[victim].pid}) died: signal SIGKILL" in said
        assert len(said.splitlines()) == 1


def test_the_death_of_the_program_that_started_it_ends_it() -> None:
    """kill -9 of a program inside running_simulator leaves no simulator two seconds later."""
    program = (
        "from edgeload.simulator.launch import running_simulator\n"
        "with running_simulator() as s:\n"
        "    print(s.pid, flush=True); input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    processes = family(int(ready(parent)))
    assert len(processes) == 4
    parent.kill()
    wait_for(lambda: not left(processes), "the simulator's end", seconds=2.0)
    parent.communicate(timeout=10)


def test_running_simulator_ends_it_also_on_an_exception() -> None:
    """Leaving the context by an exception ends all its processes."""
    with pytest.raises(ZeroDivisionError), running_simulator() as simulator:
        processes = family(simulator.pid)
        assert os.getsid(simulator.pid) == simulator.pid  # no Ctrl-C of our terminal
        raise ZeroDivisionError
    assert left(processes) == []


def test_running_simulator_tells_why_it_does_not_start(tmp_path: Path) -> None:
    """The simulator's own line is in the error."""
    with (
        pytest.raises(SimulatorError, match="5 parsecs"),
        running_simulator(["--service-time", "5 parsecs"]),
    ):
        pass
    with (
        pytest.raises(SimulatorError, match="no/such/folder"),
        running_simulator(["--truth-log", "no/such/folder/t.jsonl"]),
    ):
        pass


def test_a_taken_port_is_one_line_and_exit_2() -> None:
    """The port is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"--port {port}" in err


def test_launch_is_light() -> None:
    """Importing launch pulls in no server, plotting or SDK library."""
    program = (
        "import sys, edgeload.simulator.launch\n"
        "heavy = {'aiohttp', 'cryptography', 'groundlight', 'pandas', 'numpy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert out.strip() == "[]"


def test_it_listens_on_loopback_only() -> None:
    """No address but 127.0.0.1 is bound."""
    with running_simulator() as simulator:
        listening = [
            connection.laddr.ip
            for process in family(simulator.pid)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
    assert set(listening) == {"127.0.0.1"}


def test_the_token_is_kept_from_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API token of our environment is in none of its processes' environments."""
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "api_secret_of_a_test")
    with running_simulator() as simulator:
        for process in family(simulator.pid):
            assert "api_secret_of_a_test" not in process.environ().values()


def test_start_is_quick() -> None:
    """From the command to the line in less than 10 s, on a busy machine."""
    start_s = time.monotonic()
    with running_simulator(timeout_s=10.0):
        assert time.monotonic() - start_s < 10.0
