"""Our own delays are found in every request that they touched, and in no other."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest
import synthetic_log as sl

from edgeload.generator_limits import late_limit_s
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.generator_lag import generator_lag
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.log.table_builder import TableBuilder
from edgeload.read.words.finding_words import advice, message
from edgeload.records import Missed, Request, RequestRow, WorkerSample


def _frozen(
    path: Path, from_s: float, until_s: float, *, every: int = 1, samples: bool = True
) -> RunSummary:
    """A run whose clients of worker 0 send and read nothing for a while; 1 of `every` is frozen."""
    plan = sl.plan_of([8], 8, 5.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))

    def thawed(at_s: float) -> float:
        return until_s if from_s <= at_s < until_s else at_s

    requests, free_s = [], dict.fromkeys(range(8), 0.0)
    for r in sorted(played.requests, key=lambda r: r.due_s):
        client = r.worker_number
        held = client % every == 0
        sent_s = max(r.due_s, free_s[client])
        sent_s = thawed(sent_s) if held else sent_s
        done_s = thawed(sent_s + 0.02) if held else sent_s + 0.02
        free_s[client] = done_s
        requests.append(sl.request(client, r.request_number, r.step, r.due_s, sent_s, done_s))
    told = [
        s for s in sl.cpu_samples(plan) if s.worker or not samples or not from_s <= s.at_s < until_s
    ]
    return analyse(read_log(sl.write(path, sl.Played(plan, requests), workers=told)))


def test_what_waited_behind_a_late_request_is_late(tmp_path: Path) -> None:
    """A worker frozen for 2 s: each of its clients has one late request and nine behind it."""
    summary = _frozen(tmp_path / "log", 3.0, 5.0, every=2, samples=False)
    (step,) = summary.steps
    assert step.generator.late_share == pytest.approx(4 * 10 / (8 * 5 * 6), abs=0.03)
    assert {doubt.code for doubt in step.doubts} == {"generator_late"}


def test_a_worker_that_takes_no_samples_stood_still(tmp_path: Path) -> None:
    """3 s of an 8 s step: the gap between its own samples tells, whatever its requests say."""
    summary = _frozen(tmp_path / "log", 3.0, 6.0, every=2)
    doubts = {doubt.code: doubt for doubt in summary.doubts}
    assert doubts["worker_stood_still"].numbers["worker"] == 0
    assert doubts["worker_stood_still"].numbers["gap_s"] == pytest.approx(4.0)
    assert not summary.valid


def test_a_worker_frozen_for_ever_stood_still(tmp_path: Path) -> None:
    """Its clients are never served again, it writes nothing, and nobody saw it die."""
    plan = sl.plan_of([8], 8, 5.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    kept = [r for r in played.requests if r.worker_number % 2 or r.done_s < 3.0]
    told = [s for s in sl.cpu_samples(plan) if s.worker or s.at_s < 3.0]
    log = read_log(sl.write(tmp_path / "log", sl.Played(plan, kept), workers=told))
    summary = analyse(log)
    assert "worker_stood_still" in {doubt.code for doubt in summary.doubts}


@pytest.mark.parametrize(
    ("core_wait_s", "limit"),
    [(0.08, "generator"), (0.004, "inference_workers"), (None, "inference_workers")],
)
def test_answers_that_lie_unread_are_not_slow_ones(
    tmp_path: Path, core_wait_s: float | None, limit: str
) -> None:
    """Each client waits for its answer, so nothing is sent late: the kernel's account tells."""
    plan = sl.plan_of([4, 16], 20, 5.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.08))
    told = sl.cpu_samples(plan, core_wait_s=core_wait_s)
    summary = analyse(read_log(sl.write(tmp_path / "log", played, workers=told)))
    starved = core_wait_s == 0.08
    assert [step.generator.core_wait_s for step in summary.steps] == pytest.approx(
        [core_wait_s] * 2
    )
    assert {doubt.code for doubt in summary.doubts} == ({"generator_starved"} if starved else set())
    assert [step.state for step in summary.steps] == (
        ["invalid"] * 2 if starved else ["carried", "not carried"]
    )
    assert summary.limit is not None
    assert summary.limit.resource == limit
    (missed,) = (finding for finding in find(summary) if finding.code == "missed")
    assert ("the load generator's own fault" in advice(missed)) == starved
    assert ("still waiting for earlier answers" in advice(missed)) != starved


@pytest.mark.parametrize(("stops_per_s", "stopped"), [(1.0, True), (0.25, False), (0.0, False)])
def test_pauses_by_our_own_cpu_limit_are_not_the_endpoints(
    tmp_path: Path, stops_per_s: float, stopped: bool
) -> None:
    """1 of 10 periods is too much, 1 of 40 is not; and it is said in how many."""
    plan = sl.plan_of([4, 16], 20, 5.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.08))
    told = sl.cpu_samples(plan, limit_stops_per_s=stops_per_s)
    summary = analyse(read_log(sl.write(tmp_path / "log", played, workers=told)))
    assert {doubt.code for doubt in summary.doubts} == ({"generator_limited"} if stopped else set())
    assert summary.limit is not None
    assert summary.limit.resource == ("generator" if stopped else "inference_workers")
    for doubt in summary.doubts:
        assert doubt.numbers == {"stops": 18, "periods": 180}


@pytest.mark.parametrize(("share", "stolen"), [(0.06, True), (0.04, False), (0.0, False)])
def test_what_a_hypervisor_took_is_not_the_endpoints(
    tmp_path: Path, share: float, stolen: bool
) -> None:
    """More than 5 % of the time; of the machine of a cluster that lost most."""
    plan = sl.plan_of([4, 16], 20, 5.0)
    played = sl.play(plan, servers=4, service=sl.constant(0.08))
    told = [*sl.machine_samples(plan, 0.01, "a"), *sl.machine_samples(plan, share, "b")]
    summary = analyse(read_log(sl.write(tmp_path / "log", played, machines=told)))
    lost = max(share, 0.01)
    assert [s.generator.stolen_share for s in summary.steps] == pytest.approx([lost] * 2)
    assert {doubt.code for doubt in summary.doubts} == ({"generator_stolen"} if stolen else set())
    assert summary.limit is not None
    assert summary.limit.resource == ("generator" if stolen else "inference_workers")
    for doubt in summary.doubts:
        assert message(doubt).endswith("took the load generator's CPUs away for 6.0 % of the time")


@pytest.mark.parametrize(
    ("wait_s", "taken", "kernel"),
    [
        (
            0.004,
            0.03,
            "a worker waited for a core 4.0 % of the time and the hypervisor ran another",
        ),
        (0.0002, 0.03, "account, the hypervisor ran another virtual machine 3.0 % of the time"),
        (0.004, 0.0, "account, a worker waited for a core 4.0 % of the time"),
        (None, 0.0, ""),
    ],
)
def test_late_sends_are_explained_as_far_as_the_kernel_can(
    tmp_path: Path, wait_s: float | None, taken: float, kernel: str
) -> None:
    """By the part of the time for which it kept our processes from sending, if it did."""
    plan = sl.plan_of([20], 20, 5.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    late = [
        sl.request(
            r.worker_number, r.request_number, r.step, r.due_s, r.sent_s + 0.05, r.done_s + 0.05
        )
        for r in played.requests
    ]
    workers, machines = sl.cpu_samples(plan, core_wait_s=wait_s), sl.machine_samples(plan, taken)
    log = sl.write(tmp_path / "log", sl.Played(plan, late), workers=workers, machines=machines)
    (doubt,) = analyse(read_log(log)).doubts
    assert doubt.code == "generator_late"
    assert kernel in message(doubt)
    assert ("kernel" in message(doubt)) == bool(kernel)


def test_a_worker_that_had_nothing_more_to_send_did_not_stand_still(tmp_path: Path) -> None:
    """Its last request was answered early in a step of slow Poisson clients: no fault of ours."""
    plan = sl.plan_of([2], 60, 0.1, arrivals="poisson", seed=3)
    played = sl.play(plan, servers=2, service=sl.constant(0.02))
    last_s = {c: max(r.done_s for r in played.requests if r.worker_number == c) for c in (0, 1)}
    told = [s for s in sl.cpu_samples(plan) if s.at_s <= last_s[s.worker] + 1]
    assert min(last_s.values()) < 55
    summary = analyse(read_log(sl.write(tmp_path / "log", played, workers=told)))
    assert summary.valid


@pytest.mark.parametrize("load", [0.5, 1.2])
def test_waiting_for_the_endpoint_is_never_ours(tmp_path: Path, load: float) -> None:
    """Whatever the queue, with lags of 1 ms on each send: nothing is late, nothing handed on."""
    plan = sl.plan_of([20], 10, 4.0)
    played = sl.play(plan, servers=4, service=sl.constant(4 * load / 80), lag=lambda chance: 0.001)
    requests = read_log(sl.write(tmp_path / "log", played)).requests
    assert not generator_lag(requests, late_limit_s(4.0)).late.any()


def test_delays_are_those_of_a_run_without_the_lag() -> None:
    """Against the definition: send times with our lags less those without them, per client."""
    for seed in range(20):
        chance = random.Random(seed)
        service_s = [chance.uniform(0.01, 0.3) for _ in range(60)]
        due_s = np.arange(60) * 0.2

        def sent(lags: list[float], service_s: list[float] = service_s) -> list[float]:
            free_s, found = 0.0, []
            for at_s, lag_s, took_s in zip(np.arange(60) * 0.2, lags, service_s, strict=True):
                found.append(max(float(at_s), free_s) + lag_s)
                free_s = found[-1] + took_s
            return found

        lags = [chance.choice([0.0] * 9 + [1.0]) for _ in range(60)]
        with_s, without_s = sent(lags), sent([0.0] * 60)
        late = [a - b > 0.02 + 1e-9 for a, b in zip(with_s, without_s, strict=True)]
        rows = [
            sl.request(0, n + 1, 0, float(due_s[n]), with_s[n], with_s[n] + service_s[n])
            for n in range(60)
        ]
        assert _late(rows) == late


def _late(rows: list[Request]) -> list[bool]:
    """What the analysis says of rows with a period of 0.2 s, whose limit is 20 ms."""
    builder = TableBuilder()
    builder.add([msgspec.json.decode(msgspec.json.encode(row), type=RequestRow) for row in rows])
    found: list[bool] = generator_lag(builder.columns(), late_limit_s(5.0)).late.tolist()
    return found


def test_the_sdks_client_may_wait_without_a_sample(tmp_path: Path) -> None:
    """Its process samples itself between calls only: rare requests leave gaps without a fault."""
    plan = sl.plan_of([2], 40, 0.2)
    played = sl.play(plan, servers=2, service=sl.constant(0.05))
    told = [
        WorkerSample(sl.WALL_S + r.done_s, r.worker_number, 100, r.done_s, 0.1, 0, 0, 0)
        for r in played.requests
    ]
    for client, valid in (("sdk", True), ("http", False)):
        path = sl.write(tmp_path / client, played, workers=told, client=client)
        assert analyse(read_log(path)).valid == valid


def test_a_frozen_worker_that_is_killed_in_the_end_stood_still(tmp_path: Path) -> None:
    """The run does not wait for it for ever: it dies long after the step in which it froze."""
    plan = sl.plan_of([8], 8, 1.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    kept = [r for r in played.requests if r.worker_number % 2 or r.done_s < 3.0]
    told = [s for s in sl.cpu_samples(plan) if s.worker or s.at_s < 3.0]
    log = read_log(
        sl.write(tmp_path / "log", sl.Played(plan, kept), workers=told, deaths=[sl.death(0, 21.0)])
    )
    found = {doubt.code: doubt for doubt in analyse(log).doubts}
    assert found["worker_stood_still"].numbers["worker"] == 0
    assert not analyse(log).bracket.ceiling


def test_a_client_that_is_never_served_again_makes_a_step_invalid(tmp_path: Path) -> None:
    """One of 100: nothing is written down of it, so nobody can say that the endpoint was slow."""
    plan = sl.plan_of([100], 10, 2.0)
    played = sl.play(plan, servers=50, service=sl.constant(0.02))
    kept = [r for r in played.requests if r.worker_number != 7 or r.done_s < 3.0]
    summary = analyse(read_log(sl.write(tmp_path / "log", sl.Played(plan, kept))))
    assert {doubt.code for doubt in summary.doubts} == {"unaccounted", "clients_idle"}
    missed = [
        Missed(0.0, 7, r.request_number, r.step, r.due_s, "late")
        for r in played.requests
        if r.worker_number == 7 and r.done_s >= 3.0
    ]
    told = analyse(read_log(sl.write(tmp_path / "told", sl.Played(plan, kept, missed))))
    assert {doubt.code for doubt in told.doubts} == {"clients_idle"}
