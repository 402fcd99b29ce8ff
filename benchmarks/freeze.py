"""Whose clock does the latency start on? `python -m benchmarks.freeze`

200 requests/s over 8 clients for 6 s; the server stands still for 1 s in the middle. Counted from
when requests were due, a sixth of them is late by up to 1 s, so theory says p90 400 ms, p95 700 ms,
p99 940 ms; who counts from the actual send sees next to nothing (method: coordinated omission).
Without nginx there are no figures; of the other tools, those that are missing are left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import ours
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, Nginx, nginx
from benchmarks.ours import PICTURE, ROOT
from benchmarks.peers import PATH, program
from benchmarks.table import markdown, named, parser, present, spread

_FREEZE_S, _RATE, _CLIENTS = 1.0, 200, 8
_SHARES = (0.90, 0.95, 0.99)
_BEGIN_WITHIN_S = 60.0

Percentiles = tuple[float, ...]


def theory_ms(seconds: int) -> Percentiles:
    """What is due while the server stands still is late by up to that, evenly; all else is not."""
    return tuple(1000 * max(0.0, _FREEZE_S - (1 - share) * seconds) for share in _SHARES)


def freeze_in_the_middle(server: Nginx, before: int, seconds: int) -> threading.Thread:
    """Freeze the server half-way, counted from the first request that it sees."""

    def act() -> None:
        until_s = time.monotonic() + _BEGIN_WITHIN_S
        while server.requests() - before <= 10:
            if time.monotonic() > until_s:
                return  # the tool did not send, and says why
            time.sleep(0.05)  # each look is a request, which costs the server CPU
        time.sleep((seconds - _FREEZE_S) / 2)  # half of the rest lies before the freeze
        server.freeze(_FREEZE_S)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def run(server: Nginx, command: Sequence[str], seconds: int) -> subprocess.CompletedProcess[str]:
    """Run a tool while the server freezes."""
    thread = freeze_in_the_middle(server, server.requests(), seconds)
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds + 120,
            env=ours.ENVIRONMENT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise NoFigures(f"{command[0]} did not end within {seconds + 120} s") from late
    finally:
        thread.join()


def edgeload(server: Nginx, seconds: int, folder: Path) -> dict[str, Percentiles]:
    """Response and service time of our own run, from its log."""
    rate = _RATE / _CLIENTS
    command = ours.command(server.url, DETECTOR_ID, _CLIENTS, rate, seconds, folder)
    done = run(server, command, seconds)
    ours.check(done.returncode, done.stderr)
    lines = [json.loads(line) for line in ours.log_in(folder).read_text().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    return {
        "edgeload, response time": _ms([r["done_s"] - r["due_s"] for r in requests]),
        "edgeload, service time": _ms([r["latency"] for r in requests]),
    }


def _ms(seconds: Sequence[float]) -> Percentiles:
    values = np.quantile(np.array(seconds), _SHARES, method="inverted_cdf")
    return tuple(float(value) * 1000 for value in values)


def _printed(tool: str, printed: Sequence[float]) -> Percentiles:
    """The three percentiles that a tool printed, ms. Raises NoFigures if it did not."""
    if len(printed) != len(_SHARES):
        raise NoFigures(f"{tool} printed no percentiles")
    return tuple(printed)


def hey(server: Nginx, seconds: int, folder: Path) -> dict[str, Percentiles]:
    """hey, told to send 25 requests/s on each of 8 connections."""
    done = run(
        server,
        [
            program("hey", "hey"), "-z", f"{seconds}s", "-c", str(_CLIENTS), "-q",
            str(_RATE // _CLIENTS), "-m", "POST", "-D", str(PICTURE), "-T", "image/jpeg",
            server.url + PATH,
        ],
        seconds,
    )  # fmt: skip
    found = re.findall(r"9[059]%+ in ([0-9.]+) secs", done.stdout)
    return {"hey": _printed("hey", [float(seconds) * 1000 for seconds in found])}


def wrk(server: Nginx, seconds: int, folder: Path) -> dict[str, Percentiles]:
    """wrk, which knows no rate: as fast as it can on 8 connections, corrected by itself."""
    script = folder / "freeze.lua"
    script.write_text(
        f'local f = io.open("{PICTURE}", "rb"); wrk.method, wrk.body = "POST", f:read("*a")\n'
        'wrk.headers["Content-Type"] = "image/jpeg"\n'
        "done = function(_, latency) for _, p in ipairs({90, 95, 99}) do "
        'io.write(string.format("P %d %f\\n", p, latency:percentile(p) / 1000)) end end\n'
    )
    done = run(
        server,
        [
            program("wrk", "wrk"), "-t1", f"-c{_CLIENTS}", f"-d{seconds}", "--timeout", "5",
            "-s", str(script), server.url + PATH,
        ],
        seconds,
    )  # fmt: skip
    found = re.findall(r"P 9\d ([0-9.]+)", done.stdout)
    return {"wrk (closed loop)": _printed("wrk", [float(ms) for ms in found])}


@dataclass(frozen=True)
class _Tool:
    """What runs while the server freezes, and gives percentiles in ms."""

    name: str
    measure: Callable[[Nginx, int, Path], dict[str, Percentiles]]


_TOOLS = (_Tool("edgeload", edgeload), _Tool("hey", hey), _Tool("wrk", wrk))


def _length(text: str) -> int:
    """Seconds of a run. Raises ValueError."""
    if (seconds := int(text)) < 2:
        raise ValueError
    return seconds


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=3)
    made.add_argument("--seconds", type=_length, default=6, help="length of each run, 2 or more")
    made.add_argument("--peers", default="", help="names, separated by commas (all)")
    options = made.parse_args()
    found: dict[str, list[Percentiles]] = {}
    notes = ""
    tools = named(made, "--peers", options.peers, _TOOLS)
    with nginx() as server, tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for tool in list(tools):
                try:
                    for name, figures in tool.measure(
                        server, options.seconds, Path(folder)
                    ).items():
                        found.setdefault(name, []).append(figures)
                except NoFigures as reason:
                    tools.remove(tool)
                    notes += f"\n\nskipped: {tool.name}: {reason}"
    if not found:
        raise NoFigures(notes.strip().replace("\n\n", "; "))
    rows = [["theory", *(f"{ms:g}" for ms in theory_ms(options.seconds))]]
    for name, rounds in found.items():
        rows.append([name, *(spread(column) for column in zip(*rounds, strict=True))])
    table = markdown(["ms (min / median / max)", "p90", "p95", "p99"], rows) + notes
    title = f"The server frozen for 1 s of {options.seconds}, 200 requests/s over 8 clients"
    present(title, table, options.output)


if __name__ == "__main__":
    end_with(main)
