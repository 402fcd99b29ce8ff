"""The three scripts as a user runs them, with their times and rates, which a busy machine changes.

The endpoint is the embedded one in processes of its own, or a server that records what it is asked.
"""

from __future__ import annotations

from pathlib import Path

import as_a_user as user
import pytest

from edgeload.simulator.launch import running_simulator


@pytest.mark.slow
def test_through_saturation(tmp_path: Path) -> None:
    """D/D/4 of 50 ms carries 80/s: measured within 3 %, every request accounted for."""
    with running_simulator(["--inference-workers", "4", "--service-time", "50ms"]) as simulator:
        ended = user.run(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "10,30,60",
            "--time-between-ramp", "6", "--requests-per-second", "2",
        )  # fmt: skip
        user.check_done(tmp_path, ended)
        stats = simulator.stats()
    found = user.summary(tmp_path)
    assert found["totals"]["planned"] == (10 + 30 + 60) * 6 * 2
    assert found["totals"]["failed"] == 0
    below, near, beyond = found["steps"]
    assert below["missed"] == near["missed"] == 0
    assert beyond["missed"] > 0
    assert near["throughput_per_s"] == pytest.approx(60, rel=0.03)
    assert beyond["throughput_per_s"] == pytest.approx(80, rel=0.03)
    assert found["capacity"]["clients"] == 30
    sent = user.requests_in(tmp_path)
    assert stats["received"] == stats["answered"] == len(sent) == found["totals"]["sent"]


@pytest.mark.slow
def test_a_stall_shows_in_response_time_only(tmp_path: Path) -> None:
    """The endpoint stops for 2 s: response time says so, service time of the others does not.

    Only the requests in flight at the stall, one per client, have a long service time. The others
    waited for their client, which only the count from the due time sees. None of it is ours.
    """
    with running_simulator(["--inference-workers", "8", "--service-time", "20ms"]) as simulator:
        process = user.start(
            tmp_path, "load_test.py", "--endpoint-url", simulator.url,
            "--detector-id", user.DETECTOR_ID, "--custom-ramp", "4",
            "--time-between-ramp", "10", "--requests-per-second", "10", "--warmup", "0",
        )  # fmt: skip
        user.wait_for_answers(tmp_path, 100)
        simulator.stall(2.0)
        assert user.finish(process).code == 0
        stats = simulator.stats()
    requests = user.requests_in(tmp_path)
    assert len(requests) == 400 == stats["received"]
    response = sorted(r.done_s - r.due_s for r in requests)
    # 20 dues a client fall into the stall; the k-th of them waits 2 s - k/10 and a little.
    assert response[int(0.99 * 400) - 1] > 1.6
    stalled = [r for r in requests if r.latency > 0.5]
    assert 1 <= len(stalled) <= 4
    others = sorted(r.latency for r in requests if r.latency <= 0.5)
    assert others[int(0.99 * len(others))] < 0.2
    previous: dict[int, float] = {}
    lag = []
    for r in sorted(requests, key=lambda r: r.request_number):
        lag.append(r.sent_s - max(r.due_s, previous.get(r.worker_number, 0.0)))
        previous[r.worker_number] = r.done_s
    assert sorted(lag)[int(0.9 * len(lag))] < 0.01


@pytest.mark.parametrize(
    ("slo", "code", "verdict"),
    [
        ("p50 service<10ms", 3, "fail"),
        pytest.param("p95<2s", 0, "pass", marks=pytest.mark.slow),
        pytest.param("p99.9<2s", 0, "undecided", marks=pytest.mark.slow),
    ],
)
def test_an_objective_decides_the_exit_code(
    tmp_path: Path, slo: str, code: int, verdict: str
) -> None:
    """Met: 0; not met: 3; too few requests to tell, which is no failure: 0."""
    ended = user.run(
        tmp_path, "load_test.py", "--custom-ramp", "8", "--time-between-ramp", "4", "--slo", slo
    )
    if user.summary(tmp_path)["validity"]["verdict"] == "INVALID":
        user.check_done(tmp_path, ended)
        pytest.skip("this machine was too busy for a valid run")
    assert ended.code == code, ended.err
    (judged,) = user.summary(tmp_path)["objectives"]
    assert judged["verdict"] == verdict
    assert slo in ended.out
