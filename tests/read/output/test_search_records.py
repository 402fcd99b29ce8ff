"""A search in summary.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import searched_log as searches

from edgeload import exit_codes
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_json
from edgeload.read.output.summary_record import json_schema
from edgeload.read.results.run_results import exit_code
from edgeload.records import SearchRecord

OVER_RATE = SearchRecord(over="rate", most=10_000, resolution=0.05, start=100, clients=20)
RATES = ((100, 6), (200, 10), (400, 6), (196, 20), (206, 20))


def values_of(summary: RunSummary) -> dict[str, Any]:
    """summary.json, read and held against its schema."""
    values: dict[str, Any] = json.loads(summary_json(summary, find(summary)))
    jsonschema.validate(values, json_schema())
    return values


def box(path: Path, *args: Any, slo: tuple[str, ...] = (), **more: Any) -> RunSummary:
    """A search on the box that carries 80 requests/s."""
    return searches.summary_of(path, searches.box_search(*args, **more), slo=list(slo))


def test_the_capacity_has_its_interval_and_what_binds(tmp_path: Path) -> None:
    """40 clients at 2/s, and what is due there; a larger load's backlog grows."""
    values = values_of(box(tmp_path / "s.log"))
    capacity = values["capacity"]
    assert 0 < capacity["low"] <= capacity["clients"] <= capacity["high"]
    assert capacity["low"] <= 40 <= capacity["high"]
    assert capacity["requests_per_s"] == 2 * capacity["clients"]
    assert capacity["confidence"] == 0.95
    assert capacity["limited"]
    assert capacity["binding"]["code"] == "backlog_grows"
    assert capacity["binding"]["objective"] is None
    at, beyond = (
        next(step for step in values["steps"] if step["index"] == index)["response_time_s"]["p95"]
        for index in (capacity["step"], capacity["broke"]["step"])
    )
    assert capacity["kind"] == ("slope" if beyond < 3 * at else "cliff")
    assert capacity["trials"] == len(values["trials"]) == len(searches.BOX_TRIALS)
    assert capacity["seconds"] == pytest.approx(sum(t["seconds"] for t in values["trials"]))
    assert values["search"]["unit"] == "clients"
    assert values["search"]["ended"] == "finished"
    assert values["tiers"][0]["capacity"] == capacity


def test_each_trial_has_its_verdict_and_reasons(tmp_path: Path) -> None:
    """A load above 40 fails with a reason; a trial is the step of its index."""
    values = values_of(box(tmp_path / "s.log"))
    for trial, (load, _) in zip(values["trials"], searches.BOX_TRIALS, strict=True):
        step = values["steps"][trial["step"]]
        assert trial["load"] == trial["clients"] == step["clients"] == load
        assert trial["start_s"] < trial["end_s"] <= trial["start_s"] + trial["seconds"]
        assert (trial["verdict"] == "fail") == (load > 40)
        assert bool(trial["reasons"]) == (trial["verdict"] != "pass")


def test_tiers_are_judged_apart(tmp_path: Path) -> None:
    """No answer takes less than 50 ms: gold has no capacity, and silver the box's own."""
    slo = ("gold: p95<40ms", "silver: p95<300ms")
    values = values_of(box(tmp_path / "s.log", slo=slo))
    gold, silver = values["tiers"]
    assert (gold["name"], gold["answer"], gold["capacity"]) == ("gold", "none", None)
    assert gold["not_carried"]["clients"] == 1
    assert values["capacity"] is None  # that of the first tier
    assert silver["capacity"]["low"] <= 40 <= silver["capacity"]["high"]
    assert silver["capacity"]["binding"]["objective"] == "p95<300ms"
    assert {tier["name"] for trial in values["trials"] for tier in trial["tiers"]} == {
        "gold",
        "silver",
    }


def test_a_rate_is_in_requests_per_second_of_a_client(tmp_path: Path) -> None:
    """20 clients share 80 requests/s: 4/s each."""
    values = values_of(box(tmp_path / "s.log", RATES, record=OVER_RATE))
    capacity = values["capacity"]
    assert values["search"]["unit"] == "requests_per_s"
    assert capacity["clients"] == 20
    assert capacity["low"] <= 4.0 <= capacity["high"]
    assert capacity["requests_per_s"] == pytest.approx(80, rel=0.03)
    assert [trial["load"] for trial in values["trials"]] == [load * 0.02 for load, _ in RATES]


def test_cameras_of_a_mix_are_counted_by_group(tmp_path: Path) -> None:
    """Three copies have 12 cameras of door and 18 of person; person binds."""
    found = searches.mix_search(((1, 6), (2, 10), (4, 10), (3, 25)), "copies")
    capacity = values_of(searches.summary_of(tmp_path / "s.log", found))["capacity"]
    assert (capacity["copies"], capacity["clients"]) == (3, 30)
    assert capacity["cameras"] == {"door": 12, "person": 18}
    assert capacity["requests_per_s"] == 96.0
    assert capacity["binding"]["group"] == "person"


def test_a_ramp_has_no_keys_of_a_search() -> None:
    """The schema keeps them null, and no trials."""
    required = json_schema()["$defs"]["CapacityRecord"]["required"]
    assert {"low", "high", "confidence", "binding", "kind", "trials", "seconds"} <= set(required)


def test_the_log_read_again_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing in summary.json depends on when or where it is made."""
    once = box(tmp_path / "s.log", slo=("p95<300ms",))
    again = analyse(read_log(tmp_path / "s.log"))
    assert summary_json(once, find(once)) == summary_json(again, find(again))


@pytest.mark.parametrize(
    ("trials", "slo", "more", "code"),
    [
        (searches.BOX_TRIALS, (), {}, exit_codes.OK),
        (searches.BOX_TRIALS, ("p95<300ms",), {}, exit_codes.OK),  # 41 clients miss it, on purpose
        (((8, 6), (16, 20)), (), {}, exit_codes.OK),  # a lower bound
        (((1, 20),), ("p95<10ms",), {}, exit_codes.NO_RESULT),
        (((1, 2), (2, 2)), (), {}, exit_codes.NO_RESULT),
        (((8, 6), (32, 10), (64, 6)), (), {"lag": lambda load: 0.3 * (load == 64)},
         exit_codes.INVALID),
        (((8, 6),), (), {"outcome": lambda load, at_s: "refused"}, exit_codes.NO_RESULT),
    ],
)  # fmt: skip
def test_the_exit_code_says_whether_a_capacity_was_found(
    tmp_path: Path, trials: Any, slo: tuple[str, ...], more: dict[str, Any], code: int
) -> None:
    """0 if it was, 6 if none could be, 4 if our own machine was the limit."""
    assert exit_code(box(tmp_path / "s.log", trials, slo=slo, **more)) == code
