"""Two sides whose truth is known: right words at the promised rates."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_log as sl

import parse_load_test_logs
from edgeload.read.analysis.comparison import Comparison, compare
from edgeload.read.analysis.run_summary import RunSummary, analyse
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Window
from edgeload.read.words.finding_words import message


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


def test_no_load_in_common_is_undecided(tmp_path: Path) -> None:
    """There is nothing to say."""
    found = compare([run(tmp_path, 1)], [run(tmp_path, 2, clients=(7,))])
    assert (found.verdict, found.rows) == ("undecided", ())


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
