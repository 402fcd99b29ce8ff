"""Which steps of two sides had the same load: by arrival rate, or not to be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.compared_loads import (
    Load,
    matched_loads,
    one_sided_loads,
    why_none_match,
)
from edgeload.read.analysis.comparison import compare
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import message


def ramp(path: Path, clients: tuple[int, ...], rate: float, seed: int = 1) -> RunSummary:
    played = sl.play(sl.plan_of(clients, 12, rate, seed=seed), servers=8, service=sl.constant(0.02))
    return analyse(read_log(sl.write(path, played)))


def unknown(run: RunSummary) -> RunSummary:
    """The same as a log that does not say what was due."""
    return replace(run, log=replace(run.log, requests_per_second=None, header=None))


def loads(old: RunSummary, new: RunSummary) -> list[Load]:
    return [found.load for found in matched_loads([old], [new])]


def test_loads_are_matched_by_rate_within_one_percent(tmp_path: Path) -> None:
    """30 clients at 3.33/s are 99.9/s; 2 % more is another load."""
    old = ramp(tmp_path / "a", (10,), 10.0)
    (load,) = loads(old, ramp(tmp_path / "b", (30,), 3.33))
    assert (load.old_clients, load.new_clients) == (10, 30)
    assert load.arrival_per_s == pytest.approx(99.9)
    more = ramp(tmp_path / "c", (10,), 10.2)
    assert loads(old, more) == []
    (first, second) = one_sided_loads([old], [more])
    assert (first.side, first.load.arrival_per_s) == ("old", 100.0)
    assert second.side == "new"
    assert second.load.arrival_per_s == pytest.approx(102.0)


def test_a_load_that_a_ramp_repeats_is_one(tmp_path: Path) -> None:
    """All steps of it, of all runs of a side."""
    old = ramp(tmp_path / "a", (10, 20, 10), 2.0)
    new = [ramp(tmp_path / name, (10, 20), 2.0) for name in "bcd"]
    counts = [(len(found.old), len(found.new)) for found in matched_loads([old], new)]
    assert counts == [(2, 3), (1, 3)]


def test_a_rate_that_one_side_does_not_say_is_not_comparable(tmp_path: Path) -> None:
    """Equal client counts do not make up for it."""
    known = ramp(tmp_path / "a", (10,), 5.0)
    for old, new, side in ((known, unknown(known), "new"), (unknown(known), known, "old")):
        assert loads(old, new) == []
        (why,) = why_none_match([old], [new])
        assert (why.code, why.numbers) == ("rate_unknown", {"side": side})
        found = compare([old], [new])
        assert (found.verdict, found.why) == ("not comparable", (why,))


def test_without_rates_the_same_clients_must_have_sent_as_much(tmp_path: Path) -> None:
    """Two logs of the older form: matched by clients; 2/s against 5/s is not comparable."""
    old = unknown(ramp(tmp_path / "a", (10, 20), 5.0))
    assert compare([old], [unknown(ramp(tmp_path / "b", (10, 20), 5.0, 2))]).verdict == "same"
    found = compare([old], [unknown(ramp(tmp_path / "c", (10, 20), 2.0))])
    assert found.verdict == "not comparable"
    assert {why.code for why in found.why} == {"sent_rates_differ"}
    assert message(found.why[0]).startswith("50.0 requests/s were sent on the old side and 20.0")
    other = compare([old], [unknown(ramp(tmp_path / "d", (30,), 5.0))])
    assert [why.code for why in other.why] == ["no_common_clients"]
    assert message(other.why[0]) == (
        "the old side had 10 and 20 clients, the new side 30, so no load was the same"
    )
