"""Starts an embedded endpoint from another program, and makes sure that it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import selectors
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any
from urllib.parse import urlsplit

from edgeload.child_processes import command, environment
from edgeload.exit_codes import BAD_SETTING
from edgeload.signals import withheld

_OWN_OPTIONS = ("--port", "0", "--until-stdin-closes")
_URL = re.compile(r"https?://\S+")
_REQUEST_S = 10.0
_END_S = 3.0


class SimulatorError(RuntimeError):
    """The simulator did not start, or could not carry out a request; the text says why."""


class BadOptions(SimulatorError):
    """The simulator refused its options; the text says which one and why."""


class RunningSimulator:
    """A simulator that is running and answers."""

    def __init__(self, pid: int, description: str) -> None:
        """`description` is the line that the simulator printed."""
        match = _URL.search(description)
        if match is None:
            raise SimulatorError(f"its first line has no URL: {description!r}")
        self.url = match[0]
        self.pid = pid
        self.description = description

    def stats(self) -> dict[str, Any]:
        """The simulator's own counts: received, answered, by_status and others."""
        return self._ask("GET", "/simulator/stats")

    def detectors(self) -> list[dict[str, Any]]:
        """Its detectors: id, name, pool, pool_workers, mean_service_time_s and others."""
        return list(self._ask("GET", "/simulator/detectors")["detectors"])

    def set_faults(self, **probabilities: float) -> None:
        """Replace the faults (kind=probability); without arguments there are none."""
        self._ask("PUT", "/simulator/faults", probabilities)

    def stall(self, seconds: float) -> None:
        """Stop all inference workers for some seconds from now on."""
        self._ask("POST", "/simulator/stall", {"seconds": seconds})

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request on a connection of its own, without the proxies of the environment."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False  # this is our own child on loopback
            context.verify_mode = ssl.CERT_NONE
            connection = http.client.HTTPSConnection(
                host, port, timeout=_REQUEST_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=_REQUEST_S)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = response.read()
        if response.status != http.HTTPStatus.OK:
            raise SimulatorError(
                f"{method} {path}: HTTP status {response.status}, {answer.decode()}"
            )
        return dict(json.loads(answer))


@contextlib.contextmanager
def running_simulator(
    options: Sequence[str] = (), *, timeout_s: float = 20.0
) -> Iterator[RunningSimulator]:
    """Start a simulator on a free port with these command-line options, and end it on leaving.

    It also ends when this process ends, in whatever way, and it never gets a signal that stops this
    process.
    Raises BadOptions if it refuses the options, and SimulatorError if it does not answer within
    `timeout_s` seconds.
    """
    with tempfile.TemporaryFile() as errors:
        with withheld():
            process = subprocess.Popen(
                command("edgeload.simulator.__main__:main", *_OWN_OPTIONS, *options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(),
                start_new_session=True,
            )
        try:
            running = RunningSimulator(process.pid, _first_line(process, errors, timeout_s))
        except BaseException:  # one that is just starting would notice the end of its input late
            _kill(process)
            _end(process)
            raise
        try:
            yield running
        finally:
            _end(process)


def _first_line(process: subprocess.Popen[bytes], errors: IO[bytes], timeout_s: float) -> str:
    """The line that it prints once it answers. Raises SimulatorError."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    until_s = time.monotonic() + timeout_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, until_s - time.monotonic())):
                raise SimulatorError(f"it did not answer within {timeout_s:g} s{_said(errors)}")
            piece = os.read(descriptor, 4096)
            if not piece:
                refused = process.wait(timeout=5.0) == BAD_SETTING
                raise (BadOptions if refused else SimulatorError)(
                    f"it ended at once{_said(errors)}"
                )
            line += piece
    return line.decode().strip()


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    text = errors.read().decode("utf-8", "replace").strip()
    return f": {text}" if text else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which ends it; kill what is left after some seconds."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        _kill(process)
    process.stdout.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its session has no other processes
    process.wait()
