"""What do camera groups cost? The same cameras in one group and in several, side by side.

Both runs go on at the same time on the same core, each with an nginx of its own that counts its
requests. So what other programs take away from the machine, they take from both, and the ratio of
one round scatters by a few percent only. The groups differ in detector and rate; their cameras,
requests/s and pictures are together those of the one group.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import ours
from benchmarks.nginx import DETECTOR_ID, Nginx, cores, nginx
from benchmarks.process_tree import await_requests, cpu_s, kill
from benchmarks.table import markdown, spread

_LONG_S = 60.0
"""A run lasts so much longer than its window: both have to begin, and are ended then."""
_OUT_OF_REACH_PER_S = 120_000.0
_PACED_PER_S = 1000.0


@dataclass(frozen=True)
class Cameras:
    """The load of one run."""

    cameras: int
    groups: int
    per_s: float
    """Requests per second of all cameras together."""

    def mix_file(self) -> str:
        """The cameras in groups of about one size; the rates of group 1, 2, … are as 1 to 2 to …

        With two groups or more. Each group has a detector of its own.
        """
        sizes = [len(range(i, self.cameras, self.groups)) for i in range(self.groups)]
        unit = self.per_s / sum(number * size for number, size in enumerate(sizes, 1))
        return "".join(
            f"- name: group-{number}\n  detector_id: det_{number:027d}\n  cameras: {size}\n"
            f"  requests_per_second: {unit * number!r}\n"
            for number, size in enumerate(sizes, 1)
        )

    def command(self, url: str, seconds: float, folder: Path) -> list[str]:
        """The load test that sends it, from one worker process."""
        if self.groups == 1:
            rate = self.per_s / self.cameras
            return ours.command(
                url, DETECTOR_ID, self.cameras, rate, seconds, folder, "--workers", "1"
            )
        mix = folder / "mix.yaml"
        mix.write_text(self.mix_file(), encoding="utf-8")
        return ours.mix_command(url, mix, seconds, folder, "--workers", "1")


@dataclass(frozen=True)
class Spent:
    """What one of the two runs spent in one round."""

    cpu_us: float
    """CPU microseconds per request, of all its processes."""
    requests_per_s: float


def side_by_side(
    loads: Sequence[Cameras], servers: Sequence[Nginx], core: int, warm_s: float, seconds: float
) -> list[Spent]:
    """One round: all loads at once on one core, each before its server. Raises NoFigures."""
    with contextlib.ExitStack() as stack:
        running = []
        for load, server in zip(loads, servers, strict=True):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            command = load.command(server.url, _LONG_S + seconds, folder)
            before, errors = server.requests(), folder / "errors"
            process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                cwd=ours.ROOT,
                stdout=subprocess.DEVNULL,
                stderr=stack.enter_context(errors.open("wb")),
                env={**ours.ENVIRONMENT, "HOME": str(folder)},
            )
            stack.callback(kill, process)
            running.append((process, server, before, errors))
        for process, server, before, errors in running:
            await_requests("edgeload", process, server, before, errors)
        time.sleep(warm_s)  # connections are opened, and tables and caches grow to their size
        trees = [psutil.Process(process.pid) for process, *_ in running]
        start = _readings(trees, servers)
        time.sleep(seconds)  # the window itself
        return [
            Spent((cpu - cpu0) / (count - count0) * 1e6, (count - count0) / (at_s - at0_s))
            for (cpu, count, at_s), (cpu0, count0, at0_s) in zip(
                _readings(trees, servers), start, strict=True
            )
        ]


def _readings(
    trees: Sequence[psutil.Process], servers: Sequence[Nginx]
) -> list[tuple[float, int, float]]:
    """(CPU seconds, requests, instant) of each run."""
    return [
        (cpu_s(tree), server.requests(), time.monotonic())
        for tree, server in zip(trees, servers, strict=True)
    ]


def compare(cameras: int, groups: int, rounds: int, warm_s: float, seconds: float) -> str:
    """Rounds of both loads in turn; the table. Raises NoFigures."""
    server_core, core = cores()
    kinds = {"as fast as answers come": _OUT_OF_REACH_PER_S, "at fixed rates": _PACED_PER_S}
    found: dict[str, list[list[Spent]]] = {kind: [] for kind in kinds}
    with nginx(server_core) as one, nginx(server_core) as many:
        for number in range(rounds):
            order = [1, groups] if number % 2 else [groups, 1]  # who starts first
            for kind, per_s in kinds.items():
                loads = [Cameras(cameras, count, per_s) for count in order]
                spent = side_by_side(loads, [one, many], core, warm_s, seconds)
                found[kind].append(spent if order[0] == 1 else spent[::-1])
    rows = [
        [
            kind,
            *(spread([spent[i].cpu_us for spent in pairs]) for i in (0, 1)),
            spread([spent[1].cpu_us / spent[0].cpu_us for spent in pairs], 4),
            *(spread([spent[i].requests_per_s for spent in pairs], 4) for i in (0, 1)),
        ]
        for kind, pairs in found.items()
    ]
    many_words = f"{groups} groups"
    head = [
        "load", "CPU us per request, one group", many_words, "ratio",
        "requests/s, one group", many_words,
    ]  # fmt: skip
    return markdown(head, rows)
