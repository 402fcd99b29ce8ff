"""The programs that are compared: how each sends the same request, and what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import ours
from benchmarks.ending import NoFigures
from benchmarks.nginx import DETECTOR_ID
from benchmarks.ours import PICTURE

PATH = f"/device-api/v1/image-queries?detector_id={DETECTOR_ID}&human_review=NEVER"
_CACHE = Path.home() / ".cache" / "edgeload-benchmarks"

_WRK = """
local file = io.open("{picture}", "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "image/jpeg"
wrk.headers["x-api-token"] = "t"
"""

_LOCUST = """
import os
from locust import FastHttpUser, HttpUser, constant, task
BODY = open("{picture}", "rb").read()
HEADERS = {{"Content-Type": "image/jpeg", "x-api-token": "t"}}
class User({base}):
    wait_time = constant(0)
    insecure = True
    @task
    def post(self):
        self.client.post("{path}", data=BODY, headers=HEADERS{extra})
"""

_K6 = """
import http from "k6/http";
const body = open("{picture}", "b");
const headers = {{ "Content-Type": "image/jpeg", "x-api-token": "t" }};
export const options = {{
  vus: {connections}, duration: "{seconds}s", insecureSkipTLSVerify: true,
}};
export default function () {{ http.post("{url}", body, {{ headers }}); }}
"""


@dataclass(frozen=True)
class Job:
    """What one peer has to do: closed loop, `connections` at a time, for `seconds`."""

    url: str
    connections: int
    seconds: int
    folder: Path

    def write(self, name: str, text: str) -> str:
        """A script for a peer; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@dataclass(frozen=True)
class Peer:
    """A load generator: the command that does a job."""

    name: str
    command: Callable[[Job], Sequence[str]]


def program(name: str, package: str) -> str:
    """Path of a program, installed from Debian where this user may. Raises NoFigures."""
    found = shutil.which(name) or (_from_debian(package) and shutil.which(name))
    if not found:
        raise NoFigures(f"{name} is not installed (Debian: {package})")
    return found


@cache
def _from_debian(package: str) -> bool:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    for command in ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", package]):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=quiet, check=False, capture_output=True).returncode:
            return False
    return True


def _from_pypi(program: str, package: str) -> str:
    """A program in a virtual environment of its own, made at its first use."""
    folder = _CACHE / package
    path = folder / "bin" / program
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", package]
        if subprocess.run(pip, check=False, capture_output=True).returncode or not path.exists():
            raise NoFigures(f"{program} is not installed (PyPI: {package})")
    return str(path)


def _ours(job: Job) -> list[str]:
    rate = min(10_000, 120_000 // job.connections)  # out of reach, so that it is a closed loop
    return ours.command(
        job.url, DETECTOR_ID, job.connections, rate, job.seconds, job.folder, "--workers", "1"
    )


def _sdk(job: Job) -> list[str]:
    return ours.command(job.url, DETECTOR_ID, 4, 2000, job.seconds, job.folder, "--client", "sdk")


def _wrk(job: Job) -> list[str]:
    script = job.write("post.lua", _WRK.format(picture=PICTURE))
    return [
        program("wrk", "wrk"), "-t1", f"-c{job.connections}", f"-d{job.seconds}", "-s", script,
        job.url + PATH,
    ]  # fmt: skip


def _ab(job: Job) -> list[str]:
    return [
        program("ab", "apache2-utils"), "-k", "-q", "-c", str(job.connections), "-t",
        str(job.seconds), "-n", "100000000", "-p", str(PICTURE), "-T", "image/jpeg", "-H",
        "x-api-token: t", job.url + PATH,
    ]  # fmt: skip


def _hey(job: Job) -> list[str]:
    return [
        program("hey", "hey"), "-z", f"{job.seconds}s", "-c", str(job.connections), "-m", "POST",
        "-D", str(PICTURE), "-T", "image/jpeg", "-H", "x-api-token: t", job.url + PATH,
    ]  # fmt: skip


def _h2load(job: Job) -> list[str]:
    return [
        program("h2load", "nghttp2-client"), "--h1", "-t1", "-c", str(job.connections), "-D",
        str(job.seconds), "-d", str(PICTURE), "-H", "content-type: image/jpeg", "-H",
        "x-api-token: t", job.url + PATH,
    ]  # fmt: skip


def _k6(job: Job) -> list[str]:
    script = job.write(
        "post.js",
        _K6.format(
            picture=PICTURE, connections=job.connections, seconds=job.seconds, url=job.url + PATH
        ),
    )
    return [_from_pypi("k6", "k6"), "run", "--quiet", script]


def _locust(base: str, extra: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        text = _LOCUST.format(picture=PICTURE, base=base, path=PATH, extra=extra)
        script = job.write(f"{base}.py", text)
        return [
            _from_pypi("locust", "locust"), "-f", script, "--headless", "--host", job.url,
            "-u", str(job.connections), "-r", "1000", "-t", f"{job.seconds}s", "--only-summary",
        ]  # fmt: skip

    return command


def _rload(job: Job) -> list[str]:
    """A generator in Rust (github.com/ramiroaisen/rload); the PyPI package rload is another one."""
    path = shutil.which("rload")
    if path is None:
        raise NoFigures("rload is not installed (its source in Rust; no package of it was found)")
    return [
        path, job.url + PATH, "-t", "1", "-c", str(job.connections), "-d", f"{job.seconds}s",
        "-m", "POST", "-b", f"@{PICTURE}", "-H", "content-type:image/jpeg", "-H", "x-api-token:t",
    ]  # fmt: skip


def _mlcommons(job: Job) -> list[str]:
    """MLPerf's client for endpoints of language models (github.com/mlcommons/endpoints)."""
    raise NoFigures("it sends prompts as JSON, not pictures, and no package of it was found")


PEERS = (
    Peer("wrk", _wrk),
    Peer("edgeload", _ours),
    Peer("ab", _ab),
    Peer("h2load", _h2load),
    Peer("hey", _hey),
    Peer("k6", _k6),
    Peer("Locust FastHttpUser", _locust("FastHttpUser", "")),
    Peer("Locust HttpUser", _locust("HttpUser", ", verify=False")),
    Peer("rload", _rload),
    Peer("mlcommons/endpoints", _mlcommons),
    Peer("Groundlight SDK", _sdk),
)
