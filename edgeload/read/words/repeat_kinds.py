"""What is said about several runs of one measurement: meaning, cause, advice, and words. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from edgeload.plain_words import listed, plural
from edgeload.read.statistics.format import milliseconds, number, share, short
from edgeload.read.words.finding_kind import Kind, Numbers

_MOST_FACTS = 6
_OF_RUNS = {"ceiling": "the endpoint's limit"}
REPEATED_SHARES = ("errors", "missed")


def repeated_value(name: str, value: float | None) -> str:
    """A figure without its unit: milliseconds, per second, or a share."""
    if value is None or math.isinf(value):
        return "-" if value is None else "never"
    if name in REPEATED_SHARES:
        return share(value)
    return milliseconds(value) if " p" in name else number(value)


def repeated_unit(name: str) -> str:
    """` ms`, ` answers/s`, or nothing."""
    if name in REPEATED_SHARES:
        return ""
    return " ms" if " p" in name else " answers/s"


def repeated_limits(name: str, low: float, high: float) -> str:
    """`60.1-61.9`, in the digits of the figure."""
    return f"{repeated_value(name, low)}-{repeated_value(name, high)}"


def counted_load(count: int, over: str, group: str | None) -> str:
    """`38 clients`, `3 copies`, `14 door cameras`, `85 % of the rate`."""
    if over == "rate":
        return f"{count:,} % of the rate"
    noun = {"clients": "client", "copies": "copy", "group": f"{group} camera"}[over]
    return plural(count, noun)


def _left_out(n: Numbers) -> str:
    why = "was stopped" if n["why"] == "stopped" else f"is INVALID ({', '.join(n['codes'])})"
    return f"run {n['run']} ({short(n['log'], 60)}) {why}, so it does not count"


def _runs_differ(n: Numbers) -> str:
    facts: Mapping[str, Sequence[str]] = n["facts"]
    said = [
        f"{name} ({' | '.join(short(text, 40) for text in texts)})"
        for name, texts in list(facts.items())[:_MOST_FACTS]
    ]
    more = len(facts) - len(said)
    return f"the runs differ in {listed([*said, *([f'{more} more'] if more else [])])}"


def _capacities_disagree(n: Numbers) -> str:
    carried, refused = (
        counted_load(n[name], n["over"], n["ramped"]) for name in ("carried", "not_carried")
    )
    return (
        f"run {n['carried_by_run']} carried {carried}, although run {n['not_carried_by_run']} did "
        f"not carry {refused}"
    )


def _runs_disagree(n: Numbers) -> str:
    tested, found = n["tested"], n["figures"]
    worst = "; ".join(_worst(each, n) for each in n["worst"])
    more = (
        "scatters more from run to run than its interval within a run allows"
        if found == 1
        else "scatter more from run to run than their intervals within a run allow"
    )
    return f"{found} of {plural(tested, 'figure')} {more}: {worst}"


def _worst(each: Mapping[str, Any], n: Numbers) -> str:
    """`response p95 at 38 clients, 61.2, 75.0 and 90.1 ms (within a run 60.1-62.3), …`."""
    name = each["figure"]
    at = ""
    if each["load"] is not None:
        at = f" at {counted_load(each['load'], n['over'], n['ramped'])}"
    of = f"{each['group']}: " if each["group"] else ""
    values = listed([repeated_value(name, value) for value in each["runs"]])
    within = repeated_limits(name, *each["within"])
    return (
        f"{of}{_OF_RUNS.get(name, name)}{at}, {values}{repeated_unit(name)} (within a run "
        f"{within}), {number(each['ratio'], digits=2)} times the scatter that this allows"
    )


def _without_capacity(n: Numbers) -> str:
    found = listed([str(run) for run in n["runs"]])
    runs = f"run {found}" if len(n["runs"]) == 1 else f"runs {found}"
    return f"of {n['counted']} runs, {len(n['runs'])} found no capacity ({runs})"


def _few_runs(n: Numbers) -> str:
    if n["runs"] == 1:
        return "only one run counts, so there is no interval over runs"
    return "two runs give an interval of 9 standard deviations on each side, which says very little"


REPEAT_KINDS = {
    "run_left_out": Kind(
        meaning="A run of a series does not count.",
        cause="Somebody stopped it, or it is INVALID: our own machine or a gap in its log is at "
        "fault.",
        advice="Its own report says what it measured, and what to change. Repeat the series for as "
        "many runs as you need.",
        message=_left_out,
    ),
    "runs_differ": Kind(
        meaning="Runs that should be one measurement were made with different settings, versions "
        "or machines.",
        cause="Logs of different measurements were given together, or something was updated "
        "between the runs.",
        advice="Differences between the runs may come from that. Compare the runs with --baseline "
        "instead.",
        message=_runs_differ,
    ),
    "capacities_disagree": Kind(
        meaning="No capacity fits all runs: one carried clearly more than another could.",
        cause="The box changes between runs: its temperature, other work on it, a cold cache, the "
        "network; or our own chance, such as Poisson arrivals.",
        advice="Believe the interval over runs, not that of one run. More runs narrow it; a longer "
        "--cooldown shows whether the box was hot.",
        message=_capacities_disagree,
    ),
    "runs_disagree": Kind(
        meaning="Figures scatter more from run to run than the interval within a run allows, at an "
        "error of 1 % for all figures together: that interval is too narrow to be believed for "
        "this box.",
        cause="Something changes between runs and not within one: the box's temperature, other "
        "work on it, a cold cache, the network, or the phases of the cameras.",
        advice="Believe the interval over runs, not that of one run. If later runs are slower, the "
        "box may be hot: use a longer --cooldown. If the first is slower, it was cold.",
        message=_runs_disagree,
    ),
    "runs_without_capacity": Kind(
        meaning="Some runs of a series found neither a load that was carried nor one that was not.",
        cause="Their steps are too short to tell.",
        advice="The capacity over runs is that of the other runs. Use longer steps "
        "(--time-between-ramp).",
        message=_without_capacity,
    ),
    "few_runs": Kind(
        meaning="Too few runs count for an interval over runs that is of use.",
        cause="REPEAT is small, or runs were left out.",
        advice="Repeat the measurement three times or more (--repeat 3): a third run makes the "
        "interval about a quarter as wide.",
        message=_few_runs,
    ),
}
