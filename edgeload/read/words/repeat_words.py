"""Several runs of one measurement in words: the answer over the runs, and whether they agree. Pure.

`[60-62 over runs; 59-63 within a run]`: the first interval comes from the scatter between runs, the
second is that of a usual run. The capacity of ramps lies between two loads of a usual run.
"""

from __future__ import annotations

import math

from edgeload.plain_words import plural, rate_words
from edgeload.read.analysis.repeats import RepeatedCapacity, RepeatedFigure, Repeats
from edgeload.read.analysis.run_figures import RunFigure, RunFigures
from edgeload.read.statistics.format import number
from edgeload.read.statistics.over_runs import MeanOverRuns
from edgeload.read.words.objective_words import MARKS, STATUSES
from edgeload.read.words.repeat_kinds import (
    REPEATED_SHARES,
    counted_load,
    repeated_limits,
    repeated_unit,
    repeated_value,
)

REPEATS_NOTE = (
    "±: half of the 95 % interval over runs, of which each counts once; no ±: one run. Rates are "
    "answers per second, times are in ms; the last column is the interval of a usual run by itself."
)
DISAGREES = "!"
"""Stands behind a figure in which the runs disagree."""
DISAGREES_NOTE = f"{DISAGREES}: the runs disagree."


def repeats_headline(repeats: Repeats) -> str:
    """The answer over the runs, with its interval over runs and that within a run."""
    counted = len(repeats.counted)
    if not counted:
        return (
            f"No run counts of {len(repeats.runs)}: nothing can be said over runs."
            if len(repeats.runs) > 1
            else "The run does not count: nothing can be said over runs."
        )
    return f"{plural(counted, 'run')}: {_answer(repeats)}"


def repeats_limit(repeats: Repeats) -> str:
    """What the endpoint answers at most, over the runs; empty if it is unknown."""
    ceiling = repeats.ceiling
    if ceiling is None or ceiling.over is None:
        return ""
    of = "" if ceiling.over.n == len(repeats.counted) else f" ({plural(ceiling.over.n, 'run')})"
    return (
        f"Its limit is about {number(ceiling.over.mean)} answers/s{_brackets(ceiling)}{of}, "
        "measured where the load was too large."
    )


def agreement_words(repeats: Repeats) -> str:
    """Whether the runs agree, and which interval to believe."""
    if len(repeats.counted) < 2:
        return ""
    if repeats.agreement == "disagree":
        return (
            "The runs DISAGREE: they differ by more than the interval within a run allows. Believe "
            "the interval over runs."
        )
    if repeats.agreement == "unknown":
        return (
            "Whether the runs agree is unknown: no figure has an interval within at least two runs."
        )
    figures = f" ({plural(repeats.tested, 'figure')} compared)" if repeats.tested else ""
    return (
        "The runs agree: they differ by no more than the interval within each of them allows"
        f"{figures}."
    )


def _answer(repeats: Repeats) -> str:
    capacity, first = repeats.capacity, repeats.runs[repeats.counted[0]]
    if capacity is None:
        return "the capacity is unknown, because no run found one."
    if capacity.count == 0:
        least = min(b.high for b in capacity.brackets if b and b.high is not None) + 1
        return f"this endpoint serves fewer than {_load(first, least)}{_interval(first, capacity)}."
    at_least = "" if capacity.limited else "at least "
    said = (
        f"this endpoint serves {at_least}{_load(first, capacity.count)}{_interval(first, capacity)}"
    )
    rate = capacity.per_s
    if capacity.limited and rate.over is not None:
        said += f", with {number(rate.over.mean)} answers/s{_brackets(rate)}"
    if not capacity.limited:
        said += _end_of_ramp(capacity)
    return f"{said}."


def _end_of_ramp(capacity: RepeatedCapacity) -> str:
    """Why the capacity is only a lower bound."""
    if any(bracket and bracket.high is not None for bracket in capacity.brackets):
        return "; each run carried as many or more, and some only reached the end of the ramp"
    if len(capacity.brackets) == 1:
        return ", the largest load of the ramp"
    return "; each run carried the largest load of its ramp"


def _load(run: RunFigures, count: int) -> str:
    """`38 clients at 2 requests/s each`, `3 copies of the mix`, `14 door cameras beside …`."""
    unit, rate = run.unit, run.requests_per_second
    if unit.over == "rate" and not run.of_mix and rate:
        return _clients_at(unit.clients, rate * unit.share_of_rate(count))
    if unit.over == "clients":
        return _clients_at(count, rate)
    load = counted_load(count, unit.over, unit.group)
    if unit.over == "copies":
        load += f" of {unit.group or 'the mix'}"
    return f"{load} beside the other groups" if unit.group else load


def _clients_at(clients: int, rate: float | None) -> str:
    each = " each" if clients > 1 else ""
    return f"{plural(clients, 'client')}{f' at {rate_words(rate)}{each}' if rate else ''}"


def _interval(run: RunFigures, capacity: RepeatedCapacity) -> str:
    """` [39-41 over runs; 38-42 within a run]` of searches; of one run only the latter.

    Ramps try few loads: ` [38 in all 3 runs; the least load that failed: 50]`.
    """
    parts = []
    low, high = capacity.within
    if capacity.over and capacity.count:
        first, last = (load_number(run, count) for count in capacity.over)
        same = first == last and not run.unit.searched
        runs = f"in all {len(capacity.brackets)} runs"
        parts.append(f"{first} {runs}" if same else f"{first}-{last} over runs")
    if run.unit.searched and high is not None:
        parts.append(f"{load_number(run, low)}-{load_number(run, high)} within a run")
    elif high is not None and capacity.count:
        failed = f"the least load that failed: {load_number(run, high + 1)}"
        parts.append(failed if len(set(capacity.brackets)) == 1 else f"in a usual run, {failed}")
    return f" [{'; '.join(parts)}]" if parts else ""


def _brackets(figure: RepeatedFigure) -> str:
    """The same for a figure."""
    parts = []
    over = figure.over
    if over and over.low is not None and over.high is not None:
        parts.append(f"{repeated_limits(figure.name, over.low, over.high)} over runs")
    if figure.within:
        parts.append(f"{repeated_limits(figure.name, *figure.within)} within a run")
    return f" [{'; '.join(parts)}]" if parts else ""


# --- the cells of the tables ----------------------------------------------------------------------


def load_number(run: RunFigures, count: int) -> str:
    """A load without its unit; one that is a part of a rate, in requests/s or percent."""
    if run.unit.over != "rate":
        return f"{count:,}"
    rate = run.requests_per_second
    return f"{count} %" if run.of_mix or not rate else f"{rate * run.unit.share_of_rate(count):.4g}"


def load_head(run: RunFigures) -> str:
    """What stands above loads in a table."""
    unit = run.unit
    if unit.over == "rate":
        return "rate" if run.of_mix else "requests/s"
    return f"{unit.group} cameras" if unit.over == "group" else unit.over


def bracket_words(run: RunFigures) -> str:
    """`38, not 50`; `≥ 50` if no larger load was refused; of a search, `38 [37-39]`."""
    bracket = run.bracket
    if bracket is None:
        return "unknown"
    count, low = load_number(run, bracket.count), load_number(run, bracket.low)
    if bracket.high is None:
        return f"≥ {low}"
    if run.unit.searched:
        return f"{count} [{low}-{load_number(run, bracket.high)}]"
    return f"{count if bracket.count else 'none'}, not {load_number(run, bracket.high + 1)}"


def run_ceiling_words(figure: RunFigure | None) -> str:
    """`80.0 [79.6-80.4]`."""
    if figure is None or figure.value is None:
        return "-"
    if figure.low is None or figure.high is None:
        return number(figure.value)
    return f"{number(figure.value)} [{repeated_limits('ceiling', figure.low, figure.high)}]"


def run_verdict(run: RunFigures) -> str:
    """Whether the run counts."""
    return {None: "counts", "stopped": "stopped", "invalid": "INVALID"}[run.left_out]


def objectives_mark(run: RunFigures) -> str:
    """`✓ met`, or nothing without objectives."""
    status = run.objectives
    return f"{MARKS[status]} {STATUSES[status]}" if status else "-"


def over_runs_words(figure: RepeatedFigure) -> str:
    """`61.2 ±0.9`, with a mark if the runs disagree."""
    over = figure.over
    if over is None:
        return "-"
    mark = f" {DISAGREES}" if figure.disagrees else ""
    value = repeated_value(figure.name, over.mean)
    return f"{value}{_half(figure.name, over, value)}{mark}"


def within_words(figure: RepeatedFigure) -> str:
    """`60.4-61.9`, the interval of a usual run."""
    return repeated_limits(figure.name, *figure.within) if figure.within else "-"


def _half(name: str, over: MeanOverRuns, shown: str) -> str:
    """` ±0.9`, rounded up to the decimals of the value that is shown.

    Limits that a bound cut are not the same on both sides: the wider side counts.
    """
    if over.low is None or over.high is None:
        return ""
    half = max(over.high - over.mean, over.mean - over.low)
    if name in REPEATED_SHARES:
        return f" ±{repeated_value(name, half).removesuffix(' %')}" if half else ""
    decimals = len(shown.partition(".")[2])
    scaled = half * (1000 if repeated_unit(name) == " ms" else 1) * 10**decimals
    return f" ±{math.ceil(scaled - 1e-6) / 10**decimals:.{decimals}f}"
