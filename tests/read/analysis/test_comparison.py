"""Two sides whose truth is known: right words at the promised rates."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_log as sl

import parse_load_test_logs
from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan
from edgeload.read.analysis.compared_loads import Load
from edgeload.read.analysis.compared_quantities import ComparedQuantity
from edgeload.read.analysis.comparison import Comparison, compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Window
from edgeload.read.words.comparison_words import comparison_headline
from edgeload.read.words.finding_words import message
from edgeload.records import Missed


def lognormal(median_s: float, sigma: float) -> sl.Service:
    return lambda chance: median_s * float(np.exp(sigma * chance.gauss(0.0, 1.0)))


def log(
    path: Path, seed: int, *, slower: float = 1.0, clients: tuple[int, ...] = (20,),
    seconds: float = 22.0, servers: int = 8, **changes: Any,
) -> Path:  # fmt: skip
    """A run at 2 requests/s a client on a box of 20 ms, sigma 0.3."""
    path.unlink(missing_ok=True)
    plan = sl.plan_of(clients, seconds, 2.0, seed=seed)
    service = lognormal(0.02 * slower, 0.3)
    return sl.write(path, sl.play(plan, servers=servers, service=service, seed=seed), **changes)


def run(tmp_path: Path, seed: int, **changes: Any) -> RunSummary:
    return analyse(read_log(log(tmp_path / f"{seed}.log", seed, **changes)))


def pairs(tmp_path: Path, count: int, *, slower: float, **changes: Any) -> list[Comparison]:
    return [
        compare(
            [run(tmp_path, 2 * i, **changes)],
            [run(tmp_path, 2 * i + 1, slower=slower, **changes)],
        )
        for i in range(count)
    ]


@pytest.mark.slow
def test_the_same_settings_are_not_called_different(tmp_path: Path) -> None:
    """100 pairs of runs that differ by chance alone: same or undecided in at least 95."""
    words = [found.verdict for found in pairs(tmp_path, 100, slower=1.0)]
    assert words.count("same") + words.count("undecided") >= 95


@pytest.mark.slow
def test_the_same_settings_over_many_loads_are_not_called_different(tmp_path: Path) -> None:
    """Six loads are 42 looks at chance, one of them near saturation; still 19 of 20."""
    steps = (5, 10, 15, 20, 40, 60)
    found = pairs(tmp_path, 20, slower=1.0, clients=steps, seconds=8.0, servers=3)
    assert sum(comparison.verdict in ("same", "undecided") for comparison in found) >= 19


@pytest.mark.slow
@pytest.mark.parametrize(("slower", "word"), [(1.1, "worse"), (1 / 1.1, "better")])
def test_ten_percent_are_found(tmp_path: Path, slower: float, word: str) -> None:
    """In at least 95 of 100 pairs, at five windows a side, of 220 answers each."""
    words: list[str] = []
    for i in range(100):
        chance = np.random.default_rng(i)
        a, b = ([factor * 0.02 * np.exp(0.3 * chance.normal(size=220)) for _ in range(5)]
                for factor in (1.0, slower))  # fmt: skip
        words.append(compare([_windows(tmp_path, a)], [_windows(tmp_path, b)]).verdict)
    assert words.count(word) >= 95


def _windows(tmp_path: Path, windows: list[Any]) -> RunSummary:
    """A run of one step whose five windows hold these service times; ten would hold too few."""
    base = _base(tmp_path)
    (step,) = base.steps
    count = len(windows[0])
    window = Window(0.0, 5.0)
    due_s = np.concatenate([np.linspace(i, i + 1, count, endpoint=False) for i in range(5)])
    plain: dict[str, Any] = {
        name: np.zeros(5 * count, dtype=getattr(base.log.requests, name).dtype)
        for name in ("client", "number", "step", "outcome", "error", "from_edge", "status", "bytes")
    }
    done_s = due_s + np.concatenate(windows)
    times: dict[str, Any] = {"due_s": due_s, "sent_s": due_s, "done_s": done_s}
    requests = replace(base.log.requests, **plain, **times)
    return replace(
        base,
        log=replace(base.log, requests=requests),
        steps=(replace(step, window=window, doubts=()),),
    )


def _base(tmp_path: Path) -> RunSummary:
    path = tmp_path / "base.log"
    return analyse(read_log(path if path.exists() else log(path, 1, seconds=5.0)))


def test_a_change_at_one_load_is_found_there(tmp_path: Path) -> None:
    """Only the load that saturates got worse, and it is the one that is named."""
    steps = (5, 20, 60)
    old = run(tmp_path, 1, clients=steps, servers=4)
    new = run(tmp_path, 2, clients=steps, servers=2)
    found = compare([old], [new])
    assert found.verdict == "worse"
    assert found.deciding[0].clients == 60
    assert [c.clients for side in found.capacities for c in side if c] == [60, 20]


def test_several_logs_a_side_make_it_stronger(tmp_path: Path) -> None:
    """A change of 8 % that one pair of short runs leaves open is found by four runs a side."""
    short = {"seconds": 8.0, "clients": (6,)}
    olds = [run(tmp_path, i, **short) for i in range(4)]
    news = [run(tmp_path, 10 + i, slower=1.12, **short) for i in range(4)]
    one, all_of_them = compare(olds[:1], news[:1]), compare(olds, news)
    assert all_of_them.verdict == "worse"
    width = [
        next((r.high or 0) - (r.low or 0) for r in c.rows if r.quantity == "service p50")
        for c in (one, all_of_them)
    ]
    assert width[1] < width[0]


def test_an_invalid_step_is_not_compared(tmp_path: Path) -> None:
    """Its numbers are the generator's: undecided, and the log named."""
    old = run(tmp_path, 1)
    new = run(tmp_path, 2, slower=3.0, deaths=[sl.death(0, 5.0)])
    found = compare([old], [new])
    assert found.verdict == "undecided"
    assert found.invalid == ("2.log",)
    why = found.rows[0].why
    assert why is not None
    assert (why.code, why.numbers) == ("side_invalid", {"side": "new", "codes": ("worker_died",)})
    assert message(why) == "INVALID on the new side (worker_died)"


def simple(
    path: Path, *, clients: tuple[int, ...] = (10, 20), rate: float = 5.0, seconds: float = 30.0,
    servers: int = 8, share: float = 0.0, outcome: str = "http_503", seed: int = 1, **plan: Any,
) -> Path:  # fmt: skip
    """A run against a box of 20 ms; a share of the requests end in this outcome."""
    path.unlink(missing_ok=True)
    chance = random.Random(9)
    planned = sl.plan_of(clients, seconds, rate, seed=seed, **plan)
    played = sl.play(
        planned, servers=servers, service=sl.constant(0.02), seed=seed,
        outcome=lambda _, sent_s: outcome if chance.random() < share else "ok",
    )  # fmt: skip
    return sl.write(path, played, requests_per_second=rate)


def compared(old: Path, new: Path) -> Comparison:
    return compare([analyse(read_log(old))], [analyse(read_log(new))])


def both(tmp_path: Path, old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """The comparison of two simple runs."""
    return compared(simple(tmp_path / "o", **old), simple(tmp_path / "n", **new))


def gated(tmp_path: Path, old: Path, new: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code with --fail-if-worse, and comparison.json."""
    code = parse_load_test_logs.main(
        [str(new), "--baseline", str(old), "--output-dir", str(tmp_path / "r"), "--fail-if-worse",
         *more]
    )  # fmt: skip
    values: dict[str, Any] = json.loads((tmp_path / "r" / "comparison.json").read_text())
    return code, values


@pytest.mark.parametrize("share", [0.9, 0.97, 1.0])
def test_a_side_that_fails_is_worse(
    tmp_path: Path, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """C1: with 100 % http_503 it was "undecided: too few answers", exit 0."""
    old = simple(tmp_path / "old", seconds=60.0)
    new = simple(tmp_path / "new", seconds=60.0, share=share)
    code, values = gated(tmp_path, old, new)
    assert (code, values["word"]) == (3, "worse")
    errors = [row for row in values["rows"] if row["figure"] == "errors"]
    assert [row["word"] for row in errors] == ["worse", "worse"]
    assert errors[0]["after"] == pytest.approx(share, abs=0.02)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "--fail-if-worse: Worse: errors +" in said[0]
    code, values = gated(tmp_path, new, old)
    assert (code, values["word"]) == (0, "better")


@pytest.mark.parametrize("share", [0.01, 0.02, 0.04])
@pytest.mark.parametrize("seconds", [4.0, 8.0, 30.0])
@pytest.mark.parametrize(
    ("outcome", "figure"), [("http_503", "errors"), ("escalated", "escalated")]
)
def test_a_small_share_of_failures_is_never_the_same(
    tmp_path: Path, share: float, seconds: float, outcome: str, figure: str
) -> None:
    """C2: 4 % were "same at every load". At worst a short run cannot tell, and says so."""
    found = both(
        tmp_path, {"seconds": seconds}, {"seconds": seconds, "share": share, "outcome": outcome}
    )
    rows = [row for row in found.rows if row.quantity == figure]
    if not any(row.new for row in rows):
        pytest.skip("by chance no request failed")
    assert found.verdict in ("worse", "undecided")
    assert all(row.verdict in ("worse", "undecided") for row in rows if row.new)
    if share == 0.04 and seconds == 30.0:
        assert found.verdict == "worse"


def test_missed_requests_are_compared(tmp_path: Path) -> None:
    """Every fifth request was skipped by its client; the others were answered as before."""
    old = simple(tmp_path / "o", clients=(20,))
    played = sl.play(sl.plan_of((20,), 30.0, 5.0), servers=8, service=sl.constant(0.02))
    skipped = [r for r in played.requests if r.request_number % 5 == 0]
    played.missed += [
        Missed(r.ts, r.worker_number, r.request_number, r.step, r.due_s, "skipped") for r in skipped
    ]
    played.requests = [r for r in played.requests if r.request_number % 5]
    found = compared(old, sl.write(tmp_path / "n", played, requests_per_second=5.0))
    row = _row(found, "missed")
    assert (row.old, row.verdict) == (0.0, "worse")
    assert row.new == pytest.approx(0.2, abs=0.01)
    assert found.verdict == "worse"


def test_a_run_compared_with_itself_is_the_same(tmp_path: Path) -> None:
    """R9: also its saturated step, a total failure, and steps with too few answers to tell."""
    runs: list[dict[str, Any]] = [
        {"clients": (10, 20, 30), "servers": 2},
        {"clients": (10, 20, 30), "servers": 2, "late": "skip"},
        {"share": 1.0},
        {"clients": (1,), "seconds": 4.0},
        {"share": 0.3, "outcome": "timeout"},
    ]
    for changes in runs:
        found = both(tmp_path, changes, changes)
        assert (found.verdict, found.why, found.deciding) == ("same", (), ())
        assert {row.verdict for row in found.rows if not row.why} <= {"same"}
        assert comparison_headline(found) == "Same: both sides are the same run."


@pytest.mark.parametrize("late", ["queue", "skip"])
def test_a_saturated_step_of_two_runs_can_be_the_same(tmp_path: Path, late: str) -> None:
    """100 answers/s of 150 due on both sides: how long they waited is the step's length.

    Throughput still decides there: with one server less it is worse.
    """
    old: dict[str, Any] = {"clients": (10, 30), "servers": 2, "late": late}
    found = both(tmp_path, old, {**old, "seed": 2})
    assert found.verdict == "same"
    assert "At 30 clients both were overloaded" in comparison_headline(found)
    p95 = [row for row in found.rows if row.quantity == "response p95"][-1]
    assert (p95.old, p95.new) == (math.inf, math.inf)  # not that of a window: a third was missed
    left_out = {row.quantity for row in found.rows if row.why and row.clients == 30}
    assert {"missed", "response p50", "response p95"} <= left_out
    slower = both(tmp_path, old, {**old, "seed": 2, "servers": 1})
    assert slower.verdict == "worse"
    assert "overloaded" not in comparison_headline(slower)


def test_never_answered_on_both_sides_is_no_change(tmp_path: Path) -> None:
    """30 % timeouts put p95 among them on both sides: the same; on the old side alone: better."""
    late = {"share": 0.3, "outcome": "timeout", "clients": (20,)}
    fine = {"clients": (20,), "seed": 2}
    row = _row(both(tmp_path, late, {**late, "seed": 2}), "response p95")
    assert (row.old, row.new, row.verdict) == (math.inf, math.inf, "same")
    row = _row(both(tmp_path, late, fine), "response p95")
    assert (row.old, row.shift, row.verdict) == (math.inf, -1.0, "better")
    row = _row(both(tmp_path, fine, late), "response p95")
    assert (row.new, row.shift, row.verdict) == (math.inf, math.inf, "worse")


def _row(found: Comparison, quantity: str) -> ComparedQuantity:
    return next(row for row in found.rows if row.quantity == quantity)


def test_other_rates_are_not_comparable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C15: 2/s a client against 5/s, all answered, was "worse: throughput -60 %"."""
    code, values = gated(tmp_path, simple(tmp_path / "o"), simple(tmp_path / "n", rate=2.0))
    assert (code, values["word"], values["rows"]) == (6, "not comparable", [])
    assert values["verdict"] == (
        "Not comparable: the old side had 50 and 100 requests/s due, the new side 20 and 40, so no "
        "load was the same."
    )
    said = capsys.readouterr()
    assert said.out.startswith("Not comparable: ")
    assert len(said.err.splitlines()) == 1


def test_the_same_rate_by_other_clients_is_compared(tmp_path: Path) -> None:
    """10 clients at 5/s and 25 at 2/s are 50 requests/s each; the difference is named."""
    found = both(tmp_path, {}, {"rate": 2.0, "clients": (25, 50)})
    assert found.verdict == "same"
    assert {row.load for row in found.rows} == {Load(50.0, 10, 25), Load(100.0, 20, 50)}
    assert [d.name for d in found.differences] == ["requests_per_second"]


def test_a_step_of_one_side_alone_is_said(tmp_path: Path) -> None:
    """Same at the load in common, and the other load is named, not counted as the same."""
    found = both(tmp_path, {}, {"clients": (10,), "seed": 2})
    assert found.verdict == "same"
    headline = comparison_headline(found)
    assert headline.startswith("Same: at every load that both sides have, ")
    assert headline.endswith(" Only the old side has 100 requests/s (20 clients).")
    assert found.capacity is not None
    assert found.capacity.verdict == "undecided"
    other = both(tmp_path, {"clients": (10, 30)}, {"clients": (10, 40), "seed": 2})
    assert comparison_headline(other).endswith(
        "Only the old side has 150 requests/s (30 clients). "
        "Only the new side has 200 requests/s (40 clients)."
    )


def test_a_run_that_stopped_before_a_load_is_not_the_same(tmp_path: Path) -> None:
    """Its plan has the load, and nobody knows what would have been there."""
    old, new = simple(tmp_path / "o"), tmp_path / "n"
    played = sl.play(sl.plan_of((10, 20), 30.0, 5.0), servers=8, service=sl.constant(0.02))
    kept = [request for request in played.requests if request.step == 0]
    cut = sl.Played(played.plan, kept, [])
    sl.write(new, cut, end=sl.end_of(cut, stopped_s=30.0, at_s=30.1, interrupted=True))
    found = compared(old, new)
    assert found.verdict == "undecided"
    assert comparison_headline(found).endswith(
        "Only the old side has 100 requests/s (20 clients): the new run stopped before."
    )


def test_nothing_compared_is_not_green(tmp_path: Path) -> None:
    """--fail-if-worse: an INVALID side, or two sides that answered nothing, end with 6, not 0."""
    old = simple(tmp_path / "o")
    played = sl.play(sl.plan_of((10, 20), 30.0, 5.0), servers=8, service=sl.constant(0.02))
    invalid = sl.write(tmp_path / "i", played, deaths=[sl.death(0, 5.0)])
    code, values = gated(tmp_path, old, invalid)
    assert (code, values["word"]) == (6, "undecided")
    dead = simple(tmp_path / "d", share=1.0)
    assert gated(tmp_path, dead, simple(tmp_path / "e", share=1.0, seed=2))[0] == 6
    assert gated(tmp_path, dead, dead)[0] == 6
    few: dict[str, Any] = {"clients": (1,), "seconds": 4.0, "rate": 1.0}
    assert (
        gated(tmp_path, simple(tmp_path / "f", **few), simple(tmp_path / "g", **few, seed=2))[0]
        == 6
    )


def test_undecided_passes_but_not_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One load is the same, the other INVALID on the new side: exit 0, and a line that says so."""
    old = simple(tmp_path / "o", clients=(1, 20))
    played = sl.play(sl.plan_of((1, 20), 30.0, 5.0), servers=8, service=sl.constant(0.02))
    new = sl.write(tmp_path / "n", played, deaths=[sl.death(1, 5.0)])
    code, values = gated(tmp_path, old, new)
    assert (code, values["word"]) == (0, "undecided")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("--fail-if-worse: Undecided: INVALID on the new side (worker_died).")


def test_a_p95_that_few_answers_cannot_give_is_not_the_same(tmp_path: Path) -> None:
    """A figure that is missing leaves the verdict open: 40 answers give a p50 and no p95."""
    few: dict[str, Any] = {"clients": (2,), "rate": 2.0, "seconds": 12.0}
    found = both(tmp_path, few, {**few, "seed": 2})
    assert _row(found, "response p50").verdict == "same"
    assert _row(found, "response p95").why is not None
    assert found.verdict == "undecided"
    assert "fewer than 59 answers for a p95" in comparison_headline(found)


def test_a_side_that_never_answers_is_worse(tmp_path: Path) -> None:
    """p95 from 20 ms to never; the words say so, and the file stays JSON."""
    old, new = log(tmp_path / "old.log", 1), tmp_path / "new.log"
    chance = random.Random(1)
    played = sl.play(
        sl.plan_of((20,), 22, 2.0), servers=8, service=lognormal(0.02, 0.3),
        outcome=lambda _, sent_s: "timeout" if chance.random() < 0.2 else "ok",
    )  # fmt: skip
    sl.write(new, played)
    code = parse_load_test_logs.main(
        [str(new), "--baseline", str(old), "--output-dir", str(tmp_path / "r"), "--fail-if-worse"]
    )
    assert code == 3
    values = json.loads((tmp_path / "r" / "comparison.json").read_text())
    assert values["word"] == "worse"
    p95 = next(row for row in values["rows"] if row["figure"] == "response p95")
    assert (p95["word"], p95["after"]) == ("worse", None)


def test_the_script_compares_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files, text within 100 columns, and exit code 3 only where it is asked for."""
    old, new = log(tmp_path / "old.log", 1), log(tmp_path / "new.log", 2, slower=1.5)
    common = ["--output-dir", str(tmp_path / "r"), "--baseline", str(old)]
    assert parse_load_test_logs.main([str(new), *common]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Worse: ")
    assert max(map(len, out.splitlines())) <= 100
    for name in ("comparison.png", "comparison_spectrum.png", "comparison.json"):
        assert (tmp_path / "r" / name).stat().st_size > 1000
    assert parse_load_test_logs.main([str(new), *common, "--fail-if-worse"]) == 3
    assert parse_load_test_logs.main([str(old), *common, "--fail-if-worse"]) == 0
    assert parse_load_test_logs.main([str(new), *common, "--fail-if-worse", "--margin", "90"]) == 0


def test_a_bad_baseline_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2: no such log, no log at all, several logs with nothing to compare them with."""
    old = log(tmp_path / "old.log", 1)
    (tmp_path / "text").write_text("hello\n")
    for bad in ("absent", "text"):
        code = parse_load_test_logs.main([str(old), "--baseline", str(tmp_path / bad)])
        assert code == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    for arguments in ([str(old), str(old)], [str(old), "--baseline", str(old), "--margin", "0"]):
        with pytest.raises(SystemExit) as ended:
            parse_load_test_logs.main(arguments)
        assert ended.value.code == 2


def test_a_log_with_a_chain_is_recognised_as_the_same(tmp_path: Path) -> None:
    """Its requests are compared one by one, as those of any other log."""
    plan = mix_plan((CameraGroup("gate", 2, 2.0, requests_per_frame=3),), [1, 2], 10.0)
    played = sl.play_mix(plan, {"gate": sl.Pool(9, sl.constant(0.05))})
    run = analyse(read_log(sl.write(tmp_path / "log", played, workers=sl.cpu_samples(plan))))
    assert compare([run], [run], 0.05).verdict == "same"
