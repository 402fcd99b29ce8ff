"""Laws of what is said about variants: the best first, in the user's unit, and how sure that is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edgeload.settings import resolve
from edgeload.variants.contest import Contest
from edgeload.variants.measurement import Measurement
from edgeload.variants.variants_words import (
    VariantUnit,
    happened,
    left_words,
    load_unit,
    place_words,
    ranking_headline,
    ranking_row,
    reasons,
    turn_words,
)

UNIT = VariantUnit("client", 2.0, "requests/s")


def measured(per_s: float, high: float | None = None) -> Measurement:
    return Measurement("measured", per_s, per_s, high or per_s)


def contest(*rounds: dict[str, Measurement], most: int = 6) -> Contest:
    state = Contest(tuple(rounds[0]), most_rounds=most)
    for each in rounds:
        state = state.after_round({name: each[name] for name in state.standing if name in each})
    return state


CLEAR = {"one": measured(20.0), "two": measured(40.0), "four": measured(80.0)}
FAILED = Measurement("not_applied", why="exit code 1: no memory")


def test_the_best_comes_first_in_the_users_unit() -> None:
    """And how much less the next one serves."""
    assert ranking_headline(contest(*[CLEAR] * 4), UNIT) == (
        "four serves the most: 40 clients at 2 requests/s each (80.0 requests/s). The next one, "
        "two, serves 50 % of that."
    )


def test_what_is_not_told_apart_is_said_with_what_would_tell() -> None:
    """More rounds, or more load."""
    wobble = [{"a": measured(80.0 + n % 2), "b": measured(80.5)} for n in range(6)]
    said = ranking_headline(contest(*wobble), UNIT)
    assert "is not told apart from it. They may be equally good; more rounds" in said
    unknown = Measurement("unknown", why="too short")
    few = [CLEAR, CLEAR, {**CLEAR, "four": unknown}]
    said = ranking_headline(contest(*few, most=3), UNIT)
    assert "two and one are not told apart from it. That needs 3 rounds in which both" in said
    unbounded = [{"a": measured(80.0, math.inf), "b": measured(60.0, math.inf)}] * 3
    said = ranking_headline(contest(*unbounded), UNIT)
    assert said.startswith("a serves the most: at least 40 clients")
    assert "a larger load (--max-clients" in said


@pytest.mark.parametrize(
    ("rounds", "said"),
    [
        ([{"a": FAILED, "b": FAILED}], "NO RESULT: no variant was measured"),
        ([{"a": FAILED, "b": measured(80.0)}] * 3, "No other variant was measured."),
        ([CLEAR], "not told apart from it. More time would tell."),
    ],
)
def test_what_was_not_measured_is_said(rounds: list[dict[str, Measurement]], said: str) -> None:
    """Too little is never a ranking."""
    assert said in ranking_headline(contest(*rounds), UNIT)


def test_the_table_says_what_happened() -> None:
    """To each variant, with intervals once there are three rounds."""
    state = contest(*[{**CLEAR, "bad": FAILED}] * 4)
    assert ranking_row(state, "two") == ("two", "40.0", "0.50 (0.50 to 0.50)", "4", "worse")
    assert ranking_row(state, "four")[2:] == ("-", "4", "first")
    assert happened(state, "one") == "worse, dropped after round 3"
    assert ranking_row(state, "bad")[1:] == ("-", "-", "0", "not applied in round 1")
    assert reasons(state) == ["bad, round 1: exit code 1: no memory"]
    two = contest(CLEAR, CLEAR)
    assert ranking_row(two, "two")[2] == "0.50"
    assert happened(two, "two") == "not told apart from the first"


def test_dropped_variants_are_named_while_it_goes() -> None:
    """And nothing is said if none was."""
    before = Contest(tuple(f"v{number}" for number in range(5)))
    after = before.after_round({name: measured(1.0 + int(name[1])) for name in before.names})
    assert left_words(before, after) == "After round 1, v0 is not measured any more."
    assert left_words(after, after) == ""
    assert place_words("v3", after, 2) == "Round 2 of at most 6, variant 2 of 4: v3"


def test_a_measurement_is_one_line() -> None:
    """Its capacity and interval, or why there is none."""
    assert turn_words("a", Measurement("measured", 80.0, 79.0, 81.0), UNIT) == (
        "a: 80.0 (79.0 to 81.0) requests/s"
    )
    assert turn_words("a", measured(80.0, math.inf), UNIT) == "a: at least 80.0 requests/s"
    assert turn_words("a", FAILED, UNIT) == "a: not applied: exit code 1: no memory"


def test_a_capacity_is_counted_in_what_is_ramped() -> None:
    """Clients, or copies of a mix with their frames; with one group ramped, only requests/s."""
    clients = load_unit(resolve({}, {"requests_per_second": 2}, {}))
    assert (clients.noun, clients.count(75.9), clients.count(79.0)) == ("client", 38, 39)
    mix = Path(__file__).parents[2] / "examples" / "mix.yaml"
    copies = load_unit(resolve({}, {"mix": mix}, {}))
    assert (copies.noun, copies.per_s, copies.count(100.0)) == ("copy", 40.0, 2)
    one = load_unit(resolve({}, {"mix": mix, "ramp_group": "door"}, {}))
    assert one.count(100.0) is None
