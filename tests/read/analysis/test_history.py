"""A history of runs: what changed is named, flat ones are left alone, strangers left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import synthetic_log as sl
from mix_runs import MIX, mix_run

import parse_load_test_logs
from edgeload.camera_group import CameraGroup
from edgeload.read.analysis.history import History, history_of
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.log.summaries import PastRun, PastStep, PastTimes, past_run
from edgeload.read.output.summary_json import summary_json
from edgeload.read.words.history_words import history_words

SETTINGS = {"requests_per_second": 5.0, "timeout": 10.0, "output_dir": "a", "endpoint_url": "x"}
DAY_S = 86_400.0


def past(
    number: int, p50: float = 0.020, *, p95: float | None = 0.030, throughput: float = 50.0,
    failed: int = 0, capacity: int | None = 10, **changes: Any,
) -> PastRun:  # fmt: skip
    """A run of one step, one a day."""
    never = ["p95"] if p95 is None else []
    times = PastTimes(p50, p95, never)
    step = PastStep(10, True, True, 1_000, failed, throughput, times, times)
    run = PastRun(
        identity=str(number), started_s=number * DAY_S, valid=True, requests_per_second=5.0,
        steps=(step,), capacity_clients=capacity, settings=SETTINGS,
        endpoint={"url": "http://box:30101", "detector_id": "det_a", "embedded": None},
    )  # fmt: skip
    return replace(run, **changes)


def noisy(
    seed: int, runs: int = 30, step_at: int | None = None, step: float = 0.1
) -> list[PastRun]:
    """Response times with 2 % noise; from `step_at` on they are larger."""
    chance = np.random.default_rng(seed)
    found = []
    for i in range(runs):
        factor = 1.0 if step_at is None or i < step_at else 1.0 + step
        p50, p95 = 0.02 * factor * (1 + 0.02 * chance.standard_normal(2))
        found.append(past(i, float(p50), p95=1.5 * float(p95)))
    return found


def looked_back(runs: list[PastRun], **changes: Any) -> History:
    """The history as it stands after the last of the runs."""
    return history_of(runs[:-1], runs[-1:], 0.05, **changes)


def test_flat_histories_are_left_alone() -> None:
    """All figures of a run together raise one alarm in 100 histories."""
    found = [looked_back(noisy(seed)).verdict for seed in range(200)]
    assert found.count("no change") >= 195


@pytest.mark.parametrize("ago", [3, 4, 5])
def test_a_step_in_the_newest_runs_is_worse(ago: int) -> None:
    """10 % more, three to five runs ago: named with its place, its levels and its day."""
    runs = noisy(3, step_at=30 - ago)
    found = looked_back(runs)
    assert found.verdict == "worse"
    assert {change.quantity for change in found.changes} == {"response p50", "response p95"}
    for change in found.changes:
        assert (change.runs_ago, change.clients, change.arrival_per_s) == (ago, 10, 50.0)
        assert change.started_s == runs[-ago].started_s
    assert history_words(found).startswith("History: worse: response p")
    assert f"the newest {ago} runs (and 1 more figure), in the newest 30 runs" in history_words(
        found
    )
    assert looked_back(noisy(3, step_at=30 - ago, step=-0.1)).verdict == "better"


def test_an_old_step_is_told_but_is_no_news() -> None:
    """Everything after it is compared with the new level."""
    found = looked_back(noisy(4, step_at=12))
    assert found.verdict == "no change"
    assert {change.runs_ago for change in found.changes} == {18}
    assert "no new change in the newest 30 runs" in history_words(found)
    assert looked_back(noisy(4, runs=60, step_at=12)).changes == ()


def test_small_changes_are_left_alone() -> None:
    """1 % is significant if there is hardly any noise, and less than half of the margin."""
    assert looked_back([past(i, 0.02 * (1.01 if i > 15 else 1.0)) for i in range(20)]).changes == ()


@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        ({"failed": 40}, "errors"),
        ({"throughput": 45.0}, "throughput"),
        ({"capacity": 8}, "capacity"),
        ({"p95": None}, "response p95"),
    ],
)
def test_every_figure_is_looked_at(change: dict[str, Any], quantity: str) -> None:
    """4 % failures, lost throughput or capacity, and a p95 that became "never"."""
    found = looked_back([past(i, **(change if i >= 17 else {})) for i in range(20)])
    assert found.verdict == "worse"
    assert [each.quantity for each in found.changes] == [quantity]
    back = looked_back([past(i, **(change if i < 17 else {})) for i in range(20)])
    assert back.verdict == "better"


def test_strangers_are_left_out_and_counted() -> None:
    """Another box, other settings, INVALID and later runs; a run counts once, also the new one."""
    runs = noisy(5, runs=12)
    other_box = past(100, endpoint={"url": "http://other:30101", "detector_id": "det_a"})
    other_rate = past(101, settings={**SETTINGS, "requests_per_second": 2.0})
    unknown = past(102, settings=None)
    strangers = [other_box, other_rate, unknown, past(4, valid=False, identity="i"), past(99)]
    found = history_of([*runs, *runs, *strangers], runs[-1:], 0.05, unreadable=2)
    assert found.runs == 12
    assert found.left_out == {"other_settings": 3, "invalid": 1, "later": 1, "unreadable": 2}
    assert history_words(found) == (
        "History: no change in the newest 12 runs of the same box and settings; left out: 3 of "
        "another box or with other settings, 1 INVALID, 1 later than the new run and 2 no summary "
        "of a run."
    )


def test_what_does_not_change_the_measurement_may_differ() -> None:
    """Where results were put, and settings that an earlier version did not have yet."""
    runs = noisy(6, runs=12)
    renamed = [replace(run, settings={**SETTINGS, "output_dir": run.identity}) for run in runs]
    newer = replace(runs[-1], settings={**SETTINGS, "ready_timeout": 10.0})
    assert history_of(renamed[:-1], [newer], 0.05).runs == 12


def test_few_runs_cannot_tell() -> None:
    """Seven runs are too few, whatever they show; and so is a history of nothing."""
    found = looked_back([past(i, 0.02 if i < 4 else 0.04) for i in range(7)])
    assert found.verdict == "too few runs"
    assert "too few runs to tell: 7 runs" in history_words(found)
    assert history_of((), [past(0)], 0.05).verdict == "too few runs"


def test_the_script_looks_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve runs, the newest three 20 % slower: like the run before, and worse than the others."""
    history = tmp_path / "h"
    for i in range(12):
        plan = sl.plan_of((10,), 12.0, 5.0, seed=i)
        factor = (1.2 if i >= 9 else 1.0) * (1.0 + 0.002 * (i % 3))
        log = sl.write(
            tmp_path / f"{i}.jsonl", sl.play(plan, servers=8, service=sl.constant(0.02 * factor))
        )
        values = json.loads(summary_json(analyse(read_log(log)), ()))
        values |= {"run_id": str(i), "started_at": f"2026-11-{i + 1:02d}T12:00:00Z"}
        (history / str(i)).mkdir(parents=True)
        if i < 11:
            (history / str(i) / "summary.json").write_text(json.dumps(values))
    (history / "notes.json").write_text("[]")
    capsys.readouterr()
    new, before = (str(tmp_path / f"{i}.jsonl") for i in (11, 10))
    common = ["--baseline", before, "--output-dir", str(tmp_path / "r"), "--fail-if-worse"]
    assert parse_load_test_logs.main([new, *common]) == 0
    assert "History" not in capsys.readouterr().out
    code = parse_load_test_logs.main([new, *common, "--history", str(history)])
    said = capsys.readouterr()
    assert code == 3
    assert said.out.startswith("Same: ")
    (line,) = said.err.splitlines()
    assert "--fail-if-worse: History: worse: response p" in line
    assert "1 no summary of a run" in line
    values = json.loads((tmp_path / "r" / "comparison.json").read_text())
    assert values["word"] == "same"
    assert values["history"]["word"] == "worse"
    assert {change["runs_ago"] for change in values["history"]["changes"]} == {3}


def test_a_history_that_is_none_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such folder, or no baseline beside it: exit 2."""
    played = sl.play(sl.plan_of((10,), 12.0, 5.0), servers=8, service=sl.constant(0.02))
    log = str(sl.write(tmp_path / "log", played))
    out = ["--output-dir", str(tmp_path / "r")]
    absent = str(tmp_path / "absent")
    assert parse_load_test_logs.main([log, "--baseline", log, "--history", absent, *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"the history {absent} is not a folder: give one with summary.json files" in line
    with pytest.raises(SystemExit) as ended:
        parse_load_test_logs.main([log, "--history", str(tmp_path), *out])
    assert ended.value.code == 2
    assert "--history needs --baseline" in capsys.readouterr().err


def mixes(folder: Path, count: int, *, slower_from: int, rate: float = 2.0) -> list[PastRun]:
    """Runs of a mix, one a day; from one of them on, person's service takes 40 % longer."""
    found = []
    for i in range(count):
        groups = (MIX[0], replace(MIX[1], requests_per_second=rate), CameraGroup("fast", 1, None))
        slower = {"person": 1.4 if i >= slower_from else 1.0}
        run = mix_run(
            folder, f"{rate} {i}", groups=groups, copies=(1, 2), step_s=12.0, seed=i, slower=slower
        )
        values = json.loads(summary_json(run, ()))
        values |= {"run_id": f"{rate} {i}", "started_at": f"2026-11-{i + 1:02d}T12:00:00Z"}
        found.append(past_run(json.dumps(values)))
    return found


def test_a_mix_has_a_series_for_each_group(tmp_path: Path) -> None:
    """The group that changed is named with its copies; runs of another mix are left out."""
    runs = mixes(tmp_path, 12, slower_from=9)
    others = mixes(tmp_path, 3, slower_from=3, rate=1.5)
    found = history_of([*runs[:-1], *others], runs[-1:], 0.05)
    assert (found.verdict, found.runs, found.left_out) == ("worse", 12, {"other_settings": 3})
    assert {change.group for change in found.changes} == {"person"}
    assert {change.copies for change in found.changes} == {1, 2}
    first = found.changes[0]
    assert first.copies is not None
    assert (first.clients, first.arrival_per_s) == (6 * first.copies, 12.0 * first.copies)
    assert history_words(found).startswith("History: worse: person response p")
    assert " at 2 copies " in history_words(found) or " at 1 copy " in history_words(found)
    plain = [past(i) for i in range(40, 52)]
    assert history_of([*plain, *runs[:2]], plain[-1:], 0.05).left_out == {"other_settings": 2}


def test_the_capacity_of_a_mix_is_in_copies(tmp_path: Path) -> None:
    """Its clients do not matter: a run says both."""
    (run,) = mixes(tmp_path, 1, slower_from=1)
    runs = [
        replace(
            run, identity=str(i), started_s=i * DAY_S, capacity_copies=3 if i < 17 else 2,
            capacity_clients=30,
        )
        for i in range(20)
    ]  # fmt: skip
    found = looked_back(runs)
    assert [change.quantity for change in found.changes] == ["capacity"]
    assert "capacity 3 copies -> 2 copies since" in history_words(found)
    assert found.series == 1


@pytest.mark.parametrize(
    ("search", "capacity", "said"),
    [
        ({"over": "clients"}, {"clients": 40}, "capacity 40 clients -> 30 clients since"),
        ({"over": "rate"}, {"requests_per_s": 40.0}, "capacity 40.00 requests/s -> 30.00 req"),
        ({"over": "group", "group": "door"}, {"cameras": {"door": 40}},
         "capacity 40 cameras -> 30 cameras since"),
    ],
)  # fmt: skip
def test_the_capacity_of_a_search_is_in_what_it_counted(
    search: dict[str, Any], capacity: dict[str, Any], said: str
) -> None:
    """Its trials have no series: each search chooses its own loads, and they are short."""

    def text(number: int) -> str:
        scale = 0.75 if number >= 17 else 1.0
        found: dict[str, Any] = {"clients": 4, "copies": 4}
        for key, value in capacity.items():
            doors = {"door": 40 if scale == 1.0 else 30}
            found[key] = doors if key == "cameras" else type(value)(value * scale)
        step = {
            "clients": 8, "complete": True, "valid": True, "sent": 9, "failed": 0,
            "throughput_per_s": 16.0 * scale, "service_time_s": {"p50": 0.1, "p95": 0.2},
            "response_time_s": None,
        }  # fmt: skip
        return json.dumps(
            {
                "run_id": str(number), "log": "s.log", "validity": {"verdict": "VALID"},
                "started_at": f"2026-11-{number + 1:02}T00:00:00Z", "steps": [step],
                "capacity": found, "requests_per_second": 2.0, "settings": SETTINGS,
                "endpoint": {}, "search": search,
            }
        )  # fmt: skip

    found = looked_back([past_run(text(number)) for number in range(20)])
    assert [change.quantity for change in found.changes] == ["capacity"]
    assert found.series == 1
    assert said in history_words(found)


def test_a_closed_loop_is_followed_by_its_service_times(tmp_path: Path) -> None:
    """It has no plan to be late for; and a step of some of the cameras is no load of the mix."""
    runs = mixes(tmp_path, 1, slower_from=1)
    slow = [
        replace(runs[0], identity=str(i), started_s=i * DAY_S, steps=tuple(
            replace_times(step, "fast", 1.0 if i < 17 else 1.5) for step in runs[0].steps
        ))
        for i in range(20)
    ]  # fmt: skip
    names = {(change.group, change.quantity) for change in looked_back(slow).changes}
    assert names == {("fast", "service p50"), ("fast", "service p95")}
    some = [
        replace(run, steps=tuple(without_camera(step, "door") for step in run.steps))
        for run in slow
    ]
    assert looked_back(some).changes == ()


def replace_times(step: PastStep, name: str, factor: float) -> PastStep:
    """The step with other service times of one group."""
    groups = []
    for group in step.groups:
        times = group.service_time_s
        if group.name == name:
            times = PastTimes((times.p50 or 0.0) * factor, (times.p95 or 0.0) * factor)
        groups.append(msgspec.structs.replace(group, service_time_s=times))
    return msgspec.structs.replace(step, groups=groups)


def without_camera(step: PastStep, name: str) -> PastStep:
    """The step without one camera of a group."""
    groups = [
        msgspec.structs.replace(group, cameras=group.cameras - (group.name == name))
        for group in step.groups
    ]
    return msgspec.structs.replace(step, groups=groups)
