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
from benchmarks.nginx import Missing, Nginx, cores, nginx
from benchmarks.ours import ENVIRONMENT, ROOT
from benchmarks.peers import PEERS, Job, Peer
from benchmarks.process_tree import cpu_s, kill
from benchmarks.table import markdown, parser, present, spread

_WARM_S = 1.5
_BEGIN_WITHIN_S = 30.0


@dataclass(frozen=True)
class Cost:
    """What one run of one peer cost."""

    cpu_us: float
    """CPU microseconds per request."""
    requests_per_s: float


def measure(peer: Peer, job: Job, server: Nginx, core: int, window_s: float) -> Cost:
    """Run one peer on one core and watch it for a window. Raises Missing."""
    before = server.requests()
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *peer.command(job)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, "HOME": str(job.folder)},
    )
    try:
        until_s = time.monotonic() + _BEGIN_WITHIN_S
        while server.requests() - before < 50:
            if process.poll() is not None or time.monotonic() > until_s:
                raise Missing(f"{peer.name} that sends")
            time.sleep(0.05)
        time.sleep(_WARM_S)
        tree = psutil.Process(process.pid)
        start_s, start_cpu, start_count = time.monotonic(), cpu_s(tree), server.requests()
        time.sleep(window_s)
        seconds = time.monotonic() - start_s
        used, count = cpu_s(tree) - start_cpu, server.requests() - start_count
    finally:
        kill(process)
    return Cost(used / max(1, count) * 1e6, count / seconds)


def compare(
    peers: Sequence[Peer], connections: int, rounds: int, window_s: float, *, tls: bool
) -> str:
    """All peers in turn, round by round; the table."""
    server_core, core = cores()
    found: dict[str, list[Cost]] = {peer.name: [] for peer in peers}
    ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
    skipped: dict[str, str] = {}
    with nginx(server_core) as server, tempfile.TemporaryDirectory() as folder:
        url = server.tls_url if tls else server.url
        job = Job(url, connections, int(window_s + _WARM_S + 8), Path(folder))
        for _ in range(rounds):
            reference: float | None = None
            for peer in peers:
                if peer.name in skipped:
                    continue
                try:
                    cost = measure(peer, job, server, core, window_s)
                except Missing as missing:
                    skipped[peer.name] = str(missing)
                    continue
                reference = cost.cpu_us if peer.name == "wrk" else reference
                found[peer.name].append(cost)
                if reference:
                    ratios[peer.name].append(cost.cpu_us / reference)
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
    notes = "".join(f"\n\nskipped: {name}, for want of {why}" for name, why in skipped.items())
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
    options.add_argument("--tls", action="store_true", help="over TLS")
    options.add_argument("--peers", help="names, separated by commas (all)")
    options.add_argument("--groups", type=_several, help="compare camera groups instead")
    options.add_argument("--cameras", type=int, default=200, help="with --groups: in all")
    given = options.parse_args()
    if given.groups:
        table = camera_groups.compare(given.cameras, given.groups, given.rounds, given.seconds)
        title = f"Cost of {given.cameras} cameras in {given.groups} groups (min / median / max)"
        present(title, table, given.output)
        return
    wanted = given.peers.split(",") if given.peers else [peer.name for peer in PEERS]
    peers = [peer for peer in PEERS if peer.name in wanted]
    table = compare(peers, given.connections, given.rounds, given.seconds, tls=given.tls)
    kind = "TLS" if given.tls else "HTTP"
    title = f"Cost over {kind}, {given.connections} connections (min / median / max)"
    present(title, table, given.output)


if __name__ == "__main__":
    main()
