"""What a cluster run costs its driver, and what nodes add: `python -m benchmarks.cluster_cost`.

All nodes are processes of this machine, so nothing here shows how much load many machines make. It
shows two other things. The driver's own CPU, over a window in which the load is steady, at several
numbers of nodes and rates: a line through these gives the cost of a node, and of 1,000 requests per
second. And whether nodes add up: each may use no more than a share of one core, by a CPU limit of
its cgroup, so that there is room for three, and each sends as much as it can.

Ray looks for addresses outside, so all of it runs in a network namespace that leads nowhere.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import DETECTOR_ID, Nginx, nginx
from benchmarks.ours import ENVIRONMENT, ROOT, command
from benchmarks.process_tree import await_requests, kill, own_cpu_s
from benchmarks.table import markdown, parser, present, spread

_INSIDE = "EDGELOAD_BENCHMARK_INSIDE"
_SETTLE_S = 2.5
_CGROUPS = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 100_000
_CLIENTS_OF_A_NODE = 4
_MOST_PER_S = 20_000.0
"""More than a node can send: so each client asks again when it has an answer."""
_SHARE = 0.15
"""Of one core, for each node of the second table."""


@dataclass(frozen=True)
class DriverCost:
    """One run: nodes, requests per second by the server, and the driver's CPU in cores."""

    nodes: int
    per_s: float
    cores: float


def measure(
    server: Nginx, nodes: int, rate: float, seconds: float, limit: float | None = None
) -> DriverCost:
    """One cluster run of so many nodes, all clients together at a rate; `limit` as above."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, clients = Path(name), nodes * _CLIENTS_OF_A_NODE
        words = command(
            server.url, DETECTOR_ID, clients, rate / clients, seconds + 2 * _SETTLE_S, folder,
            "--cluster", f"local:{nodes}", "--workers", "1", "--progress", "none",
            "--image-pool", "4", "--late", "skip",
        )  # fmt: skip
        errors = folder / "errors"
        with errors.open("wb") as file:
            process = subprocess.Popen(
                words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=file
            )
        try:
            before = server.requests()
            if limit is not None:
                stack.enter_context(_limited(process, nodes, limit))
            await_requests("the cluster run", process, server, before, errors)
            time.sleep(_SETTLE_S)  # until the first counters have come
            cpu, requests, start_s = own_cpu_s(process.pid), server.requests(), time.monotonic()
            time.sleep(seconds)  # the window itself
            took_s = time.monotonic() - start_s
            cores = (own_cpu_s(process.pid) - cpu) / took_s
            per_s = (server.requests() - requests) / took_s
        finally:
            kill(process)
    return DriverCost(nodes, per_s, cores)


@contextlib.contextmanager
def _limited(process: subprocess.Popen[bytes], nodes: int, share: float) -> Iterator[None]:
    """Each node may use this share of a core: its raylet is put into a cgroup before it works."""
    folders = [_CGROUPS / f"edgeload-benchmark-{os.getpid()}-{n}" for n in range(nodes)]
    try:
        for folder in folders:
            folder.mkdir()
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (folder / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_US)))
        for raylet, folder in zip(_raylets(process, nodes), folders, strict=True):
            for member in (raylet, *raylet.children(recursive=True)):
                (folder / "cgroup.procs").write_text(str(member.pid))
        yield
    except OSError as error:
        raise NoFigures(f"the CPU of a node cannot be limited ({error})") from error
    finally:
        kill(process)
        for folder in folders:
            _remove(folder)


def _remove(cgroup: Path) -> None:
    """It can be removed once the last process in it has ended."""
    until_s = time.monotonic() + 5.0
    while cgroup.exists() and time.monotonic() < until_s:
        with contextlib.suppress(OSError):
            cgroup.rmdir()
        time.sleep(0.05)  # between two looks


def _raylets(process: subprocess.Popen[bytes], nodes: int) -> Sequence[psutil.Process]:
    """Those of the nodes, once they are there; the first one is that of the head."""
    until_s = time.monotonic() + 60.0
    while time.monotonic() < until_s and process.poll() is None:
        below = psutil.Process(process.pid).children(recursive=True)
        found = [each for each in below if each.name() == "raylet"]
        if len(found) > nodes:
            return sorted(found, key=lambda each: each.create_time())[1:]
        time.sleep(0.02)  # between two looks
    raise NoFigures("the nodes did not start")


def cost_table(costs: Sequence[DriverCost]) -> str:
    """Each run, and the line through all of them."""
    rows = [
        [str(cost.nodes), f"{cost.per_s:.0f}", f"{1000 * cost.cores:.1f}"]
        for cost in sorted(costs, key=lambda each: (each.nodes, each.per_s))
    ]
    known = np.array([[1.0, cost.nodes, cost.per_s / 1000] for cost in costs])
    base, node, thousand = np.linalg.lstsq(known, [c.cores for c in costs], rcond=None)[0]
    rows.append(["each node more", "", f"{1000 * node:.1f}"])
    rows.append(["", "each 1,000/s more", f"{1000 * thousand:.1f}"])
    rows.append(["the driver itself", "", f"{1000 * base:.1f}"])
    return markdown(["nodes", "requests/s", "driver's CPU, thousandths of a core"], rows)


def main() -> None:
    """The command."""
    made = parser(__doc__ or "", rounds=2)
    made.add_argument("--seconds", type=float, default=10.0, help="length of each window")
    made.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4], help="numbers of nodes")
    made.add_argument("--rates", type=float, nargs="+", default=[20, 2000], help="of all nodes")
    made.add_argument("--limited", type=int, nargs="*", default=[1, 2, 3], help="nodes that add up")
    options = made.parse_args()
    if _INSIDE not in os.environ:
        _go_inside()
    costs: list[DriverCost] = []
    added: dict[int, list[float]] = {}
    with nginx() as server:
        for _ in range(options.rounds):
            for nodes, rate in itertools.product(options.nodes, options.rates):
                costs.append(measure(server, nodes, rate, options.seconds))
            for nodes in options.limited:
                found = measure(server, nodes, _MOST_PER_S * nodes, options.seconds, _SHARE)
                added.setdefault(nodes, []).append(found.per_s)
    text = cost_table(costs)
    rows = [[str(nodes), spread(values)] for nodes, values in added.items()]
    several = markdown(["nodes", "requests/s (min / median / max)"], rows)
    if rows:
        limited = f"Each node limited to {_SHARE:.0%} of a core, as many requests as it can:"
        text = f"{text}\n\n{limited}\n\n{several}"
    present("What a cluster run costs its driver, and what nodes add", text, options.output)


def _go_inside() -> None:
    """Start again in a network namespace that has loopback only. Raises NoFigures."""
    if os.geteuid() or not (shutil.which("unshare") and shutil.which("ip")):
        raise NoFigures("this needs root, unshare and ip")
    shell = 'ip link set lo up && exec "$@"'
    words = ["unshare", "--net", "sh", "-c", shell, "sh", sys.executable, "-m"]
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", [*words, "benchmarks.cluster_cost", *sys.argv[1:]])


if __name__ == "__main__":
    end_with(main)
