"""Whose clock does the latency start on? `python -m benchmarks.freeze`

200 requests/s over 8 clients for 6 s; the server stands still for 1 s in the middle. Counted from
when requests were due, a sixth of them is late by up to 1 s, so theory says p90 400 ms, p95 700 ms,
p99 940 ms; who counts from the actual send sees next to nothing (method: coordinated omission).
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import ours
from benchmarks.nginx import DETECTOR_ID, Missing, Nginx, nginx
from benchmarks.ours import PICTURE, ROOT
from benchmarks.peers import PATH, program
from benchmarks.table import markdown, parser, present, spread

_SECONDS, _FREEZE_S, _RATE, _CLIENTS = 6, 1.0, 200, 8
_SHARES = (0.90, 0.95, 0.99)
_THEORY_MS = (400.0, 700.0, 940.0)

Percentiles = tuple[float, ...]


def freeze_in_the_middle(server: Nginx, before: int) -> threading.Thread:
    """Freeze the server half-way, counted from the first request that it sees."""

    def act() -> None:
        for _ in range(600):
            if server.requests() - before > 10:
                break
            time.sleep(0.05)
        time.sleep((_SECONDS - _FREEZE_S) / 2)
        server.freeze(_FREEZE_S)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def run(server: Nginx, command: Sequence[str]) -> str:
    """Run a tool while the server freezes; what it printed."""
    thread = freeze_in_the_middle(server, server.requests())
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env=ours.ENVIRONMENT,
    )  # fmt: skip
    thread.join(timeout=30)
    return done.stdout


def edgeload(server: Nginx, folder: Path) -> dict[str, Percentiles]:
    """Response and service time of our own run, from its log."""
    rate = _RATE / _CLIENTS
    run(server, ours.command(server.url, DETECTOR_ID, _CLIENTS, rate, _SECONDS, folder))
    lines = [json.loads(line) for line in ours.log_in(folder).read_text().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    return {
        "edgeload, response time": _ms([r["done_s"] - r["due_s"] for r in requests]),
        "edgeload, service time": _ms([r["latency"] for r in requests]),
    }


def _ms(seconds: Sequence[float]) -> Percentiles:
    values = np.quantile(np.array(seconds), _SHARES, method="inverted_cdf")
    return tuple(float(value) * 1000 for value in values)


def hey(server: Nginx, folder: Path) -> dict[str, Percentiles]:
    """hey, told to send 25 requests/s on each of 8 connections."""
    text = run(
        server,
        [
            program("hey", "hey"), "-z", f"{_SECONDS}s", "-c", str(_CLIENTS), "-q",
            str(_RATE // _CLIENTS), "-m", "POST", "-D", str(PICTURE), "-T", "image/jpeg",
            server.url + PATH,
        ],
    )  # fmt: skip
    found = dict(re.findall(r"(9[059])% in ([0-9.]+) secs", text))
    return {"hey": tuple(float(found[share]) * 1000 for share in ("90", "95", "99"))}


def wrk(server: Nginx, folder: Path) -> dict[str, Percentiles]:
    """wrk, which knows no rate: as fast as it can on 8 connections, corrected by itself."""
    script = folder / "freeze.lua"
    script.write_text(
        f'local f = io.open("{PICTURE}", "rb"); wrk.method, wrk.body = "POST", f:read("*a")\n'
        'wrk.headers["Content-Type"] = "image/jpeg"\n'
        "done = function(_, latency) for _, p in ipairs({90, 95, 99}) do "
        'io.write(string.format("P %d %f\\n", p, latency:percentile(p) / 1000)) end end\n'
    )
    text = run(
        server,
        [
            program("wrk", "wrk"), "-t1", f"-c{_CLIENTS}", f"-d{_SECONDS}", "--timeout", "5",
            "-s", str(script), server.url + PATH,
        ],
    )  # fmt: skip
    return {"wrk (closed loop)": tuple(float(ms) for ms in re.findall(r"P 9\d ([0-9.]+)", text))}


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=3).parse_args()
    found: dict[str, list[Percentiles]] = {}
    notes = ""
    tools: list[Callable[[Nginx, Path], dict[str, Percentiles]]] = [edgeload, hey, wrk]
    with nginx() as server, tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for tool in list(tools):
                try:
                    for name, figures in tool(server, Path(folder)).items():
                        found.setdefault(name, []).append(figures)
                except Missing as missing:
                    tools.remove(tool)
                    notes += f"\n\nskipped: {tool.__name__}, for want of {missing}"
    rows = [["theory", *(f"{ms:g}" for ms in _THEORY_MS)]]
    for name, rounds in found.items():
        rows.append([name, *(spread(column) for column in zip(*rounds, strict=True))])
    table = markdown(["ms (min / median / max)", "p90", "p95", "p99"], rows) + notes
    present("The server frozen for 1 s of 6, 200 requests/s over 8 clients", table, options.output)


if __name__ == "__main__":
    main()
