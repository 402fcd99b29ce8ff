"""The process that serves a growing report, with a real browser and as strangers would ask it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import as_a_user as user
import pytest
import synthetic_log as sl

from edgeload.child_processes import command, environment


@contextmanager
def server(log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port."""
    arguments = (str(log), str(sl.WALL_S - 1.0), "0")
    with subprocess.Popen(
        command("edgeload.web.server:main", *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def ask(
    port: int, path: str = "/", method: str = "GET", host: str | None = None
) -> tuple[int, bytes]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within ten seconds."""
    until_s = time.monotonic() + 10.0
    while not holds():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.05)
    return True


def log_of(path: Path) -> list[bytes]:
    played = sl.play(sl.plan_of([10, 30], 10, 2.0), servers=4, service=sl.constant(0.05))
    return sl.write(path, played).read_bytes().splitlines(keepends=True)


def test_strangers_get_nothing(tmp_path: Path) -> None:
    """Only GET and HEAD of two paths, under this machine's own name, and only on loopback."""
    with server(tmp_path / "log") as (_, port):
        assert ask(port)[0] == ask(port, "/version")[0] == ask(port, method="HEAD")[0] == 200
        assert ask(port, host=f"localhost:{port}")[0] == 200
        for host in ("example.com", f"example.com:{port}", "127.0.0.1", "127.0.0.1:1"):
            assert ask(port, host=host)[0] == 403
        for path in ("/log", "/../log", "/?", f"{tmp_path}/log", "/version/"):
            assert ask(port, path)[0] == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "CONNECT"):
            assert ask(port, method=method)[0] == 501
        others = [address[4][0] for address in socket.getaddrinfo(socket.gethostname(), port)]
        for other in others:
            if not str(other).startswith(("127.", "::1")):
                with pytest.raises(OSError, match="refused"):
                    socket.create_connection((str(other), port), timeout=2).close()


def test_a_browser_follows_a_run_to_its_final_report(tmp_path: Path) -> None:
    """It waits, shows what grows, then the final report; after that nothing asks any more, and the
    process ends. The stretch that its reader zoomed to stays while the page grows.
    """
    from browser import chromium  # noqa: PLC0415  (the other tests need no selenium)

    lines = log_of(tmp_path / "whole")
    log, final = tmp_path / "log", tmp_path / "report.html"
    final.write_text(
        "<!DOCTYPE html><link rel=icon href='data:,'><h1 id='headline'>It serves 30</h1>"
    )
    with server(log) as (process, port), chromium(tmp_path / "profile") as browser:
        driver = browser.driver
        driver.get(f"http://127.0.0.1:{port}/")

        def shows(text: str) -> bool:
            return text in driver.page_source

        assert shows("The run is being prepared")
        log.write_bytes(b"".join(lines[:200]))
        assert soon(lambda: shows("The run is going on"))
        assert soon(lambda: "u-over" in driver.page_source)  # its charts are drawn
        driver.execute_script("report.zoom('time', 1, 2); report.before = true")
        log.write_bytes(b"".join(lines[:400]))
        assert soon(lambda: driver.execute_script("return !window.report?.before"))
        zoomed = "const {min, max} = report.groups.get('time')[0].scales.x; return [min, max]"
        assert soon(lambda: driver.execute_script(zoomed) == [1, 2])
        assert process.stdin is not None
        print(final, file=process.stdin, flush=True)
        assert soon(lambda: shows("It serves 30"))
        assert process.wait(5.0) == 0
        assert shows("It serves 30")
        assert not browser.complaints()


def test_it_ends_with_the_run(tmp_path: Path) -> None:
    """At once if the run ends without a report, also while a browser is watching."""
    with server(tmp_path / "log") as (process, port):
        assert ask(port, "/version")[0] == 200
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(1.5) == 0


def test_a_run_is_watched_without_the_token(tmp_path: Path) -> None:
    """The link is printed before the load; the process has no token, and a low priority."""
    process = user.start(
        tmp_path, "load_test.py", "--web", "--custom-ramp", "2", "--time-between-ramp", "3"
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("Watch this run in a browser: http://127.0.0.1:")
    port = int(line.rsplit(":", 1)[1].strip().rstrip("/"))
    assert soon(lambda: b"The run is going on" in ask(port)[1])
    (pid,) = [
        int(each.parent.name)
        for each in Path("/proc").glob("[0-9]*/cmdline")
        if b"edgeload.web.server:main" in _read(each) and str(tmp_path).encode() in _read(each)
    ]
    assert user.TOKEN.encode() not in _read(Path(f"/proc/{pid}/environ"))
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    user.check_done(tmp_path, user.finish(process))
    with pytest.raises(OSError, match="refused"):
        ask(port)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


def test_a_port_in_use_is_said_before_any_load(tmp_path: Path) -> None:
    """One line with the setting, and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = user.run(tmp_path, "load_test.py", "--web", "--web-port", str(port))
    assert ended.code == 2
    assert ended.err.splitlines() == [
        f"WEB_PORT = {port}: cannot be served on this machine (Address already in use); must be a "
        "free port from 1 to 65535, for example 9102"
    ]
