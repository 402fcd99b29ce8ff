"""CPU per answered request, next to other load generators: `python -m benchmarks.cost`.

Each peer sends the same 20 kB POST in a closed loop to the same nginx, which is pinned to another
core. Requests are counted by the server, CPU (user and system) over the peer's whole process tree,
both over one window after the warm-up. Rounds are interleaved, and a ratio is to wrk in its round.
With `--groups 5`, 200 cameras in five camera groups are compared with 200 in one, side by side.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import camera_groups
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import Nginx, cores, nginx
from benchmarks.ours import ENVIRONMENT, ROOT
from benchmarks.peers import PEERS, Job, Peer
from benchmarks.process_tree import await_requests, cpu_s, kill
from benchmarks.table import markdown, named, parser, present, spread


@dataclass(frozen=True)
class Cost:
    """What one run of one peer cost."""

    cpu_us: float
    """CPU microseconds per request."""
    requests_per_s: float


def measure(peer: Peer, job: Job, server: Nginx, core: int, warm_s: float, window_s: float) -> Cost:
    """Run one peer on one core and watch it for a window. Raises NoFigures."""
    before = server.requests()
    errors = job.folder / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *peer.command(job)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**ENVIRONMENT, "HOME": str(job.folder)},
        )
    try:
        await_requests(peer.name, process, server, before, errors)
        time.sleep(warm_s)  # connections are opened, and tables and caches grow to their size
        tree = psutil.Process(process.pid)
        start_s, start_cpu, start_count = time.monotonic(), cpu_s(tree), server.requests()
        time.sleep(window_s)  # the window itself
        seconds = time.monotonic() - start_s
        used, count = cpu_s(tree) - start_cpu, server.requests() - start_count
    finally:
        kill(process)
    return Cost(used / max(1, count) * 1e6, count / seconds)


def compare(
    peers: Sequence[Peer],
    connections: int,
    rounds: int,
    warm_s: float,
    window_s: float,
    *,
    tls: bool,
) -> str:
    """All peers in turn, round by round; the table."""
    server_core, core = cores()
    found: dict[str, list[Cost]] = {peer.name: [] for peer in peers}
    ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
    skipped: dict[str, str] = {}
    with nginx(server_core) as server, tempfile.TemporaryDirectory() as folder:
        url = server.tls_url if tls else server.url
        job = Job(url, connections, int(window_s + warm_s + 8), Path(folder))
        for _ in range(rounds):
            reference: float | None = None
            for peer in peers:
                if peer.name in skipped:
                    continue
                try:
                    cost = measure(peer, job, server, core, warm_s, window_s)
                except NoFigures as reason:
                    skipped[peer.name] = str(reason)
                    continue
                reference = cost.cpu_us if peer.name == "wrk" else reference
                found[peer.name].append(cost)
                if reference:
                    ratios[peer.name].append(cost.cpu_us / reference)
    if not any(found.values()):
        raise NoFigures("; ".join(skipped.values()))
    rows = [
        [
            name,
            spread(ratios[name]) if ratios[name] else "-",
            spread([cost.cpu_us for cost in costs]),
            spread([cost.requests_per_s for cost in costs], 4),
        ]
        for name, costs in found.items()
        if costs
    ]
    head = ["tool", "CPU per request ÷ wrk", "CPU us per request", "requests/s on one core"]
    notes = "".join(f"\n\nskipped: {name}: {why}" for name, why in skipped.items())
    return markdown(head, rows) + notes


def _several(text: str) -> int:
    """A number of camera groups. Raises ValueError."""
    if (groups := int(text)) < 2:
        raise ValueError
    return groups


def main() -> None:
    """The command."""
    options = parser(__doc__ or "", rounds=5)
    options.add_argument("--connections", type=int, default=32, help="at a time")
    options.add_argument("--seconds", type=float, default=3.0, help="window of each run")
    options.add_argument("--warm-up", type=float, default=1.5, help="seconds before the window")
    options.add_argument("--tls", action="store_true", help="over TLS")
    options.add_argument("--peers", default="", help="names, separated by commas (all)")
    options.add_argument("--groups", type=_several, help="compare camera groups instead")
    options.add_argument("--cameras", type=int, default=200, help="with --groups: in all")
    given = options.parse_args()
    if given.groups:
        table = camera_groups.compare(
            given.cameras, given.groups, given.rounds, given.seconds, given.warm_up
        )
        title = f"Cost of {given.cameras} cameras in {given.groups} groups (min / median / max)"
        present(title, table, given.output)
        return
    peers = named(options, "--peers", given.peers, PEERS)
    table = compare(
        peers, given.connections, given.rounds, given.warm_up, given.seconds, tls=given.tls
    )
    kind = "TLS" if given.tls else "HTTP"
    title = f"Cost over {kind}, {given.connections} connections (min / median / max)"
    present(title, table, given.output)


if __name__ == "__main__":
    end_with(main)
