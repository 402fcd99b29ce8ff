"""A camera group's answer in a mix: how far it was carried, and what limits it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgeload.plain_words import listed, plural, sentence
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.words.closed_loop_words import CLOSED_LOOP_LIMIT
from edgeload.read.words.felt import felt_p95_words
from edgeload.read.words.finding_words import message
from edgeload.read.words.limit import ceiling_words, reasons_of
from edgeload.read.words.loads import Loads, cameras_at
from edgeload.read.words.longer_steps import step_option

GroupOutcome = Literal["first", "fails", "carried", "undecided", "closed loop", "invalid"]

_NOT_REACHED = "Its limit was not reached."


@dataclass(frozen=True)
class GroupAnswer:
    """What a mix says about one of its groups. The texts are for a card of the page.

    `verdict` is "first" if the group falls short at the least load that the mix is not carried at,
    and "fails" if it falls short at a larger load only.
    """

    group: str
    verdict: GroupOutcome
    said: str
    """The verdict in words: `fails first, at 4 copies`; `fails at 4 copies, as does person`."""
    load: str
    """`18 person cameras at 2/s, at 3 copies`: at the capacity of the mix, else at its least load.
    """
    times: str
    """`response p95 36.1 ms` at that load."""
    limit: str
    """What limits it, in sentences."""


def group_answers(summary: RunSummary) -> tuple[GroupAnswer, ...]:
    """An answer for each group, in the plan's order; none for a run without a mix."""
    if not summary.steps:
        return ()
    return tuple(_answer(summary, group) for group in summary.groups)


def _answer(summary: RunSummary, group: RunSummary) -> GroupAnswer:
    steps = sorted(group.steps, key=lambda step: (step.copies, step.index))
    refused = next((step for step in steps if step.fell_short), None)
    first = _first_to_fail(summary)
    verdict = _verdict(group, steps, refused, first)
    others = [name for name in first if name != group.group]
    shown = _shown_step(summary, group)
    plan = group.log.plan
    cameras = cameras_at(shown.clients, plan.groups[0]) if plan else str(shown.clients)
    return GroupAnswer(
        group=group.group,
        verdict=verdict,
        said=_said(verdict, steps, refused, others, Loads(group)),
        load=f"{cameras}, at {Loads(group).of_step(shown)}",
        times=felt_p95_words(shown),
        limit=_limit(group, verdict, steps, refused),
    )


def _shown_step(summary: RunSummary, group: RunSummary) -> StepSummary:
    least = min(summary.steps, key=lambda step: (step.copies, step.index))
    wanted = summary.capacity.step if summary.capacity else least.index
    return next(step for step in group.steps if step.index == wanted)


def _first_to_fail(summary: RunSummary) -> list[str]:
    """The groups that fall short at the least load that the mix is not carried at."""
    overload = summary.first_overload
    return [
        group.group
        for group in summary.groups
        for step in group.steps
        if overload is not None and step.index == overload.step and step.fell_short
    ]


def _verdict(
    group: RunSummary, steps: list[StepSummary], refused: StepSummary | None, first: Sequence[str]
) -> GroupOutcome:
    if refused is not None:
        return "first" if group.group in first else "fails"
    if not any(step.valid for step in steps):
        return "invalid"
    if all(step.closed for step in steps):
        return "closed loop"
    return "carried" if _carried(steps) else "undecided"


def _carried(steps: Iterable[StepSummary]) -> list[StepSummary]:
    """By load: the steps whose load was carried, below the least that was not."""
    below: list[StepSummary] = []
    for step in steps:
        if step.fell_short:
            break
        if step.state == "carried":
            below.append(step)
    return below


def _said(
    verdict: GroupOutcome,
    steps: list[StepSummary],
    refused: StepSummary | None,
    others: Sequence[str],
    loads: Loads,
) -> str:
    """`others` are those that fail as soon as any."""
    if refused is not None and verdict == "first" and others:
        do = "does" if len(others) == 1 else "do"
        return f"fails at {loads.of_step(refused)}, as {do} {listed(others)}"
    if refused is not None:
        first = "fails first" if verdict == "first" else "fails"
        return f"{first}, at {loads.of_step(refused)}"
    if verdict == "invalid":
        return "INVALID at every load"
    if verdict == "closed loop":
        return "closed loop: there is no load to carry"
    best = max((step.copies for step in _carried(steps)), default=None)
    above = sorted({step.copies for step in steps if step.copies > (best or 0)})
    if best is None:
        return f"undecided at {plural(above[0], loads.noun) if len(above) == 1 else 'every load'}"
    more = f", undecided at {listed([f'{copies:,}' for copies in above[:2]])}" if above else ""
    return f"carried up to {plural(best, loads.noun)}{more}"


def _limit(
    group: RunSummary, verdict: GroupOutcome, steps: list[StepSummary], refused: StepSummary | None
) -> str:
    if verdict == "closed loop":
        return CLOSED_LOOP_LIMIT
    if refused is None:
        return _open_limit(steps, Loads(group))
    grew = any(found.code == "backlog_grows" for found in refused.shortfalls)
    ceiling = group.bracket.ceiling if grew else None
    why = "; ".join(reasons_of(refused.shortfalls, said=ceiling is not None))
    sentences = [ceiling_words(ceiling, group.group, group.queueing)] if ceiling else []
    sentences += [sentence(f"{Loads(group).of_step(refused)} fell short: {why}")] if why else []
    return " ".join(sentences)


def _open_limit(steps: Sequence[StepSummary], loads: Loads) -> str:
    """No load fell short; the undecided ones above the last that was carried may have.

    Of several steps of one load, the longest counts: it says best how long a step must be.
    """
    best = max((step.copies for step in _carried(steps)), default=0)
    above = [step for step in steps if step.copies > best and step.state == "undecided"]
    undecided = {s.copies: s for s in sorted(above, key=lambda s: s.window.length_s)}
    if not undecided:
        return _NOT_REACHED
    needed = {copies: _step_to_tell_s(step) for copies, step in sorted(undecided.items())}
    known = {copies: math.ceil(seconds) for copies, seconds in needed.items() if seconds}
    if len(known) < len(needed):
        last = undecided[max(undecided)]
        why = dict.fromkeys(message(replace(s, group="")) for s in last.shortfalls)
        return f"Unknown. {sentence(f'{loads.of_step(last)}: ' + '; '.join(why))}"
    first, *more = known.items()
    tell = [f"{first[1]:,} s would tell at {plural(first[0], loads.noun)}"]
    tell += [f"{seconds:,} s at {copies:,}" for copies, seconds in more]
    return (
        f"Unknown: no step was long enough{' above that' if best else ''}. {', '.join(tell)}. "
        f"Repeat with {step_option(max(known.values()))}."
    )


def _step_to_tell_s(step: StepSummary) -> float | None:
    """About how long a step must be to decide what this one does not, in seconds; None: unknown."""
    known: list[float] = []
    for shortfall in step.shortfalls:
        numbers = shortfall.numbers
        extra_s, step_s = numbers.get("extra_seconds_needed"), numbers.get("step_s")
        if isinstance(extra_s, float | int):
            known.append(step.span.length_s + extra_s)
        elif isinstance(step_s, float | int) and numbers["measured"]:
            known.append(step_s)
    return max(known) if known and len(known) == len(step.shortfalls) else None
