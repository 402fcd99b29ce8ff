"""The ages of a log's cameras: which count, from when on, and what theory says of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, RampStep, mix_plan, one_group_plan, ramp_steps
from edgeload.read.analysis.camera_age import age_in, age_spans_in
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Window


def _steady(plan: Plan, path: Path, service_s: float = 0.05) -> RunLog:
    pools = {g.name: sl.Pool(100, sl.constant(service_s)) for g in plan.groups}
    return read_log(sl.write(path, sl.play_mix(plan, pools)))


def test_each_group_has_its_own_ages(tmp_path: Path) -> None:
    """Cameras at 5/s and at 1/s, 50 ms each: uniform on [50 ms, 50 ms + period] for either."""
    groups = (CameraGroup("fast", 3, 5.0), CameraGroup("slow", 2, 1.0))
    log = _steady(mix_plan(groups, [1, 2], 10.0), tmp_path / "log")
    assert log.plan is not None
    for step in log.steps:
        window = Window(step.start_s + 4.0, step.end_s)
        for index, period_s in ((0, 0.2), (1, 1.0)):
            found = age_in(log, log.plan.clients_of(index, step), window)
            assert found is not None
            assert found.p50_s == pytest.approx(0.05 + 0.5 * period_s)
            assert found.p95_s == pytest.approx(0.05 + 0.95 * period_s)
            assert found.max_s == pytest.approx(0.05 + period_s)


def test_frames_of_several_requests_have_their_answer_with_the_last(tmp_path: Path) -> None:
    """A first answer and followers of 50 ms each: the picture is 100 ms old when it is known."""
    plan = mix_plan((CameraGroup("chained", 2, 5.0, requests_per_frame=3),), [1], 10.0)
    found = age_in(_steady(plan, tmp_path / "log"), [0, 1], Window(4.0, 10.0))
    assert found is not None
    assert found.p50_s == pytest.approx(0.1 + 0.1)


def test_a_camera_counts_from_its_first_due_frame_on(tmp_path: Path) -> None:
    """Between that and its first answer it is never; before, and with no frame due, not at all."""
    plan = sl.plan_of([3], 10, 0.5)
    log = _steady(plan, tmp_path / "log", service_s=0.25)
    first_s = [next(plan.step_dues(client, plan.steps[0])) for client in range(3)]
    spans = age_spans_in(log, range(3), Window(0.0, 10.0))
    assert spans is not None
    assert spans.time_s == pytest.approx(sum(10.0 - due_s for due_s in first_s))
    assert spans.share_above(1e6) * spans.time_s == pytest.approx(3 * 0.25)
    assert age_in(log, [0], Window(0.0, first_s[0])) is None
    assert age_in(log, [], Window(0.0, 10.0)) is None
    assert age_in(log, [99], Window(0.0, 10.0)) is None


def test_a_camera_that_pauses_begins_anew(tmp_path: Path) -> None:
    """Steps of 3, 1, 3 clients: in the last, nothing is as old as the picture of before the pause.

    Nor does anyone grow old in the step in which it does not send.
    """
    log = _steady(sl.plan_of([3, 1, 3], 10, 2.0), tmp_path / "log")
    pause = age_in(log, range(3), Window(10.0, 20.0))
    assert pause is not None
    assert pause.max_s == pytest.approx(0.05 + 0.5)
    again = age_spans_in(log, range(3), Window(20.0, 30.0))
    assert again is not None
    assert again.share_above(0.05 + 0.5 + 1e-9) * again.time_s == pytest.approx(2 * 0.05)
    settled = age_in(log, range(3), Window(21.0, 30.0))
    assert settled is not None
    assert settled.max_s == pytest.approx(0.55)


def test_cameras_that_a_step_names_count_alone(tmp_path: Path) -> None:
    """A step in which only some cameras of a group send has the ages of those."""
    groups = (CameraGroup("a", 2, 2.0), CameraGroup("b", 2, 2.0))
    steps = (RampStep(0, 4, 0.0, 10.0), RampStep(1, 4, 10.0, 20.0, cameras=(1, 0)))
    log = _steady(Plan(steps, groups), tmp_path / "log")
    spans = age_spans_in(log, range(4), Window(14.0, 20.0))
    assert spans is not None
    assert spans.time_s == pytest.approx(6.0)
    assert spans.max_s == pytest.approx(0.55)


def test_a_closed_loop_counts_from_the_start_of_its_step(tmp_path: Path) -> None:
    """Answers of 50 ms, each asked for at once: uniform on [50 ms, 100 ms]."""
    plan = one_group_plan(ramp_steps([2], 10.0), None)
    log = _steady(plan, tmp_path / "log")
    found = age_in(log, [0, 1], Window(1.0, 10.0))
    assert found is not None
    assert found.p50_s == pytest.approx(0.075, abs=1e-6)
    whole = age_spans_in(log, [0, 1], Window(0.0, 10.0))
    assert whole is not None
    assert whole.time_s == pytest.approx(20.0)


def test_failed_frames_let_the_picture_grow_old(tmp_path: Path) -> None:
    """No good answer from 4 to 6 s: the age grows by a second each second until one comes."""
    played = sl.play(
        sl.plan_of([1], 10, 5.0),
        servers=2,
        service=sl.constant(0.05),
        outcome=lambda chance, sent_s: "timeout" if 4.0 <= sent_s < 6.0 else "ok",
    )
    log = read_log(sl.write(tmp_path / "log", played))
    found = age_in(log, [0], Window(2.0, 10.0))
    good = [r for r in played.requests if r.success]
    before_s = max(r.due_s for r in good if r.due_s < 4.0)
    after_s = min(r.done_s for r in good if r.due_s > 4.0)
    assert found is not None
    assert found.max_s == pytest.approx(after_s - before_s)


def test_a_log_of_the_older_form_knows_no_ages() -> None:
    """It does not say when frames were due."""
    log = read_log(Path(__file__).parents[1] / "yesterday" / "older.log.gz")
    assert age_in(log, [0], Window(0.0, log.last_s)) is None


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_the_mean_age_in_a_queue_is_what_theory_says(tmp_path: Path, load: float) -> None:
    """M/M/1, first come first served: 1/mu (1 + 1/rho + rho^2 / (1 - rho)).

    Kaul, Yates and Gruteser, Real-time status: how often should one update? (INFOCOM 2012). A
    camera that queues its frames, with Poisson arrivals, is that queue. The standard error of the
    mean is taken from 50 batches of time.
    """
    service_s = 0.1
    plan = sl.plan_of([1], 4000, load / service_s, arrivals="poisson")
    played = sl.play(plan, servers=1, service=sl.exponential(service_s))
    log = read_log(sl.write(tmp_path / "log", played))
    window = Window(100.0, 4000.0)
    found = age_in(log, [0], window)
    spans = age_spans_in(log, [0], window)
    assert found is not None
    assert spans is not None
    means = [part.mean_s for part in spans.split(np.linspace(100.0, 4000.0, 51))]
    error_s = float(np.std(means, ddof=1)) / math.sqrt(50)
    expected_s = service_s * (1 + 1 / load + load**2 / (1 - load))
    assert error_s < 0.02 * expected_s
    assert found.mean_s == pytest.approx(expected_s, abs=4 * error_s)


def _overloaded(late: str, path: Path) -> RunLog:
    """20 cameras at 2/s on a box that answers 20/s, so each camera gets one answer a second."""
    plan = sl.plan_of([20], 60, 2.0, late=late)
    return read_log(sl.write(path, sl.play(plan, servers=1, service=sl.constant(0.05))))


def test_in_overload_the_newest_frame_keeps_the_picture_young(tmp_path: Path) -> None:
    """Under `latest` a frame waits at most a period to be sent, so its answer is at most a period
    and a service time old; the next comes within a service time more. Under `queue` the age grows
    with the backlog: the box serves half of the frames, so by half a second each second.
    """
    latest, queue = (_overloaded(late, tmp_path / late) for late in ("latest", "queue"))
    for log in (latest, queue):
        requests = log.requests
        longest_s = float((requests.done_s - requests.sent_s).max())
        assert longest_s <= 20 * 0.05 + 1e-6  # one request of each camera in the queue
    halves = [Window(10.0, 35.0), Window(35.0, 60.0)]
    young = [age_in(latest, range(20), half) for half in halves]
    old = [age_in(queue, range(20), half) for half in halves]
    for found in young:
        assert found is not None
        assert found.max_s <= 0.5 + 1.0 + 1.0 + 1e-6
    assert old[0] is not None
    assert old[1] is not None
    assert old[1].p50_s - old[0].p50_s == pytest.approx(25.0 / 2, rel=0.05)
