"""Roll-outs of runs in which the models, and what they cost, are known."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
import synthetic_log as sl

from edgeload import exit_codes
from edgeload.box_records import ModelRecord
from edgeload.camera_group import CameraGroup
from edgeload.plan import Plan, ramp_steps
from edgeload.read.analysis.differences import differences
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.model_spans import ModelSpan
from edgeload.read.analysis.rollouts import model_turns
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.figures.shown import charts_of, prepare_figures
from edgeload.read.log.open import read_log
from edgeload.read.output.page import html_report
from edgeload.read.output.summary_json import summary_json
from edgeload.read.results.run_results import exit_code
from edgeload.read.words.finding_words import advice, message_with_steps
from edgeload.read.words.headline import headline
from edgeload.read.words.limit import limit
from edgeload.read.words.next_step import next_step
from edgeload.read.words.rollout_words import models_line
from edgeload.records import ROLLOUTS_SEEN

ROLLOUT = (
    sl.model_change(0.3, "mlb_a"),
    sl.model_change(80.0, "mlb_b", "mlb_a"),
    sl.model_gone(85.0, "mlb_a"),
)


def run(
    path: Path,
    models: tuple[ModelRecord, ...] = ROLLOUT,
    outcome: sl.Outcome = lambda chance, sent_s: "ok",
    **settings: Any,
) -> RunSummary:
    """Two steps of 50 and 100 s with 20 requests/s; the first one has half of that."""
    plan = sl.plan_of([10, 20, 20], 50, 1.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.05), outcome=outcome)
    return analyse(read_log(sl.write(path / "log", played, models=models, **settings)))


def failing(from_s: float, until_s: float) -> sl.Outcome:
    """Every request that is sent in a span fails."""
    return lambda chance, sent_s: "http_503" if from_s <= sent_s < until_s else "ok"


def span(model: str, first_s: float, last_s: float) -> ModelSpan:
    return ModelSpan("det_cameras", model, first_s, last_s, last_s == 100.0)


def test_a_turn_has_the_moment_of_the_new_model_and_the_end_of_the_old_one() -> None:
    """Both answered from the first answer of the one to the last of the other."""
    (turn,) = model_turns([span("a", 0.1, 45.0), span("b", 40.0, 100.0)], 100.0)
    assert (turn.old.model, turn.new.model, turn.at_s, turn.over_s) == ("a", "b", 40.0, 45.0)
    assert (turn.over, turn.withdrawn, turn.going_on_before) == (True, False, False)
    (sharp,) = model_turns([span("a", 0.1, 39.9), span("b", 40.0, 100.0)], 100.0)
    assert (sharp.both_until_s, sharp.over_s) == (None, 40.0)


def test_a_run_that_ends_meanwhile_does_not_say_that_it_is_over() -> None:
    """The old model answered until a moment before the end: it may have gone or not."""
    (turn,) = model_turns([span("a", 0.1, 98.0), span("b", 90.0, 100.0)], 100.0)
    assert not turn.over
    assert not turn.withdrawn


def test_a_new_model_that_goes_first_was_withdrawn() -> None:
    """The next one then replaces the old one, which had answered all the time."""
    first, second = model_turns(
        [span("a", 0.1, 70.0), span("b", 20.0, 25.0), span("c", 60.0, 100.0)], 100.0
    )
    assert (first.withdrawn, first.over_s) == (True, 25.0)
    assert (second.old.model, second.new.model, second.withdrawn) == ("a", "c", False)


@pytest.mark.parametrize("old_first_s", [0.1, 0.4])
def test_a_roll_out_that_had_begun_before_the_run_is_known_by_which_model_stayed(
    old_first_s: float,
) -> None:
    """Whichever of the two a worker happened to meet first."""
    (turn,) = model_turns([span("a", old_first_s, 12.0), span("b", 0.2, 100.0)], 100.0)
    assert (turn.old.model, turn.new.model, turn.going_on_before) == ("a", "b", True)


def test_a_roll_out_of_a_run_and_its_cost_in_one_sentence(tmp_path: Path) -> None:
    """Every request of one second fails when the old pod goes, 5 s after the new one came."""
    summary = run(tmp_path, outcome=failing(85.0, 86.0))
    (rollout,) = summary.rollouts
    assert (rollout.turn.at_s, rollout.turn.both_until_s, rollout.steps) == (80.0, 85.0, (1,))
    failed = summary.totals.failed
    assert rollout.cost.more_lost == rollout.cost.failed == failed == pytest.approx(20, abs=2)
    (finding,) = (found for found in find(summary) if found.code == "model_changed")
    assert finding.severity == "warning"
    assert message_with_steps(finding) == (
        "step 2: the model of det_cameras changed at 11:08:00 UTC (80 s into the run), and both "
        f"answered for 5 s: {failed} requests failed and answers were not slower (p95 50.0 ms "
        "before; a second with a p95 of 62.5 ms would have been noticed)"
    )
    assert advice(finding).startswith(
        "The figures of this load are those of two models: repeat the run for those of one."
    )


def test_a_roll_out_without_cost_says_so(tmp_path: Path) -> None:
    """In words, and with what would have been seen."""
    summary = run(tmp_path)
    assert summary.rollouts[0].cost.is_free
    (said,) = (message_with_steps(f) for f in find(summary) if f.code == "model_changed")
    assert "; no cost was seen: no request failed, and answers were not slower (p95 50.0" in said


@pytest.mark.parametrize("clients", [2, 8])
def test_a_standstill_of_clients_in_a_closed_loop_is_no_free_roll_out(
    tmp_path: Path, clients: int
) -> None:
    """By the log: for 20 s nobody was answered, and so nobody asked."""
    plan = Plan(ramp_steps([clients], 140.0), (CameraGroup("cameras", 1, None),), 1)
    played = sl.play(plan, servers=8, service=sl.exponential(0.05), stalls=[(80.0, 100.0)])
    summary = analyse(read_log(sl.write(tmp_path / "log", played, models=ROLLOUT)))
    (rollout,) = summary.rollouts
    assert rollout.cost.slow_s == pytest.approx(20.0, abs=1.0)
    (said,) = (message_with_steps(f) for f in find(summary) if f.code == "model_changed")
    assert "answers were slower for 20 s (p95 19" in said


def test_what_the_end_of_the_run_cut_off_was_waited_for_too(tmp_path: Path) -> None:
    """A standstill that goes on to the end: none of what the clients wait for is ever answered."""
    plan = Plan(ramp_steps([4], 100.0), (CameraGroup("cameras", 1, None),), 1)
    played = sl.play(plan, servers=8, service=sl.exponential(0.05), stalls=[(85.0, 100.0)])
    played.requests[:] = [
        msgspec.structs.replace(each, outcome="aborted", success=False, error="x")
        if each.done_s > 99.9
        else each
        for each in played.requests
    ]
    (rollout,) = analyse(read_log(sl.write(tmp_path / "log", played, models=ROLLOUT))).rollouts
    assert rollout.cost.slow_s == pytest.approx(15.0, abs=1.0)


def test_a_roll_out_soon_after_a_step_began_is_not_judged_by_another_load(tmp_path: Path) -> None:
    """5 s into the step, 3 s after its warm-up: the load before was another one."""
    models = (sl.model_change(0.3, "mlb_a"), sl.model_change(55.0, "mlb_b", "mlb_a"))
    summary = run(tmp_path, models)
    assert summary.rollouts[0].cost.unknown == "too_few"
    (said,) = (message_with_steps(f) for f in find(summary) if f.code == "model_changed")
    assert "whether answers were slower is not known, because only 45 requests were" in said


def test_a_run_without_a_roll_out_shows_its_model_and_has_no_finding(tmp_path: Path) -> None:
    """And one whose answers name no model has nothing of all that."""
    summary = run(tmp_path / "one", ROLLOUT[:1])
    assert [one.model for one in summary.models.spans] == ["mlb_a"]
    assert not summary.rollouts
    bare = run(tmp_path / "none", ())
    for each in (summary, bare):
        assert not [f for f in find(each) if f.code.startswith("model")]
    assert "mlb_a" in html_report(summary, find(summary), (), ())
    assert (models_line(summary.models), models_line(bare.models)) == ("Model: mlb_a.", "")
    assert "models that answered" not in html_report(bare, find(bare), (), ())


def test_summary_json_has_models_and_roll_outs(tmp_path: Path) -> None:
    """With the same numbers as the sentence."""
    values = msgspec.json.decode(summary_json(run(tmp_path, outcome=failing(85.0, 86.0)), ()))
    assert [(one["model"], one["ongoing"]) for one in values["models"]] == [
        ("mlb_a", False), ("mlb_b", True)
    ]  # fmt: skip
    (rollout,) = values["rollouts"]
    assert (rollout["before"], rollout["after"], rollout["at_s"]) == ("mlb_a", "mlb_b", 80.0)
    assert rollout["at"] == "2026-11-18T11:08:00.250Z"
    assert rollout["more_lost"] == rollout["failed"] > 15
    assert rollout["slow_s"] == 0.0
    assert rollout["worse_s"] == 1.0


def test_every_chart_over_time_has_a_line_at_the_roll_out(tmp_path: Path) -> None:
    """Named in its key; a run without one has none."""
    charts = charts_of(prepare_figures(run(tmp_path / "one", outcome=failing(85.0, 86.0))))
    over_time = [chart for chart in charts if chart.group == "time"]
    assert {"throughput", "response", "service", "failures"} <= {c.name for c in over_time}
    for chart in over_time:
        assert [mark.x for mark in chart.marks if mark.x is not None] == [80.0], chart.name
        assert "a new model of det_cameras began to answer" in {key.label for key in chart.keys}
    plain = charts_of(prepare_figures(run(tmp_path / "two", ROLLOUT[:1])))
    assert not any(chart.marks for chart in plain if chart.group == "time")


def test_a_comparison_names_other_models(tmp_path: Path) -> None:
    """What answered on each side; nothing if one side does not say it."""
    one, two = run(tmp_path / "a", ROLLOUT[:1]), run(tmp_path / "b")
    (found,) = (each for each in differences([one], [two]) if each.name.startswith("model of"))
    assert (found.name, found.old, found.new) == (
        "model of det_cameras",
        "mlb_a",
        "mlb_a, then mlb_b",
    )
    bare = run(tmp_path / "c", ())
    assert not [e for e in differences([bare], [two]) if e.name.startswith("model of")]


def test_two_roll_outs_are_judged_each_by_the_time_between_them(tmp_path: Path) -> None:
    """The failures of the first are not counted for the second, nor held against it."""
    models = (
        *ROLLOUT,
        sl.model_change(140.0, "mlb_c", "mlb_b"),
        sl.model_gone(141.0, "mlb_b"),
    )
    plan = sl.plan_of([20], 200, 1.0)
    played = sl.play(plan, servers=20, service=sl.constant(0.05), outcome=failing(85.0, 86.0))
    summary = analyse(read_log(sl.write(tmp_path / "log", played, models=models)))
    first, second = (rollout.cost for rollout in summary.rollouts)
    assert first.more_lost == summary.totals.failed
    assert second.is_free
    assert first.end_s <= second.start_s

    def both(chance: random.Random, sent_s: float) -> str:
        return "http_503" if 85.0 <= sent_s < 86.0 or 141.0 <= sent_s < 142.0 else "ok"

    again = sl.play(plan, servers=20, service=sl.constant(0.05), outcome=both)
    summary = analyse(read_log(sl.write(tmp_path / "both", again, models=models)))
    lost = [rollout.cost.more_lost or 0 for rollout in summary.rollouts]
    assert min(lost) > 15
    assert sum(lost) == summary.totals.failed


def test_a_mix_has_the_roll_outs_of_its_detectors(tmp_path: Path) -> None:
    """Only the requests of the detector whose model changed are looked at."""
    groups = tuple(CameraGroup(name, 10, 1.0) for name in ("door", "yard"))
    plan = Plan(ramp_steps([20], 120.0), groups, 1)
    pools = {name: sl.Pool(20, sl.constant(0.05)) for name in ("door", "yard")}
    played = sl.play_mix(plan, pools)
    played.requests[:] = [
        msgspec.structs.replace(each, outcome="http_503", success=False, error="x")
        if each.group == "yard" and 82 <= each.sent_s < 84
        else each
        for each in played.requests
    ]
    models = tuple(msgspec.structs.replace(each, detector_id="det_door") for each in ROLLOUT)
    summary = analyse(read_log(sl.write(tmp_path / "log", played, models=models)))
    (rollout,) = summary.rollouts
    assert rollout.detector_id == "det_door"
    assert rollout.cost.failed == 0
    assert summary.totals.failed > 0


def waited(path: Path, wanted: int, models: tuple[ModelRecord, ...] = ROLLOUT) -> RunSummary:
    """A run of at most 30 min that ended after 120 s, because it had seen its roll-outs."""
    plan = sl.plan_of([20], 1800, 1.0)
    short = sl.play(sl.plan_of([20], 120, 1.0), servers=20, service=sl.constant(0.05))
    played = sl.Played(plan, short.requests)
    end = sl.end_of(played, at_s=120.2, stopped_s=120.0, interrupted=True, reason=ROLLOUTS_SEEN)
    samples = sl.cpu_samples(short.plan)
    log = sl.write(
        path / "log", played, end=end, workers=samples, models=models, until_rollouts=wanted
    )
    return analyse(read_log(log))


def test_a_run_that_saw_its_roll_outs_is_whole(tmp_path: Path) -> None:
    """Its step ended when it stopped: nothing is missed, and nobody interrupted it."""
    summary = waited(tmp_path, 1)
    assert summary.valid
    assert (summary.totals.planned, summary.totals.missed) == (20 * 120, 0)
    assert (summary.steps[0].complete, summary.interrupted) == (True, False)
    assert {f.code: f.severity for f in find(summary)} == {"model_changed": "note"}
    assert headline(summary) == ("At a steady 20 clients, 1 roll-out came: no cost was seen.")
    assert (limit(summary), next_step(summary)) == ("", "")
    assert exit_code(summary) == exit_codes.OK


def test_fewer_roll_outs_than_were_waited_for_are_no_result(tmp_path: Path) -> None:
    """It says so, also if the answers name no model at all; exit code 6."""
    summary = waited(tmp_path / "one", 3)
    found = {f.code: message_with_steps(f) for f in find(summary)}
    assert found["rollouts_missing"] == (
        "the run waited for 3 roll-outs, and only 1 of them had come after 2 min"
    )
    assert exit_code(summary) == exit_codes.NO_RESULT
    assert headline(summary).startswith("At a steady 20 clients, 1 of 3 roll-outs came: ")
    bare = waited(tmp_path / "none", 1, ())
    (said,) = (message_with_steps(f) for f in find(bare) if f.code == "rollouts_missing")
    assert said == (
        "the run waited for 1 roll-out, and none had come after 2 min: the answers of this box do "
        "not name their models"
    )
    assert exit_code(bare) == exit_codes.NO_RESULT
