"""Bounds on ages against queues whose ages are known: the promised rates of error, and runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic_log as sl

from edgeload import exit_codes
from edgeload.camera_group import CameraGroup
from edgeload.objectives import parse_objective
from edgeload.plan import mix_plan
from edgeload.read.analysis.age_bound import JudgedAge, judge_age, least_answers
from edgeload.read.analysis.camera_age import BATCHES, AgeWindow
from edgeload.read.analysis.objective_results import ObjectiveResult, Sample, merged, result_of
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.analysis.window_times import WindowTimes
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code
from edgeload.read.statistics.age import AgeSpans, age_spans
from edgeload.read.statistics.percentiles import enough
from edgeload.read.statistics.windows import Window
from edgeload.read.words.objective_words import measured_words

_CAMERAS = 4


def _queues(
    chance: np.random.Generator, span_s: float, load: float, poisson: bool
) -> tuple[AgeSpans, AgeWindow]:
    """Four cameras, each with a server of its own that takes 100 ms on average (exponential)."""
    frames = int(span_s * load * 10 * 1.3 + 350)
    camera, due, answered = [], [], []
    for number in range(_CAMERAS):
        if poisson:
            due_s = np.cumsum(chance.exponential(0.1 / load, frames))
        else:
            due_s = np.arange(frames, dtype=np.float64) * (0.1 / load) + chance.random()
        service_s = chance.exponential(0.1, frames)
        total_s = np.cumsum(service_s)  # Lindley's recursion, unrolled
        answered.append(total_s + np.maximum.accumulate(due_s - (total_s - service_s)))
        due.append(due_s)
        camera.append(np.full(frames, number))
    window = Window(20.0, 20.0 + span_s)
    always = np.full(_CAMERAS, np.inf)
    spans = age_spans(
        np.concatenate(camera),
        np.concatenate(due),
        np.concatenate(answered),
        -always,
        always,
        window,
    )
    return spans, _window(spans, window)


def _window(spans: AgeSpans, window: Window) -> AgeWindow:
    answered = np.flatnonzero(spans.end_s < window.end_s)
    answered = answered[np.argsort(spans.end_s[answered])]
    edges_s = np.linspace(window.start_s, window.end_s, BATCHES + 1)
    return AgeWindow(
        spans.split(edges_s), (spans.end_s - spans.newest_due_s)[answered], queued=True
    )


def _judge(window: AgeWindow, quantile: float, bound_s: float) -> JudgedAge:
    judged = judge_age([window], quantile, bound_s, len(window.peaks_s))
    assert judged is not None
    return judged


@pytest.mark.slow
@pytest.mark.parametrize("poisson", [True, False])
@pytest.mark.parametrize(
    ("quantile", "load", "span_s"), [(0.95, 0.5, 10.0), (0.95, 0.5, 40.0), (0.95, 0.8, 100.0),
                                     (0.5, 0.5, 20.0)],
)  # fmt: skip
def test_a_wrong_verdict_is_as_rare_as_promised(
    quantile: float, load: float, span_s: float, poisson: bool
) -> None:
    """At the true percentile, from long runs, a verdict is wrong in at most 5 of 100 windows each.

    With other bounds verdicts come: far above it nearly all windows of 40 s and more pass, and far
    below it they fail.
    """
    chance = np.random.default_rng(7)
    long = [_queues(chance, 8000.0, load, poisson)[0].quantile(quantile) for _ in range(4)]
    true_s = float(np.mean(long))
    windows = [_queues(chance, span_s, load, poisson)[1] for _ in range(200)]
    judged = [_judge(window, quantile, true_s) for window in windows]
    most = 200 * 0.05 + 3 * math.sqrt(200 * 0.05 * 0.95)
    assert sum(each.held for each in judged) <= most
    assert sum(each.exceeded for each in judged) <= most
    assert sum(each.low_s is not None and each.low_s > true_s for each in judged) <= most
    assert sum(each.high_s is not None and each.high_s < true_s for each in judged) <= most
    if span_s == 40.0:
        assert sum(_judge(window, quantile, 2.0 * true_s).held for window in windows) > 180
        assert sum(_judge(window, quantile, 0.6 * true_s).exceeded for window in windows) > 180


def test_interval_and_verdict_agree() -> None:
    """Held bounds lie above the interval, exceeded ones below, all others inside."""
    chance = np.random.default_rng(3)
    verdicts = set()
    for _ in range(20):
        _, window = _queues(chance, 40.0, 0.5, poisson=False)
        for bound_s in (0.1, 0.3, 0.45, 0.5, 0.6, 0.8, 1.5):
            judged = _judge(window, 0.95, bound_s)
            assert judged.low_s is not None
            assert judged.low_s <= judged.value_s
            assert judged.exceeded == (bound_s < judged.low_s)
            high_s = math.inf if judged.high_s is None else judged.high_s
            assert judged.value_s <= high_s
            assert judged.held == (bound_s >= high_s)
            verdicts.add((judged.exceeded, judged.held))
    assert verdicts == {(True, False), (False, True), (False, False)}


def _steady(answers: int, response_s: float = 0.1) -> AgeWindow:
    """One camera at 10/s, answered after the same time each: so many answers in the window."""
    due_s = np.arange(-20, answers + 30) / 10
    window = Window(0.05, 0.05 + answers / 10)
    always = np.full(1, np.inf)
    camera = np.zeros(len(due_s), np.int64)
    spans = age_spans(camera, due_s, due_s + response_s, -always, always, window)
    return _window(spans, window)


@pytest.mark.parametrize(("quantile", "answers"), [(0.95, 59), (0.99, 299), (0.5, 59)])
def test_what_it_takes_to_claim_with_no_breach_seen(quantile: float, answers: int) -> None:
    """Ages of 100 to 200 ms hold 300 ms: 59 answers show it for p95, 299 for p99, as for times."""
    assert least_answers(quantile) == answers
    assert enough(answers, quantile)
    few, many = _steady(answers - 1), _steady(answers)
    assert (len(few.peaks_s), len(many.peaks_s)) == (answers - 1, answers)
    assert not _judge(few, quantile, 0.3).held
    assert _judge(few, quantile, 0.3).high_s is None
    assert _judge(many, quantile, 0.3).held


def _run(
    path: Path, *slo: str, late: str = "queue", clients: int = 10, **changes: object
) -> RunSummary:
    """Cameras at 2/s, each of which may wait for a single server of 50 ms (20/s)."""
    plan = sl.plan_of([clients], 40, 2.0, late=late)
    played = sl.play(plan, servers=1, service=sl.constant(0.05), **changes)  # type: ignore[arg-type]
    log = read_log(sl.write(path, played, slo=list(slo)))
    return analyse(log)


def _only(summary: RunSummary) -> ObjectiveResult:
    (result,) = summary.objectives
    return result


def test_a_run_meets_or_misses_a_bound_on_age(tmp_path: Path) -> None:
    """8 cameras that the box carries: ages up to a period and a response; exit codes 0 and 3."""
    good = _run(tmp_path / "good", "age p95<1s", clients=8)
    result = _only(good)
    assert (result.status, exit_code(good)) == ("pass", exit_codes.OK)
    assert result.value is not None
    assert 0.5 <= result.value <= 0.5 + 8 * 0.05
    assert result.n == good.steps[0].within.ok
    bad = _run(tmp_path / "bad", "age p50<0.2s", clients=8)
    assert (_only(bad).status, exit_code(bad)) == ("fail", exit_codes.OBJECTIVE_FAILED)


def test_overload_meets_a_bound_on_age_only_if_frames_give_way(tmp_path: Path) -> None:
    """20 cameras ask for twice what the box carries. If they keep the newest frame, the age stays
    under 2.5 s; if they queue, it grows with the backlog, and no bound is met.
    """
    latest = _only(_run(tmp_path / "latest", "age p95<3s", late="latest", clients=20))
    assert (latest.status, latest.overloaded) == ("pass", False)
    queue = _only(_run(tmp_path / "queue", "age p95<3s", clients=20))
    assert queue.status == "fail"
    so_far = _only(_run(tmp_path / "so_far", "age p95<60s", clients=20))
    assert so_far.status != "pass"


def _sample(window: AgeWindow, *, overloaded: bool = False) -> Sample:
    """A sample of one window; only its ages and the number of its frames matter."""
    frames, none = len(window.peaks_s), np.zeros(0)
    length_s = sum(batch.time_s for batch in window.batches)
    return Sample(
        length_s=length_s,
        times=WindowTimes(none, none, 0, 0),
        missed=0,
        failed=np.zeros(frames, dtype=np.bool_),
        not_edge=np.zeros(0, dtype=np.bool_),
        outage_s=(0.0, 0.0),
        overloaded=overloaded,
        done=none,
        due=none,
        step_s=length_s,
        ages=(window,),
    )


def test_an_age_that_holds_only_so_far_is_not_met() -> None:
    """Within the bound, but a backlog grew: cameras that queue will exceed it, others will not."""
    window = _steady(100)
    asked = parse_objective("age p95<300ms")
    result = result_of(asked, _sample(window, overloaded=True))
    assert (result.status, result.overloaded) == ("fail", True)
    result = result_of(asked, _sample(replace(window, queued=False), overloaded=True))
    assert (result.status, result.overloaded) == ("pass", False)
    other = _sample(_steady(100, response_s=0.12))
    together = result_of(asked, merged([other, _sample(window, overloaded=True)]))
    assert (together.status, together.n) == ("fail", 200)


def test_cameras_without_an_answer_miss_every_bound(tmp_path: Path) -> None:
    """All requests fail: the age is never, over 1000 s too, and in words."""
    result = _only(
        _run(tmp_path / "log", "age p95<1000s", clients=8, outcome=lambda chance, at_s: "timeout")
    )
    assert (result.status, result.value) == ("fail", math.inf)
    assert "had no answer yet" in measured_words(result)


def test_an_age_that_grew_in_an_outage_is_judged_by_its_time(tmp_path: Path) -> None:
    """No answer from 20 to 26 s of 40: about 6 s of 38 are over a second, so p95 is not met."""
    result = _only(
        _run(
            tmp_path / "log",
            "age p50<1s",
            clients=8,
            outcome=lambda chance, at_s: "timeout" if 20 <= at_s < 26 else "ok",
        )
    )
    assert result.value is not None
    assert result.value < 1.0
    spoiled = analyse(read_log(tmp_path / "log"), [parse_objective("age p95<1s")])
    assert spoiled.objectives[0].value == pytest.approx(6.0 + 0.5 - 0.05 * 38, abs=0.5)
    assert spoiled.objectives[0].status != "pass"


def test_steps_are_judged_alone_and_those_of_one_load_together(tmp_path: Path) -> None:
    """A load's age is that of all its steps' time; a step's is its own."""
    plan = sl.plan_of([8, 8], 20, 2.0)
    path = sl.write(tmp_path / "log", sl.play(plan, servers=1, service=sl.constant(0.05)))
    asked = [parse_objective(text) for text in ("each step: age p95<1s", "age p95<1s")]
    first, second, whole = analyse(read_log(path), asked).objectives
    assert (first.step, second.step, whole.step) == (0, 1, None)
    assert first.value is not None
    assert second.value is not None
    assert whole.value is not None
    assert first.value < whole.value + 1e-9 < second.value + 2e-9
    assert whole.n == first.n + second.n


def test_more_seconds_decide() -> None:
    """30 answers without a breach ask for the time of 29 more; windows so much longer pass."""
    asked = parse_objective("age p95<300ms")
    result = result_of(asked, _sample(_steady(30)))
    assert result.status == "undecided"
    assert result.extra_seconds_needed == pytest.approx(2.9)
    assert result_of(asked, _sample(_steady(30 + 29))).status == "pass"


def test_a_log_without_due_times_says_nothing_of_ages() -> None:
    """What was not measured is not met."""
    path = Path(__file__).parents[1] / "yesterday" / "older.log.gz"
    result = analyse(read_log(path), [parse_objective("age p95<1s")]).objectives[0]
    assert (result.status, result.value) == ("fail", None)


def test_the_words_name_the_percentile_and_its_limits(tmp_path: Path) -> None:
    """`age p95 812 ms (800 ms to 850 ms)`, in the form of other times."""
    result = _only(_run(tmp_path / "log", "age p95<1s", clients=8))
    said = measured_words(replace(result, value=0.812, low=0.8, high=0.85))
    assert said == "age p95 812 ms (800 ms to 850 ms)"


def test_a_bound_on_the_age_of_one_group_is_about_its_cameras(tmp_path: Path) -> None:
    """One group's pool has twice the load that it carries, the other's is idle: each is judged."""
    groups = (
        CameraGroup("door", 10, 4.0, late="latest"),
        CameraGroup("yard", 4, 4.0, late="latest"),
    )
    pools = {"door": sl.Pool(1, sl.constant(0.05)), "yard": sl.Pool(4, sl.constant(0.05))}
    played = sl.play_mix(mix_plan(groups, [1], 40.0), pools)
    asked = [parse_objective(f"{name}: age p95<400ms") for name in ("door", "yard")]
    log = read_log(sl.write(tmp_path / "log", played))
    results = {result.objective.group: result for result in analyse(log, asked).objectives}
    assert (results["door"].status, results["yard"].status) == ("fail", "pass")
    assert results["yard"].value == pytest.approx(0.05 + 0.95 * 0.25)
