"""Machines that are namespaces: each with its own network, processes, host name and clock.

They are connected by a bridge that leads nowhere else, so that nothing leaves them. Their monotonic
clocks differ by a known time. Needs root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_TOOLS = ("unshare", "nsenter", "ip", "mount")
_SWITCH = "switch"
OWN_FOLDER = "/run"
"""Each machine has one of its own here, for temporary files."""


@dataclass
class PseudoHost:
    """One machine; `init` is its first process, with which everything on it ends."""

    name: str
    address: str
    ahead_s: int
    init: subprocess.Popen[bytes]
    pid: int

    def start(
        self, command: Sequence[str], environment: dict[str, str], output: Path | int
    ) -> subprocess.Popen[bytes]:
        """Start a program on this machine, in a session of its own."""
        with contextlib.ExitStack() as stack:
            file = output if isinstance(output, int) else stack.enter_context(output.open("wb"))
            return subprocess.Popen(
                ["nsenter", "-t", str(self.pid), "--net", "--pid", "--uts", "--mount", "--time",
                 "--wd=/", *command],
                env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def run(self, command: Sequence[str], environment: dict[str, str], limit_s: float = 60) -> str:
        """Run a program there to its end; what it prints."""
        code, said = self.finished(command, environment, limit_s)
        assert code == 0, said
        return said

    def finished(
        self, command: Sequence[str], environment: dict[str, str], limit_s: float = 60
    ) -> tuple[int, str]:
        """The exit code of a program, and what it prints."""
        process = self.start(command, environment, subprocess.PIPE)
        out, _ = process.communicate(timeout=limit_s)
        return process.returncode, out.decode()

    def link(self, *, up: bool) -> None:
        """Plug its cable in, or pull it out: no packet says so to anybody."""
        ip(self.pid, "link", "set", "eth0", "up" if up else "down")

    def kill(self) -> None:
        """As if its power were cut."""
        self.init.kill()
        os.kill(self.pid, signal.SIGKILL)
        self.init.wait()


def ip(pid: int, *words: str) -> None:
    """The program `ip` in the network of a process."""
    subprocess.run(["nsenter", "-t", str(pid), "--net", "ip", *words], check=True)


def needs_namespaces() -> None:
    """Skip the test where no namespaces can be made; fail on a build server."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if not missing and os.geteuid() == 0:
        return
    why = f"needs root, and {', '.join(_TOOLS)}"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@contextlib.contextmanager
def pseudo_hosts(names: Sequence[str], hidden: Sequence[Path] = ()) -> Iterator[list[PseudoHost]]:
    """These machines; on those whose name begins with "node", the folders in `hidden` are empty.

    The clock of machine n is n * 1000 s ahead of ours.
    """
    needs_namespaces()
    with contextlib.ExitStack() as stack:
        switch = stack.enter_context(_first_process(_SWITCH, 0, ()))
        ip(_inner(switch), "link", "add", "br0", "type", "bridge")
        ip(_inner(switch), "link", "set", "br0", "up")
        hosts = []
        for number, name in enumerate(names):
            init = stack.enter_context(
                _first_process(name, number * 1000, hidden if name.startswith("node") else ())
            )
            host = PseudoHost(name, f"10.77.0.{number + 1}", number * 1000, init, _inner(init))
            _plug_in(host, _inner(switch), f"port{number}")
            hosts.append(host)
        yield hosts


def _plug_in(host: PseudoHost, switch: int, port: str) -> None:
    ip(switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(host.pid))
    ip(switch, "link", "set", port, "master", "br0", "up")
    ip(host.pid, "address", "add", f"{host.address}/24", "dev", "eth0")
    ip(host.pid, "link", "set", "eth0", "up")


@contextlib.contextmanager
def _first_process(
    name: str, ahead_s: int, hidden: Sequence[Path]
) -> Iterator[subprocess.Popen[bytes]]:
    setup = [
        f"hostname {name}",
        "ip link set lo up",
        f"mount -t tmpfs tmpfs {OWN_FOLDER}",
        *(f"mount -t tmpfs tmpfs {folder}" for folder in hidden),
        "echo ready",
        "exec sleep 600",
    ]
    process = subprocess.Popen(
        ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--time",
         "--monotonic", str(ahead_s), "--boottime", str(ahead_s), "sh", "-c", " && ".join(setup)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def _inner(process: subprocess.Popen[bytes]) -> int:
    """The process within the namespaces that a process has made, by its number outside."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until_s = time.monotonic() + 5
    while time.monotonic() < until_s:
        if found := children.read_text().split():
            return int(found[0])
    raise AssertionError("unshare has started nothing")
