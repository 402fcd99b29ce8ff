"""The benchmarks' own arithmetic against simulation, and one of them run as README says."""

from __future__ import annotations

import heapq
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import as_a_user as user
import numpy as np
import pytest

from benchmarks.box_population import BY_THEORY, RAYS, Setting
from benchmarks.capacity_search import score
from benchmarks.capacity_searches import SEARCHES
from benchmarks.peers import PEERS
from benchmarks.queues import response_times
from benchmarks.simulated_boxes import CONSTANT, Cameras, SimulatedBox
from benchmarks.simulated_trials import Bench
from benchmarks.soak import growth
from benchmarks.table import markdown, spread
from benchmarks.truth import SERVERS, Server, interval_s
from edgeload.read.statistics.windows import Floats

COMMANDS = (
    "capacity_search",
    "carried",
    "change_points",
    "cost",
    "coverage",
    "freeze",
    "log_and_read",
    "punctuality",
    "truth",
    "variants",
)
THEORY = [s for s in SERVERS if s.mean_wait_s()]


@pytest.mark.parametrize("server", THEORY, ids=lambda s: s.name)
def test_the_theory_that_runs_are_held_to_is_right(server: Server) -> None:
    """Mean waits of M/D/1 and M/M/c against a simulation of 400,000 Poisson arrivals."""
    chance = np.random.default_rng(1)
    n = 400_000
    arrivals = np.cumsum(chance.exponential(1 / server.rate, n)).tolist()
    constant = server.distribution == "constant"
    service = np.full(n, server.service_s) if constant else chance.exponential(server.service_s, n)
    free = [0.0] * server.servers
    waits = np.empty(n)
    for i, (at_s, service_s) in enumerate(zip(arrivals, service.tolist(), strict=True)):
        start_s = max(at_s, heapq.heappop(free))
        heapq.heappush(free, start_s + service_s)
        waits[i] = start_s - at_s
    mean, half = long_batch_means(waits)
    theory = server.mean_wait_s()
    assert theory is not None
    assert abs(mean - theory) <= 2 * half
    assert half < 0.15 * theory


def long_batch_means(waits: Floats) -> tuple[float, float]:
    """Mean, and half of its 95 % interval from 20 batches of 20,000: longer than a queue remembers.

    2.093 is Student's t with 19 degrees of freedom.
    """
    means = waits.reshape(20, -1).mean(axis=1)
    return float(means.mean()), float(2.093 * means.std(ddof=1) / math.sqrt(20))


@pytest.mark.parametrize("server", THEORY, ids=lambda s: s.name)
def test_the_interval_of_a_mean_wait_holds_theory(server: Server) -> None:
    """Of 1,000 simulated runs of 8 s that start empty, one in a hundred may miss it.

    Intervals from the scatter of 20 batches of one run miss it in 13 (M/D/1 at 50 %) to 57 of 100
    (M/M/4 at 90 %), whether the queue starts empty or not.
    """
    total = round(server.rate * 8)
    waits, _ = response_times(
        server.queue(), server.load, total - total // 10, total // 10, 1000, seed=99
    )
    theory = server.mean_wait_s()
    assert theory is not None
    intervals = [interval_s(server, 8.0, mean * server.service_s) for mean in waits.mean(axis=0)]
    missed = sum(not low <= theory <= high for low, high in intervals)
    assert missed <= 10 + 4 * math.sqrt(10 * 0.99)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_benchmark_explains_itself(name: str) -> None:
    """`--help` works, and docs/benchmarks.md names the command."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--help"],
        cwd=user.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--rounds" in done.stdout
    assert f"python -m benchmarks.{name}" in (user.ROOT / "docs" / "benchmarks.md").read_text()


def test_logging_and_reading_in_small() -> None:
    """20,000 records written, all of them read back, a table with figures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.log_and_read", "--rounds", "1", "--records", "20000"],
        cwd=user.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures = re.findall(r"^\| (.+?) \| ([0-9.e+]+)", done.stdout, re.MULTILINE)
    assert len(figures) == 6
    assert all(float(value) > 0 for _, value in figures)


@pytest.mark.parametrize(
    ("per_s", "verdict"), [(0.0, "flat"), (0.02, "flat"), (0.1, "undecided"), (1.0, "grows")]
)
def test_growth_is_judged_by_its_interval(per_s: float, verdict: str) -> None:
    """Half an hour of memory that wanders like an allocator's, on a line whose slope is known. The
    slope is within the interval, and the verdict follows from that and the bound, 0.1 kB/s."""
    chance = np.random.default_rng(3)
    at_s = np.arange(0, 1800, 5.0)
    wander = np.convolve(chance.normal(0, 4.0, len(at_s) + 11), np.ones(12) / 12, "valid")
    start = np.where(at_s < 300, at_s * 40.0, 300 * 40.0)  # the warm-up, which is left out
    found = growth(at_s.tolist(), (start + wander + at_s * per_s).tolist(), 0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= per_s <= found.high
    assert found.verdict == verdict
    assert growth([0.0, 1.0], [5.0, 5.0], 0.1).verdict == "undecided"


@pytest.mark.slow
def test_a_soak_in_small(tmp_path: Path) -> None:
    """Parent, fork server and workers are sampled while a load test sends, and judged."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.1", "--every", "0.2",
         "--requests-per-second", "50", "--clients", "10", "--json", str(tmp_path / "soak.json")],
        cwd=user.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads((tmp_path / "soak.json").read_text())
    assert found["answered"] == 300, done.stdout
    assert done.returncode == (found["verdict"] != "flat")
    roles = [process["role"] for process in found["processes"]]
    assert roles[:3] == ["parent", "fork server", "worker 1"]
    for process in found["processes"]:
        assert process["samples"] >= 20
        assert process["last_kb"] > 1000
        assert f"| {process['role']} | {process['samples']} |" in done.stdout


def test_tables_show_the_spread() -> None:
    """Least, median and largest of the rounds."""
    assert spread([3.0, 1.0, 2.0]) == "1 / 2 / 3"
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert PEERS[0].name == "wrk"


def test_a_simulated_box_is_full_where_theory_says() -> None:
    """4 servers of 50 ms: 40 clients of 2/s are answered within 0.1 s, 44 queue without end.

    44 clients a minute long: the backlog grows by 4/44 of what is due, so the last answer comes
    after 60 s x 4/40 = 6 s more.
    """
    cameras = Cameras(2.0)
    box = SimulatedBox("constant", 4, 0.050, CONSTANT)
    assert box.carried((cameras,)) == 40
    full = Bench(box, cameras, seed=1)
    assert full.fixed_trial(40, 60.0).seconds <= 61.1
    over = Bench(box, cameras, seed=1).fixed_trial(44, 60.0)
    assert over.verdict == "fail"
    assert over.ceiling is not None
    assert abs(over.ceiling.value - 40) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("setting", [*BY_THEORY[2:7], *RAYS], ids=lambda s: s.name)
def test_the_search_finds_capacities_known_by_theory(setting: Setting) -> None:
    """In 19 of 20 runs the interval holds it, and is narrow; in half the time of a linear ramp.

    The median of 20 runs scatters, so 0.6 of it are allowed. In a mix, the answer has to be tried
    until it passes, because no growth measures it: that takes less than three quarters.
    """
    scores = {
        name: [
            score(SEARCHES[name](Bench(setting.box, setting.groups, seed), setting), setting)
            for seed in range(20)
        ]
        for name in ("ours", "ramp")
    }
    assert sum(one.held for one in scores["ours"]) >= 19
    assert sum(one.width <= 0 for one in scores["ours"]) >= 19
    ours_s, ramp_s = (np.median([s.seconds for s in scores[n]]) for n in ("ours", "ramp"))
    assert ours_s <= (0.75 if len(setting.groups) > 1 else 0.6) * ramp_s
