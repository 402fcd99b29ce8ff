"""CPU per answered request, next to other load generators: `python -m benchmarks.cost`.

Each peer sends the same 20 kB POST in a closed loop to the same nginx, which is pinned to another
core. Requests are counted by the server, CPU (user and system) over the peer's whole process tree,
both over one window after the warm-up, in rounds in which all take their turn.

A ratio is the least cost of a peer to the least cost of wrk: what disturbs a program only adds to
its CPU. Before that, every measurement of a program that had less than 95 % of its core is thrown
away, wrk's too; the table says how many are left. If less than half are, no ratio is said. The
other columns show least, median and largest of what is left, and of the ratios to wrk in the same
round.

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
from benchmarks.core_share import LEAST_SHARE, TOO_NOISY, enough, least_ratio, look, share_had
from benchmarks.ending import NoFigures, end_with
from benchmarks.nginx import Nginx, cores, nginx
from benchmarks.ours import ENVIRONMENT, ROOT
from benchmarks.peers import PEERS, Job, Peer
from benchmarks.process_tree import await_requests, kill
from benchmarks.table import markdown, named, parser, present, spread


@dataclass(frozen=True)
class Cost:
    """What one run of one peer cost."""

    cpu_us: float
    """CPU microseconds per request."""
    requests_per_s: float
    core_used: float
    """CPU of its core, as a share of the window."""
    core_had: float
    """Share of the window in which nobody else had the core while it was ready to run."""

    @property
    def kept(self) -> bool:
        """Whether it had enough of its core to be compared."""
        return self.core_had >= LEAST_SHARE


@dataclass(frozen=True)
class CostRatio:
    """A peer's least cost to wrk's."""

    value: float | None
    """None: too many measurements were thrown away, or there are none of wrk."""
    kept: int
    kept_of_wrk: int
    rounds: int


@dataclass
class PeerCosts:
    """All measurements: the cost of each peer, round by round."""

    rounds: list[dict[str, Cost]]
    skipped: dict[str, str]
    """Peers that could not be measured, and why."""

    def kept(self, name: str) -> list[Cost]:
        """Of one peer, those measurements that were not thrown away."""
        return [costs[name] for costs in self.rounds if name in costs and costs[name].kept]

    def measured(self, name: str) -> int:
        """How many there were of one peer."""
        return sum(name in costs for costs in self.rounds)

    def ratio(self, name: str) -> CostRatio:
        """The least cost of a peer to that of wrk."""
        own, wrk = self.kept(name), self.kept("wrk")
        told = enough(len(own), self.measured(name)) and enough(len(wrk), self.measured("wrk"))
        value = least_ratio([c.cpu_us for c in own], [c.cpu_us for c in wrk]) if told else None
        return CostRatio(value, len(own), len(wrk), self.measured(name))

    def in_the_same_round(self, name: str) -> list[float]:
        """The cost of a peer to that of wrk in each round in which both were kept."""
        return [
            costs[name].cpu_us / costs["wrk"].cpu_us
            for costs in self.rounds
            if all(peer in costs and costs[peer].kept for peer in (name, "wrk"))
        ]


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
        start, start_count = look(tree, core), server.requests()
        time.sleep(window_s)  # the window itself
        end, count = look(tree, core), server.requests() - start_count
    finally:
        kill(process)
    seconds, used_s = end.at_s - start.at_s, end.cpu_s - start.cpu_s
    return Cost(
        used_s / max(1, count) * 1e6, count / seconds, used_s / seconds, share_had(start, end)
    )


def measure_all(
    peers: Sequence[Peer],
    connections: int,
    rounds: int,
    warm_s: float,
    window_s: float,
    *,
    tls: bool,
) -> PeerCosts:
    """All peers in turn, round by round. Raises NoFigures if none of them could be measured."""
    server_core, core = cores()
    found = PeerCosts([], {})
    with nginx(server_core) as server, tempfile.TemporaryDirectory() as folder:
        url = server.tls_url if tls else server.url
        job = Job(url, connections, int(window_s + warm_s + 8), Path(folder))
        for _ in range(rounds):
            costs: dict[str, Cost] = {}
            for peer in peers:
                if peer.name in found.skipped:
                    continue
                try:
                    costs[peer.name] = measure(peer, job, server, core, warm_s, window_s)
                except NoFigures as reason:
                    found.skipped[peer.name] = str(reason)
            found.rounds.append(costs)
    if not any(found.rounds):
        raise NoFigures("; ".join(found.skipped.values()))
    return found


def cost_table(peers: Sequence[Peer], found: PeerCosts) -> str:
    """A row for each peer, and below it those that were left out."""
    rows = []
    for name in (peer.name for peer in peers if found.measured(peer.name)):
        ratio, kept = found.ratio(name), found.kept(name)
        beside = found.in_the_same_round(name)
        rows.append(
            [
                name,
                "-" if not found.measured("wrk") else _said(ratio.value),
                f"{ratio.kept} of {ratio.rounds}",
                spread(beside) if beside else "-",
                spread([cost.cpu_us for cost in kept]) if kept else "-",
                spread([cost.requests_per_s for cost in kept], 4) if kept else "-",
                spread([100 * cost.core_used for cost in kept]) if kept else "-",
            ]
        )
    head = [
        "tool", "CPU per request ÷ wrk's, least of each", "runs with its core", "in the same round",
        "CPU us per request", "requests/s on one core", "% of the core used",
    ]  # fmt: skip
    notes = "".join(f"\n\nskipped: {name}: {why}" for name, why in found.skipped.items())
    return markdown(head, rows) + notes


def _said(ratio: float | None) -> str:
    return TOO_NOISY if ratio is None else f"{ratio:.3g}"


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
    found = measure_all(
        peers, given.connections, given.rounds, given.warm_up, given.seconds, tls=given.tls
    )
    kind = "TLS" if given.tls else "HTTP"
    title = f"Cost over {kind}, {given.connections} connections (min / median / max)"
    present(title, cost_table(peers, found), given.output)


if __name__ == "__main__":
    end_with(main)
