"""A Ray cluster on pseudo-hosts, and an endpoint on another one: started once, used by many tests.

`head` is the driver's machine, `node1` and `node2` make the load, and `box` has the endpoint. The
nodes do not have our code.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from pseudo_hosts import OWN_FOLDER, ROOT, PseudoHost, pseudo_hosts

_RAY = [sys.executable, "-m", "ray.scripts.scripts"]
PORT = 6379
API_TOKEN = "api_a_token_of_a_test"


@dataclass
class LoadTestThere:
    """A load test that runs on one of the machines."""

    nsenter: subprocess.Popen[bytes]
    place: Path

    def said(self) -> str:
        """What it has printed so far."""
        return (self.place / "said.txt").read_text()

    def await_said(self, text: str, limit_s: float = 60.0) -> None:
        """Wait until it has printed this."""
        until_s = time.monotonic() + limit_s
        while text not in self.said():
            assert time.monotonic() < until_s and self.nsenter.poll() is None, self.said()
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send a signal to the program itself."""
        for process in psutil.Process(self.nsenter.pid).children(recursive=True):
            if any(word.endswith("load_test.py") for word in process.cmdline()):
                process.send_signal(number)
                return
        raise AssertionError(self.said())

    def ended(self, limit_s: float = 90.0) -> int:
        """Wait for its end; the exit code."""
        return self.nsenter.wait(limit_s)

    def summary(self) -> dict[str, Any]:
        """Its summary.json."""
        found: dict[str, Any] = json.loads((self.place / "results" / "summary.json").read_text())
        return found


@dataclass
class PseudoCluster:
    """The machines by name, and the environment of programs on them."""

    hosts: dict[str, PseudoHost]
    folder: Path
    environment: dict[str, str]
    box_url: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    runs: int = 0

    @property
    def address(self) -> str:
        """Of the head of the cluster."""
        return f"{self.hosts['head'].address}:{PORT}"

    def start_head(self) -> None:
        """Start the head, which makes no load."""
        host = self.hosts["head"]
        words = [
            "--head", f"--port={PORT}", f"--node-ip-address={host.address}", "--num-cpus=0",
            "--include-dashboard=false", f"--temp-dir={OWN_FOLDER}/ray",
            "--object-store-memory=100000000", "--block",
        ]  # fmt: skip
        self._start("head", words)
        self._await(lambda: f"--address='{self.address}'" in self.said_by("head"))

    def join(self, name: str, environment: dict[str, str] | None = None) -> None:
        """Let a machine join as a node that may make load."""
        words = [
            f"--address={self.address}", f"--node-ip-address={self.hosts[name].address}",
            "--num-cpus=0", '--resources={"loadgen": 1}', "--object-store-memory=100000000",
            "--block",
        ]  # fmt: skip
        self._start(name, words, environment)
        self._await(lambda: "Ray runtime started" in self.said_by(name))

    def said_by(self, name: str) -> str:
        """What `ray start` on a machine has printed so far."""
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def load_test(self, *options: str) -> LoadTestThere:
        """Start a load test of the box by the nodes, on the machine of the head."""
        self.runs += 1
        place = self.folder / f"run{self.runs}"
        place.mkdir()
        command = [
            sys.executable, str(ROOT / "load_test.py"), "--cluster", self.address,
            "--endpoint-url", self.box_url, "--log-file", str(place / "log"),
            "--output-dir", str(place / "results"), "--progress", "plain", "--no-preflight",
            "--cluster-wait", "20s", "--requests-per-second", "5", *options,
        ]  # fmt: skip
        environment = {**self.environment, "GROUNDLIGHT_API_TOKEN": API_TOKEN}
        nsenter = self.hosts["head"].start(command, environment, place / "said.txt")
        return LoadTestThere(nsenter, place)

    def arrivals_s(self) -> list[float]:
        """When requests have come to the box, by the monotonic clock of its machine."""
        lines = (self.folder / "truth").read_text().splitlines()
        return [json.loads(line)["arrival_s"] for line in lines]

    def box_now_s(self) -> float:
        """What that clock says now."""
        return time.monotonic() + self.hosts["box"].ahead_s

    def _start(
        self, name: str, words: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self.running[name] = self.hosts[name].start(
            [*_RAY, "start", *words], environment or self.environment, self.folder / f"{name}.out"
        )

    def start_box(self) -> None:
        """Start the endpoint; its log of the truth is TRUTH."""
        host = self.hosts["box"]
        command = [
            sys.executable, "-m", "edgeload.simulator", "--port", "8080",
            "--truth-log", str(self.folder / "truth"), "--service-time", "20ms",
            "--inference-workers", "8",
        ]  # fmt: skip
        environment = {**self.environment, "PYTHONPATH": str(ROOT)}
        self.running["box"] = host.start(command, environment, self.folder / "box.out")
        forwarder = [sys.executable, str(Path(__file__).with_name("forwarder.py"))]
        self.running["forwarder"] = host.start(
            [*forwarder, host.address, "8080", "8080"], environment, self.folder / "forwarder.out"
        )
        self.box_url = f"http://{host.address}:8080"

    def _await(self, over: object, limit_s: float = 30.0) -> None:
        assert callable(over)
        until_s = time.monotonic() + limit_s
        while not over():
            assert time.monotonic() < until_s, self.said_by("head")
            time.sleep(0.05)


@contextlib.contextmanager
def pseudo_cluster(folder: Path) -> Iterator[PseudoCluster]:
    """Everything started; all of it ends with the machines."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / "ray_bootstrap_config.yaml").write_text("provider: {type: local}\n")
    (home / "token").write_text("0123456789abcdef" * 4)
    (home / "token").chmod(0o600)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": OWN_FOLDER,
        "LANG": "C.UTF-8",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(home / "token"),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with pseudo_hosts(["head", "node1", "node2", "box"], hidden=[ROOT / "edgeload"]) as hosts:
        cluster = PseudoCluster({host.name: host for host in hosts}, folder, environment)
        cluster.start_box()
        cluster.start_head()
        cluster.join("node1")
        cluster.join("node2")
        yield cluster
