"""What groups do to each other in words: the answer, the method, and a table's cells. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeload.plain_words import listed, plural, rate_words
from edgeload.read.analysis.influence import CHANGE, SAME_WITHIN, Influence
from edgeload.read.analysis.interference import AloneFigures, Interference
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.statistics.paired_ratios import LEAST_PAIRS, PairedRatio

INTERFERENCE_HEADS = ("cameras", "verdict", "throughput", "p95")
INTERFERENCE_TITLE = "What the groups do to each other"
INTERFERENCE_NOTE = (
    "A group alone has its throughput (good answers per second) and p95, of response time, or of "
    "service time in a closed loop. Beside another group stand the ratios to that, with 95 % "
    "intervals over the rounds. A p95 of never means that more than 5 % of the frames got no "
    "answer. "
    f"worse: a change of more than {share(CHANGE)} is shown; same: none is shown, and one beyond "
    f"{share(SAME_WITHIN['throughput'])} of throughput or {share(SAME_WITHIN['p95'])} of p95 is "
    "ruled out."
)
_MOST_PAIRS = 3


def interference_headline(found: Interference) -> str:
    """Who slows whom, and what is not known."""
    worse = _strongest(found, "worse")
    texts = [_slows(influence) for influence in worse[:_MOST_PAIRS]]
    if len(worse) > _MOST_PAIRS:
        texts.append(f"{plural(len(worse) - _MOST_PAIRS, 'more pair')} in the table.")
    verdicts = {influence.verdict for influence in found.influences}
    if verdicts == {"same"}:
        texts.append(
            "No group slows another: beside each other, throughput stays within "
            f"{share(SAME_WITHIN['throughput'])} and p95 within {share(SAME_WITHIN['p95'])} of "
            "what they are alone."
        )
    elif verdicts == {"not measured"}:
        texts.append("What the groups do to each other is unknown: not one round counts.")
    elif not worse:
        texts.append("No group is shown to slow another.")
    return " ".join([*texts, *_open(found)])


def _strongest(found: Interference, verdict: str) -> list[Influence]:
    """Of each group beside each other, the highest level that has the verdict.

    A pair of which another level is worse has no other verdict.
    """
    worse = {(i.group, i.beside) for i in found.influences if i.verdict == "worse"}
    pairs = {
        (i.group, i.beside): i
        for i in found.influences
        if i.verdict == verdict and (verdict == "worse" or (i.group, i.beside) not in worse)
    }
    return list(pairs.values())


def _slows(influence: Influence) -> str:
    """`person slows door: beside 12 person cameras, door's p95 is 2.10 times (…) as long`."""
    parts = [
        *([_longer(influence.p95)] if influence.p95 and influence.slowed else []),
        *([_less(influence.throughput)] if influence.throughput and influence.starved else []),
    ]
    return (
        f"{influence.beside} slows {influence.group}: beside {_beside(influence)}, "
        f"{influence.group}'s {', and its '.join(parts)}."
    )


def _longer(p95: PairedRatio) -> str:
    if math.isinf(p95.value):
        return "p95 is never answered, because more than 5 % of its frames get no answer"
    value, _, limits = ratio_words(p95).partition(" ")
    return f"p95 is {value} times {limits + ' ' if limits else ''}as long as alone"


def _less(throughput: PairedRatio) -> str:
    low, high = throughput.low or 0.0, throughput.high or 0.0
    limits = f" ({100 * low:.0f} to {100 * high:.0f} %)" if throughput.low else ""
    return f"throughput is {100 * throughput.value:.0f} %{limits} of what it is alone"


def _beside(influence: Influence) -> str:
    cameras = plural(influence.beside_cameras, f"{influence.beside} camera")
    return cameras if influence.level == "full" else f"half of its load ({cameras})"


def _open(found: Interference) -> Iterator[str]:
    """What is faster, undecided or not measured; nothing if all of it is unmeasured."""
    faster = _strongest(found, "better")
    if faster:
        yield (
            f"Faster than alone: {_pairs(faster)}. Something other than the groups changed between "
            "their steps: repeat the run."
        )
    undecided = _strongest(found, "undecided")
    if undecided:
        yield _undecided(found, undecided)
    unmeasured = _strongest(found, "not measured")
    if unmeasured and len(unmeasured) < len({(i.group, i.beside) for i in found.influences}):
        yield f"Not measured: {_pairs(unmeasured)}."


def _undecided(found: Interference, pairs: Sequence[Influence]) -> str:
    """Which pairs are undecided, or how many comparisons; why, and what would tell."""
    sides = {(pair.group, pair.beside) for pair in pairs}
    rows = [i for i in found.influences if i.verdict == "undecided"]
    rows = [i for i in rows if (i.group, i.beside) in sides]
    few = sum(i.rounds < LEAST_PAIRS for i in rows)
    total = len(found.influences)
    said = (
        f"Undecided: {_pairs(pairs)}"
        if len(pairs) <= _MOST_PAIRS
        else f"{len(rows)} of {plural(total, 'comparison')} are undecided"
    )
    if few:
        which = "" if few == len(rows) else f"{few} of them "
        said += f", {which}because fewer than {LEAST_PAIRS} rounds were left"
    needed = [i.rounds_to_tell for i in rows if i.rounds_to_tell]
    rounds = max([*needed, 2 * found.rounds])
    return f"{said}. Repeat with --interference-rounds {rounds}."


def some_steps_invalid(found: Interference, steps: int) -> str:
    """Whether to believe a run of so many steps, some of which are INVALID."""
    left_out = f"{found.invalid_steps} of {plural(steps, 'step')}"
    are = "is" if found.invalid_steps == 1 else "are"
    return (
        f"VALID: {left_out} {are} left out because our own machine did not keep up; the log is "
        "complete."
    )


def _pairs(influences: Sequence[Influence]) -> str:
    shown = [f"{i.group} beside {i.beside}" for i in influences[:_MOST_PAIRS]]
    more = len(influences) - len(shown)
    return listed([*shown, f"{more} more"] if more else shown)


def interference_method(found: Interference) -> str:
    """How it was measured, and which steps do not count."""
    groups = [f"{alone.group}: {_load(alone)}" for alone in found.alone]
    texts = [
        f"Measured in {plural(found.rounds, 'round')} of steps of {found.step_s:g} s: each group "
        f"alone, then each pair with one or both at full load ({'; '.join(groups)})."
    ]
    if found.without_half:
        verb, camera = (
            ("has", "camera") if len(found.without_half) == 1 else ("have", "camera each")
        )
        texts.append(f"{listed(found.without_half)} {verb} one {camera}, so there is no half.")
    if found.invalid_steps:
        texts.append(f"{plural(found.invalid_steps, 'INVALID step')} not counted.")
    if found.left_over_steps:
        texts.append(
            f"{plural(found.left_over_steps, 'step')} not counted, because the endpoint was still "
            "busy with the step before: use a longer --warmup and --time-between-ramp."
        )
    return " ".join(texts)


def _load(alone: AloneFigures) -> str:
    cameras = plural(alone.cameras, "camera")
    if alone.requests_per_second is None:
        return f"{cameras} in a closed loop"
    return f"{cameras} at {rate_words(alone.requests_per_second)}"


# --- the table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InterferenceRow:
    """A row of the table, as texts: a group alone, or (`beside` its name) beside another."""

    group: str
    beside: str
    cameras: str
    throughput: str
    p95: str
    verdict: str
    rounds: str
    """`2 of 3`: rounds that count; empty for a group alone, and if all rounds do."""


def interference_rows(found: Interference) -> list[InterferenceRow]:
    """Each group alone, and below it beside each other group at each level."""
    rows = []
    for alone in found.alone:
        p95 = milliseconds(alone.p95_s)
        rows.append(
            InterferenceRow(
                alone.group,
                "",
                plural(alone.cameras, "camera"),
                "-" if alone.throughput_per_s is None else f"{number(alone.throughput_per_s)}/s",
                p95 if p95 in ("-", "never") else f"{p95} ms",
                "",
                "",
            )
        )
        rows += [
            InterferenceRow(
                i.group,
                i.beside,
                str(i.beside_cameras) + ("" if i.level == "full" else " (half)"),
                ratio_words(i.throughput),
                ratio_words(i.p95),
                i.verdict,
                "" if i.rounds == found.rounds else f"{i.rounds} of {found.rounds}",
            )
            for i in found.influences
            if i.group == alone.group
        ]
    return rows


def ratio_words(ratio: PairedRatio | None) -> str:
    """`2.10 (1.90 to 2.40)`, or `2.10 (needs 3 rounds)`; without limits that read the same."""
    if ratio is None:
        return "-"
    value = _plain(ratio.value)
    if ratio.low is None or ratio.high is None:
        return f"{value} (needs {LEAST_PAIRS} rounds)"
    low, high = _plain(ratio.low), _plain(ratio.high)
    return value if low == high == value else f"{value} ({low} to {high})"


def _plain(value: float) -> str:
    """A ratio with two decimals, fewer from 10 on."""
    if math.isinf(value):
        return "never"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"
