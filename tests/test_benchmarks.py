"""The benchmarks: their own arithmetic against simulation, and each of them whole, in small."""

from __future__ import annotations

import heapq
import importlib
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import as_a_user as user
import numpy as np
import psutil
import pytest
import requests

from benchmarks import all as all_goals
from benchmarks import cost, freeze, paced
from benchmarks.box_population import BY_THEORY, RAYS, Setting
from benchmarks.c_program import compiled
from benchmarks.capacity_search import score
from benchmarks.capacity_searches import SEARCHES
from benchmarks.core_share import (
    LEAST_SHARE,
    TOO_NOISY,
    CoreAccount,
    MachineAccount,
    core_times,
    look,
    share_had,
    share_of_others,
)
from benchmarks.cost import Cost, CostRatio, PeerCosts, cost_table
from benchmarks.ending import NoFigures, end_with
from benchmarks.goals import MET, NOT_MET, together, verdict
from benchmarks.log_and_read import write
from benchmarks.nginx import nginx
from benchmarks.paced import LAGS, Pace, PacedRuns, pace_table
from benchmarks.peers import PEERS, Job
from benchmarks.process_tree import cpu_s, kill
from benchmarks.queues import response_times
from benchmarks.reference_server import Reference, read_truth
from benchmarks.simulated_boxes import CONSTANT, Cameras, SimulatedBox
from benchmarks.simulated_trials import Bench
from benchmarks.soak import growth
from benchmarks.start_up import first_due_s
from benchmarks.table import beginning, markdown, named, output_file, parser, spread
from benchmarks.truth import SERVERS, Server, interval_s
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Floats

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


def account(
    at_s: float, idle_s: float, cpu_s: float, waited_s: float, stolen_s: float = 0.0
) -> CoreAccount:
    """The account of a program that was looked at `at_s` seconds after the first look."""
    return CoreAccount(at_s, idle_s, stolen_s, cpu_s, waited_s)


@pytest.mark.parametrize(
    ("end", "share"),
    [
        (account(10, 0, 10, 0), 1.0),  # it never rests
        (account(10, 4, 6, 0), 1.0),  # it rests when it wants to
        (account(10, 0, 8, 2), 0.8),  # another program has the core for 2 s, and it waits
        (account(10, 0, 10, 7), 1.0),  # its own processes wait for each other
        (account(10, 3, 5, 0), 1.0),  # another one runs while it rests
        (account(10, 0, 9, 0, 1), 0.9),  # the hypervisor takes 1 s
    ],
)
def test_what_others_take_from_a_program(end: CoreAccount, share: float) -> None:
    """Only what it was ready to use, and what neither idled nor went to itself, was taken."""
    assert share_had(account(0, 0, 0, 0), end) == pytest.approx(share)


def test_two_programs_that_never_rest_share_a_core() -> None:
    """The kernel says of each that it had less than the 95 % that a measurement needs."""
    core = max(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(core), sys.executable, "-c", "while True: pass"]
    both = [subprocess.Popen(command) for _ in range(2)]
    try:
        trees = [psutil.Process(process.pid) for process in both]
        until_s = time.monotonic() + 10
        while min(map(cpu_s, trees)) < 0.1 and time.monotonic() < until_s:
            time.sleep(0.02)  # until Python has started
        start = [look(tree, core) for tree in trees]
        time.sleep(0.4)  # the window itself
        shares = [share_had(a, look(tree, core)) for a, tree in zip(start, trees, strict=True)]
    finally:
        for process in both:
            kill(process)
    assert max(shares) < LEAST_SHARE


def test_idle_and_stolen_seconds_of_a_core(tmp_path: Path) -> None:
    """Columns 4, 5 and 8 of /proc/stat, in ticks: see proc(5)."""
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 400 50 6 7 800 0 0\ncpu0 1 2 3 100 50 6 7 300 0 0\nintr 5\n")
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    assert core_times(None, stat) == pytest.approx((450 * tick_s, 800 * tick_s))
    assert core_times(0, stat) == pytest.approx((150 * tick_s, 300 * tick_s))
    with pytest.raises(OSError, match="cpu7"):
        core_times(7, stat)


def test_the_cost_of_a_peer_is_its_least_to_the_least_of_wrk() -> None:
    """Measurements without their core are thrown away, and half of them must be left."""

    def found(*rounds: tuple[tuple[float, float], tuple[float, float]]) -> PeerCosts:
        names = ("wrk", "ours")
        return PeerCosts(
            [
                {n: Cost(us, 1e4, 1.0, had) for n, (us, had) in zip(names, both, strict=True)}
                for both in rounds
            ],
            {},
        )

    quiet, noisy = 1.0, 0.9
    costs = found(((10, quiet), (19, quiet)), ((8, noisy), (16, quiet)), ((11, quiet), (15, noisy)))
    assert costs.ratio("ours") == CostRatio(1.6, kept=2, kept_of_wrk=2, rounds=3)
    assert costs.in_the_same_round("ours") == [1.9]
    costs = found(((10, noisy), (19, quiet)), ((8, noisy), (16, quiet)), ((11, quiet), (15, quiet)))
    assert costs.ratio("ours") == CostRatio(None, kept=3, kept_of_wrk=1, rounds=3)
    assert TOO_NOISY in cost_table(PEERS[:1], costs)


def test_the_cost_of_a_pace_is_its_least_to_the_floors() -> None:
    """What had less than 95 % of its core is thrown away; a lag that others explain is not ours."""

    def pace(cpu_us: float, waited: float, stolen: float = 0.0) -> Pace:
        return Pace(cpu_us, 0.1, (1.0, 2.0, 3.0), waited, stolen, 1.0 - waited - stolen)

    runs = PacedRuns([pace(120, 0.0), pace(90, 0.1), pace(110, 0.02)], [pace(55, 0.0)])
    assert runs.ratio() == 2.0
    assert PacedRuns([pace(120, 0.1)], [pace(55, 0.0)]).ratio() is None
    table = pace_table({(100, 10.0): PacedRuns([pace(120, 0.1)], [pace(55, 0.0)])}, None)
    assert TOO_NOISY in table
    assert [pace(1, 0.002, 0.002).ours(lag) for lag in LAGS] == [True, True, False]
    assert [pace(1, 0.3, 0.3).ours(lag) for lag in LAGS] == [False, False, False]


def reference(extra_s: float) -> Reference:
    """1,000 requests of 1 to 11 ms, measured as longer by so much."""
    truth = np.linspace(1e-3, 11e-3, 1000)
    return Reference(truth + extra_s, truth, 0, 0.0, 0.0, 0.5)


def test_a_percentile_is_true_within_a_percent_or_50_us() -> None:
    """Of 6 ms: 60 us; the percentile itself by nearest rank."""
    assert reference(0.0).both(0.5)[1] == pytest.approx(6e-3, abs=1e-5)
    assert reference(59e-6).true(0.5)
    assert not reference(61e-6).true(0.5)
    assert reference(61e-6).true(0.99)
    assert not reference(-61e-6).true(0.5)
    short = Reference(np.array([1.049e-3]), np.array([1e-3]), 0, 0.0, 0.0, 0.5)
    assert short.true(0.5)


def test_the_truth_counts_from_the_stamp_of_the_kernel(tmp_path: Path) -> None:
    """If it gave none, from when the server read the last byte."""
    (tmp_path / "truth").write_text(
        "req_uu00000000000000000000000200000001 1000000 1050000 4000000\n"
        "req_uu00000000000000000000000200000002 0 1050000 4050000\n"
    )
    assert read_truth(tmp_path / "truth") == {
        "0000000200000001": (0.003, True),
        "0000000200000002": (0.003, False),
    }


def test_a_verdict_needs_a_quiet_machine_to_blame_us() -> None:
    """What others add never makes a figure smaller, so a goal that is met is met."""
    assert verdict(1.0, 1.0) == verdict(1.0, 1.0, disturbed=True) == MET
    assert verdict(1.1, 1.0) == NOT_MET
    assert verdict(1.1, 1.0, disturbed=True) == verdict(None, 1.0) == TOO_NOISY
    assert verdict(math.nan, 1.0) == TOO_NOISY
    assert together(MET, MET) == MET
    assert together(MET, TOO_NOISY) == TOO_NOISY
    assert together(MET, TOO_NOISY, NOT_MET) == NOT_MET


def test_what_others_used_of_the_machine() -> None:
    """All that was not idle and not ours; what the hypervisor took is in it."""
    cores = os.cpu_count() or 1
    start, end = MachineAccount(0.0, 0.0, 0.0), MachineAccount(1.0, cores - 0.6, 0.0)
    assert share_of_others(start, end, 0.6) == pytest.approx(0.0)
    assert share_of_others(start, end, 0.2) == pytest.approx(0.4 / cores)


def test_the_first_request_due_is_found_in_a_log(tmp_path: Path) -> None:
    """On the monotonic clock of the machine; none before the log has a request."""
    log = tmp_path / "log"
    assert first_due_s(log) is None
    write(log, 10)  # its run time 0 is 0 on that clock
    assert first_due_s(log) == read_log(log).requests.due_s.min()


def test_rows_of_goals_reuse_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least of all rounds is held against the goal; a ratio that is missing is noise."""

    def pace(cpu_us: float, p99_us: float, waited: float) -> Pace:
        return Pace(cpu_us, cpu_us / 200, (5.0, p99_us, 300.0), waited, 0.0, 1.0 - waited)

    runs = PacedRuns([pace(80, 55, 0.0), pace(95, 70, 0.002)], [pace(50, 30, 0.0)])
    loads = ((100, 10.0), (500, 10.0), (10_000, 1.0))
    monkeypatch.setattr(paced, "measure_all", lambda *_: (dict.fromkeys(loads, runs), None))
    rows = all_goals.paced_rows(quick=True, rounds=2)
    assert [row.verdict for row in rows] == [MET, NOT_MET, MET, MET]
    assert "80 us at 55 us (1.6 x C's)" in rows[0].measured
    disturbed = PacedRuns([pace(95, 70, 0.2)], [])
    monkeypatch.setattr(paced, "measure_all", lambda *_: (dict.fromkeys(loads, disturbed), "no cc"))
    rows = all_goals.paced_rows(quick=True, rounds=1)
    assert [row.verdict for row in rows] == [TOO_NOISY, TOO_NOISY, TOO_NOISY, MET]

    costs = PeerCosts([{"wrk": Cost(10, 1e5, 1, 1), "edgeload": Cost(13, 1e5, 1, 0.9)}], {})
    monkeypatch.setattr(cost, "measure_all", lambda *_, **__: costs)
    assert {row.verdict for row in all_goals.cost_rows(quick=True, rounds=1)} == {TOO_NOISY}


def test_without_a_compiler_the_c_program_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its name and what to install, in one sentence."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(NoFigures, match=r"^cc is not installed \(Debian: gcc\)$"):
        compiled("paced_floor", tmp_path)


@pytest.mark.parametrize("name", ["rload", "mlcommons/endpoints"])
def test_peers_without_a_package_are_skipped_by_name(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the reason in one sentence, and nothing is installed in their place."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    (peer,) = [peer for peer in PEERS if peer.name == name]
    with pytest.raises(NoFigures, match="no package of it was found"):
        peer.command(Job("http://127.0.0.1:1", 32, 1, tmp_path))


def test_tables_show_the_spread() -> None:
    """Least, median and largest of the rounds."""
    assert spread([3.0, 1.0, 2.0]) == "1 / 2 / 3"
    assert spread([1234.5, 0.012345, 999.6]) == "0.0123 / 1,000 / 1,230"
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


PROGRAMS = sorted(
    path.stem
    for path in (user.ROOT / "benchmarks").glob("*.py")
    if 'if __name__ == "__main__":' in path.read_text()
)

Table = list[list[str]]
"""Rows of cells; the first has the heads."""


def tables_in(text: str) -> list[Table]:
    """The Markdown tables of an output, without the lines below their heads."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    return [
        [line.strip("| ").split(" | ") for line in lines if not line.startswith("| ---")]
        for lines in blocks
        if lines[0].startswith("| ")
    ]


def check_freeze(tables: list[Table], _: Path) -> None:
    """With 1 s of 2 frozen, the slowest 1 % waited for 980 ms; part of it, if we were slow."""
    ((_heads, theory, response, service),) = tables
    assert theory == ["theory", "800", "900", "980"]
    assert response[0] == "edgeload, response time"
    assert float(response[3].split(" / ")[1]) > 500
    assert service[0] == "edgeload, service time"


def check_capacity(tables: list[Table], _: Path) -> None:
    """The box of one server of 10 ms, and at least one trial."""
    ((heads, row),) = tables
    found = dict(zip(heads, row, strict=False))
    assert (found["truth"], int(found["trials"]) >= 1) == ("20", True)


def check_paced(tables: list[Table], _: Path) -> None:
    """Ours and the C program, each with figures of cost and lag."""
    ((_heads, ours, floor),) = tables
    assert (ours[:2], floor[:2]) == (["20 x 20/s", "edgeload"], ["20 x 20/s", "C"])
    assert float(ours[2].split(" / ")[0]) > float(floor[2].split(" / ")[0]) > 5


def check_parts(tables: list[Table], _: Path) -> None:
    """Every part costs something, and together they are the whole."""
    ((_heads, *rows),) = tables
    *parts, whole = [float(row[2]) for row in rows]
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(whole, rel=0.05)
    names = [row[0] for row in rows]
    assert names[0] == "send"
    assert {"head", "wait", "receive", "parse", "check", "record", "encode", "write"} < {*names}


def check_reference(tables: list[Table], _: Path) -> None:
    """All requests after the warm-up are in both logs, and are as slow as the server made them."""
    percentiles, facts = tables
    assert facts[1] == ["requests", "200 / 200 / 200"]
    ours_ms, theirs_ms = (float(cell.split(" / ")[1]) for cell in percentiles[1][1:3])
    assert 1.0 < theirs_ms < ours_ms < theirs_ms + 5.0
    assert abs(theirs_ms - 3.4) < 1.5


def check_soak(tables: list[Table], folder: Path) -> None:
    """Parent, fork server and workers are sampled while a load test sends, and judged."""
    found = json.loads((folder / "figures.json").read_text())
    assert found["answered"] == 90
    roles = [process["role"] for process in found["processes"]]
    assert roles[:3] == ["parent", "fork server", "worker 1"]
    for process, row in zip(found["processes"], tables[0][1:], strict=True):
        assert process["samples"] >= 5
        assert process["last_kb"] > 1000
        assert row[:2] == [process["role"], str(process["samples"])]


@dataclass(frozen=True)
class Whole:
    """One run of a benchmark: its command, the heads of its tables, and how many rows they have."""

    command: str
    rows: tuple[int | None, ...]
    """None: it depends on the machine."""
    heads: tuple[str, ...]
    """The first cell of each table."""
    needs_nginx: bool = False
    check: Callable[[list[Table], Path], None] | None = None
    codes: tuple[int, ...] = (0,)

    @property
    def name(self) -> str:
        """The benchmark."""
        return self.command.split()[0]


QUICK = (
    Whole("carried --rounds 1", (27, 9, 9), ("step", "box", "box")),
    Whole("change_points --histories 2", (12,), ("history",)),
    Whole("coverage --steps 20 --loads 10 --lengths 20 --only M/M/1", (2,), ("queue",)),
    Whole("columnar_engines --rounds 1 --records 20000", (None,), ("reader",)),
    Whole("log_and_read --rounds 1 --records 20000", (7,), ("min / median / max",)),
    Whole("variants --rounds 1", (16,), ("landscape",)),
)
SLOW = (
    Whole("capacity_search --rounds 1 --boxes 1", (9, 3, 2), ("box", "mix", "boxes")),
    Whole(
        "capacity_truth --only '1 x 10 ms' --budget 5s", (1,), ("box",), check=check_capacity
    ),
    Whole(
        "cost --rounds 1 --seconds 0.5 --warm-up 0.2 --peers edgeload", (1,), ("tool",),
        needs_nginx=True,
    ),
    Whole(
        "cost --rounds 1 --seconds 0.5 --warm-up 0.2 --groups 2 --cameras 40", (2,), ("load",),
        needs_nginx=True,
    ),
    Whole(
        "freeze --rounds 1 --seconds 2 --peers edgeload", (3,), ("ms (min / median / max)",),
        needs_nginx=True, check=check_freeze,
    ),
    Whole(
        "cost_by_part --rounds 2 --requests 2000 --seconds 0.2", (15,), ("part",),
        needs_nginx=True, check=check_parts,
    ),
    Whole("named_limits --rounds 1 --seconds 3 --only none", (1,), ("bottleneck",)),
    Whole(
        "cluster_cost --rounds 1 --seconds 1 --nodes 1 --rates 20 --limited", (4,), ("nodes",),
        needs_nginx=True,
    ),
    Whole("monitor_cost --rounds 1 --seconds 2", (2,), ("% of one core (min / median / max)",)),
    Whole(
        "paced --rounds 1 --seconds 1 --loads 20x20", (2,), ("clients",), needs_nginx=True,
        check=check_paced,
    ),
    Whole(
        "reference_server --rounds 1 --seconds 1 --clients 20", (3, 6),
        ("service time", "each run"), check=check_reference,
    ),
    Whole(
        "soak --minutes 0.03 --every 0.1 --requests-per-second 50 --clients 10 "
        "--json {folder}/figures.json",
        (None,), ("process",), check=check_soak, codes=(0, 1),
    ),
    Whole("start_up --rounds 1", (18,), ("until",), needs_nginx=True),
    Whole("all --quick --rounds 1 --only start", (4,), ("figure",), needs_nginx=True),
    Whole("truth --seconds 3 --only 'M/D/1 at 90%'", (1,), ("server",)),
    Whole("truth --mix --seconds 1", (6,), ("group",)),
)  # fmt: skip
CASES = [
    *(pytest.param(whole, id=whole.command) for whole in QUICK),
    *(pytest.param(whole, id=whole.command, marks=pytest.mark.slow) for whole in SLOW),
]


def nginx_or_skip() -> None:
    """Skips without nginx, and fails under CI, which installs it."""
    if not (shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")):
        reason = "nginx is not on this machine: apt-get install nginx-light"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def benchmark(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a benchmark as a user does, and keep its table."""
    name, *options = shlex.split(command.format(folder=folder))
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options, "--output", f"{folder}/table.md"],
        cwd=user.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_benchmark_is_run_whole() -> None:
    """Each program in benchmarks/ stands in QUICK or SLOW, and on the page with its command."""
    assert sorted({whole.name for whole in (*QUICK, *SLOW)}) == PROGRAMS
    page = (user.ROOT / "docs" / "benchmarks.md").read_text()
    assert [name for name in PROGRAMS if f"python -m benchmarks.{name}" not in page] == []


@pytest.mark.parametrize("whole", CASES)
def test_a_whole_benchmark(whole: Whole, tmp_path: Path) -> None:
    """It ends as it says, and its tables have all their rows, with figures in them."""
    if whole.needs_nginx:
        nginx_or_skip()
    done = benchmark(whole.command, tmp_path)
    assert done.returncode in whole.codes, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "table.md").read_text() + "\n" == done.stdout
    tables = tables_in(done.stdout)
    for table, rows in zip(tables, whole.rows, strict=True):
        assert len(table) - 1 == rows or rows is None
    assert tuple(table[0][0] for table in tables) == whole.heads
    for table in tables:
        for row in table[1:]:
            assert re.search(r"[0-9]", " ".join(row[1:])), row
    if whole.check:
        whole.check(tables, tmp_path)


@pytest.mark.parametrize("program", [cost, freeze, paced], ids=lambda p: p.__name__)
def test_without_nginx_one_line_says_so(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 6, which the page explains, and no traceback."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(sys, "argv", [program.__name__])
    with pytest.raises(SystemExit) as ended:
        end_with(program.main)
    assert ended.value.code == 6
    printed = capsys.readouterr()
    assert printed.err == "No figures: nginx is not installed (Debian: nginx-light)\n"
    assert printed.out == ""
    assert "No figures" in (user.ROOT / "docs" / "benchmarks.md").read_text()


def test_the_server_does_not_count_who_asks_for_its_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So a load test that still starts is never taken for one that sends.

    Other tools that are not there are left out, and without any there are no figures.
    """
    nginx_or_skip()
    with nginx() as server:
        before = server.requests()
        assert [server.requests() - before for _ in range(5)] == [0] * 5
        requests.get(server.url, timeout=10)
        assert server.requests() - before == 1
        monkeypatch.setattr("benchmarks.peers._from_debian", lambda _: False)
        monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
        with pytest.raises(NoFigures, match=r"^hey is not installed \(Debian: hey\)$"):
            freeze.hey(server, 2, tmp_path)


def test_the_words_of_a_load_test_that_fails_are_passed_on(tmp_path: Path) -> None:
    """One line, without a traceback."""
    done = benchmark("truth --seconds 1 --only 'M/D/1 at 50%'", tmp_path)
    assert done.returncode == 6
    assert done.stderr.startswith("No figures: load_test.py ended with 2: TIME_BETWEEN_RAMP = 1:")
    assert len(done.stderr.splitlines()) == 1


def test_a_name_that_no_benchmark_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Not an empty table, which says nothing."""
    made = parser("", rounds=1)
    assert named(made, "--peers", "", PEERS) == list(PEERS)
    assert [peer.name for peer in named(made, "--peers", "hey,wrk", PEERS)] == ["wrk", "hey"]
    assert beginning(made, "M/D", SERVERS) == list(SERVERS[:3])
    for choose in (
        lambda: named(made, "--peers", "wrk,wrkk", PEERS),
        lambda: beginning(made, "M/Q", SERVERS),
    ):
        with pytest.raises(SystemExit):
            choose()
    errors = capsys.readouterr().err
    assert "--peers wrk,wrkk: 'wrkk' is none of wrk, edgeload, ab" in errors
    assert "--only M/Q: no name begins so; M/D/1 at 50%, " in errors


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every benchmark, for every file that it writes; and nothing is left of the try."""
    program = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    for option in ("--output", "--json")[: 2 if name == "soak" else 1]:
        for path in (tmp_path / "missing" / "table.md", tmp_path):
            monkeypatch.setattr(sys, "argv", [name, option, str(path)])
            with pytest.raises(SystemExit) as ended:
                program.main()
            assert ended.value.code == 2
            line = capsys.readouterr().err.splitlines()[-1]
            assert f"argument {option}: {str(path)!r} cannot be written (" in line
    assert output_file(str(tmp_path / "table.md")) == tmp_path / "table.md"
    assert list(tmp_path.iterdir()) == []


def test_theory_of_a_server_that_stands_still() -> None:
    """A sixth of the requests is late by 0 to 1 s, evenly."""
    assert freeze.theory_ms(6) == pytest.approx((400.0, 700.0, 940.0))
    assert freeze.theory_ms(20) == pytest.approx((0.0, 0.0, 800.0))
