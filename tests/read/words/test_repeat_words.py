"""What is said about several runs: the answer, its two intervals, and what disagrees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from repeated_runs import made_run, with_p95

from edgeload.read.analysis.repeat_findings import repeat_findings
from edgeload.read.analysis.repeats import RepeatedFigure, Repeats, repeats_of
from edgeload.read.analysis.run_figures import LoadUnit, RunBracket, RunFigure, stopped_run
from edgeload.read.statistics.over_runs import MeanOverRuns
from edgeload.read.words.finding_words import message
from edgeload.read.words.repeat_words import (
    agreement_words,
    bracket_words,
    over_runs_words,
    repeats_headline,
    repeats_limit,
)


def of_brackets(*brackets: tuple[int, int | None]) -> Repeats:
    return repeats_of([made_run(i, *each) for i, each in enumerate(brackets, 1)])


def test_the_answer_has_both_intervals() -> None:
    """That over runs, and beside it that of a usual run."""
    assert repeats_headline(of_brackets((38, 49), (38, 49), (38, 49))) == (
        "3 runs: this endpoint serves 38 clients at 2 requests/s each [38 in all 3 runs; the "
        "least load that failed: 50], with 76.0 answers/s [76.0-76.0 over runs]."
    )
    ceilings = [RunFigure(per_s, per_s - 1, per_s + 1) for per_s in (79.0, 80.0, 81.0)]
    runs = [made_run(i, ceiling=ceiling) for i, ceiling in enumerate(ceilings)]
    assert repeats_limit(repeats_of(runs)) == (
        "Its limit is about 80.0 answers/s [77.5-82.5 over runs; 79.0-81.0 within a run], measured "
        "where the load was too large."
    )


@pytest.mark.parametrize(
    ("brackets", "said"),
    [
        ([(38, 49)], "1 run: this endpoint serves 38 clients at 2 requests/s each [the least"),
        (
            [(50, None)] * 2,
            "at least 50 clients at 2 requests/s each; each run carried the largest",
        ),
        ([(50, None)], "at least 50 clients at 2 requests/s each, the largest load of the ramp."),
        ([(50, None), (38, 49)], "at least 38 clients at 2 requests/s each; each run carried as"),
        ([(0, 9), (0, 9)], "this endpoint serves fewer than 10 clients at 2 requests/s each"),
    ],
)
def test_a_capacity_is_not_said_to_be_more_than_it_is(
    brackets: list[tuple[int, int | None]], said: str
) -> None:
    """One run has no interval over runs, and the end of a ramp is a lower bound."""
    found = repeats_headline(of_brackets(*brackets))
    assert said in found
    assert "over runs" not in found


def test_nothing_is_said_where_nothing_was_measured() -> None:
    """No run that counts, and runs without a capacity."""
    none = repeats_of([stopped_run("a"), stopped_run("b")])
    assert repeats_headline(none) == "No run counts of 2: nothing can be said over runs."
    unknown = repeats_of([made_run(1, bracket=None), made_run(2, bracket=None)])
    assert "the capacity is unknown" in repeats_headline(unknown)
    assert repeats_limit(unknown) == agreement_words(none) == ""


def test_a_mix_is_counted_in_copies() -> None:
    """Of all of it, or of the one group that is ramped."""
    mix = replace(made_run(1, 3, 3), of_mix=True, unit=LoadUnit("copies"))
    assert "serves 3 copies of the mix [" in repeats_headline(repeats_of([mix]))
    one = replace(mix, unit=LoadUnit("copies", "door"))
    assert "3 copies of door beside the other groups [" in repeats_headline(repeats_of([one]))


@pytest.mark.parametrize(
    ("unit", "of_mix", "answer", "row"),
    [
        (LoadUnit("clients", searched=True), False, "38 clients at 2 requests/s each [", "38 [37-"),
        (LoadUnit("copies", searched=True), True, "38 copies of the mix [", "38 [37-40]"),
        (
            LoadUnit("group", "door", searched=True),
            True,
            "38 door cameras beside the other groups [",
            "38 [37-40]",
        ),
        (LoadUnit("rate", None, 4, searched=True), False, "4 clients at 0.76 requests/s", "0.76 ["),
        (LoadUnit("rate", None, 4, searched=True), True, "38 % of the rate [", "38 % [37 %-40 %]"),
    ],
)
def test_a_search_is_counted_in_what_it_changes(
    unit: LoadUnit, of_mix: bool, answer: str, row: str
) -> None:
    """Its answer stands with the interval of its own, and so does each run's."""
    bracket = RunBracket(38, 37, 40, 76.0)
    runs = [made_run(i, unit=unit, of_mix=of_mix, bracket=bracket) for i in (1, 2, 3)]
    assert f"this endpoint serves {answer}" in repeats_headline(repeats_of(runs))
    assert bracket_words(runs[0]).startswith(row)


def test_what_disagrees_is_said_with_the_values_of_the_runs() -> None:
    """And with the interval that was too narrow; so that anybody can see it."""
    repeats = repeats_of(with_p95([0.0612, 0.075, 0.0901], 0.001))
    (said,) = map(message, repeat_findings(repeats))
    assert said == (
        "1 of 1 figure scatters more from run to run than its interval within a run allows: "
        "response p95 at 10 clients, 61.2, 75.0 and 90.1 ms (within a run 74.0-76.0), 28 times the "
        "scatter that this allows"
    )
    assert "DISAGREE" in agreement_words(repeats)
    (mark,) = map(over_runs_words, repeats.figures)
    assert mark == "75.4 ±36.0 !"


def test_a_capacity_that_fits_no_run_names_the_runs() -> None:
    """Which one carried more than which other could."""
    (said, _) = map(message, repeat_findings(of_brackets((38, 49), (20, 29))))
    assert said == "run 1 carried 38 clients, although run 2 did not carry 30 clients"


@pytest.mark.parametrize(
    ("bracket", "said"),
    [((38, 49), "38, not 50"), ((50, None), "≥ 50"), ((0, 9), "none, not 10")],
)
def test_the_bracket_of_a_run_is_said_in_loads(bracket: tuple[int, int | None], said: str) -> None:
    """What it carried, and the least that it did not."""
    run = made_run(1, *bracket)
    assert bracket_words(run) == said
    assert bracket_words(replace(run, bracket=None)) == "unknown"


@pytest.mark.parametrize(
    ("name", "mean", "low", "high", "said"),
    [
        ("response p95", 0.0510, 0.05099, 0.05101, "51.0 ±0.1"),  # rounded up
        ("throughput", 76.0, 76.0, 76.0, "76.0 ±0.0"),
        ("throughput", 1234.0, 1233.0, 1235.0, "1234 ±1"),
        ("errors", 0.0, 0.0, 0.0, "0 %"),
        ("errors", 0.25, 0.0, 0.75, "25 % ±50"),  # the lower limit is cut, so the upper one counts
        ("throughput", 76.0, None, None, "76.0"),
    ],
)
def test_half_an_interval_has_the_digits_of_its_value(
    name: str, mean: float, low: float | None, high: float | None, said: str
) -> None:
    """And is never shown as narrower than it is."""
    over = MeanOverRuns(3, mean, low, high)
    assert over_runs_words(RepeatedFigure(name, None, (), over, None, None)) == said
