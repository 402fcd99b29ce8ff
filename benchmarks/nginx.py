"""The reference server: nginx with one worker, which reads each body and answers at once.

It serves every detector: the answer names the one that was asked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from benchmarks.ending import NoFigures
from edgeload.simulator.certificate import self_signed
from edgeload.simulator.query import same_answer
from edgeload.simulator.routes import ME

DETECTOR_ID = "det_" + "N" * 27
_ASKED = "$arg_detector_id"  # nginx puts the request's parameter in its place


_ME = json.dumps(ME)

_CONFIG = """
worker_processes 1; {affinity} daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 30000; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 20m;
  client_body_buffer_size 64k; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/1; fastcgi_temp_path {folder}/2; uwsgi_temp_path {folder}/3;
  scgi_temp_path {folder}/4;
  server {{
    listen 127.0.0.1:{port} backlog=16384; listen 127.0.0.1:{tls_port} ssl backlog=16384;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location = /stub {{ stub_status; }}
    location /health {{ return 200 '{{}}'; }}
    location /edge-detector-readiness {{ return 200 '{{}}'; }}
    location = /device-api/v1/me {{ default_type application/json; return 200 '{me}'; }}
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


@dataclass
class Nginx:
    """A server that runs."""

    url: str
    tls_url: str
    worker: psutil.Process
    _own: int = 0
    """How often it was asked for its count, which it counts, too."""

    def requests(self) -> int:
        """Requests of others that it has counted so far, and those of its start."""
        text = requests.get(f"{self.url}/stub", timeout=5).text
        self._own += 1
        return int(text.splitlines()[2].split()[2]) - self._own

    def freeze(self, seconds: float) -> None:
        """Stop the worker process for a while."""
        self.worker.send_signal(signal.SIGSTOP)
        time.sleep(seconds)  # how long it stands still is what is measured
        self.worker.send_signal(signal.SIGCONT)


@contextmanager
def nginx(core: int | None = None) -> Iterator[Nginx]:
    """A server on free loopback ports, on one core where given. Raises NoFigures without nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise NoFigures("nginx is not installed (Debian: nginx-light)")
    port, tls_port = _free_ports()
    with tempfile.TemporaryDirectory(prefix="edgeload-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx serves as another user
        certificate, key = self_signed()
        (folder / "cert.pem").write_bytes(certificate)
        (folder / "key.pem").write_bytes(key)
        affinity = f"worker_cpu_affinity {1 << core:b};" if core is not None else ""
        (folder / "nginx.conf").write_text(
            _CONFIG.format(
                folder=folder,
                port=port,
                tls_port=tls_port,
                body=same_answer(_ASKED).decode(),
                affinity=affinity,
                me=_ME,
            )
        )
        process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")])
        try:
            yield _await(process, port, tls_port)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _await(process: subprocess.Popen[bytes], port: int, tls_port: int) -> Nginx:
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            requests.get(f"{url}/stub", timeout=1)
        except requests.RequestException:
            if process.poll() is not None:
                break
            time.sleep(0.05)  # it does not say when it listens
        else:
            worker = psutil.Process(process.pid).children()[0]
            return Nginx(url, f"https://127.0.0.1:{tls_port}", worker)
    raise NoFigures("nginx does not start")


def cores() -> tuple[int, int]:
    """(server's core, generator's core), the first and the last that we may use."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]
