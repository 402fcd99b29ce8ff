"""A camera group's answer in an interference run: what it is alone, and who slows it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgeload.plain_words import listed, plural, rate_words
from edgeload.read.analysis.influence import Influence, InfluenceVerdict
from edgeload.read.analysis.interference import AloneFigures, Interference
from edgeload.read.statistics.format import milliseconds, number

BesideOutcome = Literal["slowed", "same", "undecided", "not measured"]


@dataclass(frozen=True)
class BesideAnswer:
    """What an interference run says about one of its groups. The texts are for a card of the page.

    `verdict` is "slowed" if any other group slows it, and "same" if none does.
    """

    group: str
    verdict: BesideOutcome
    said: str
    """The verdict in words: `slowed by person`."""
    load: str
    """`4 cameras at 8 requests/s`: its full load."""
    alone: str
    """`32.0 answers/s, response p95 55.2 ms`: what it is alone."""
    beside: str
    """The verdicts of the table with the groups that have them: `worse: person; same: plate`."""


def beside_answers(found: Interference) -> tuple[BesideAnswer, ...]:
    """An answer for each group, in the plan's order."""
    return tuple(_answer(found, alone) for alone in found.alone)


def _answer(found: Interference, alone: AloneFigures) -> BesideAnswer:
    others = _by_verdict([i for i in found.influences if i.group == alone.group])
    verdict = _verdict(set(others))
    rate = alone.requests_per_second
    how = "in a closed loop" if rate is None else f"at {rate_words(rate)}"
    return BesideAnswer(
        group=alone.group,
        verdict=verdict,
        said=_said(verdict, others),
        load=f"{plural(alone.cameras, 'camera')} {how}",
        alone=", ".join(_figures(alone)) or "not measured",
        beside="; ".join(f"{told}: {listed(names)}" for told, names in others.items()),
    )


def _by_verdict(influences: list[Influence]) -> dict[InfluenceVerdict, list[str]]:
    """The other groups by what they do to this one, the strongest verdict first.

    A group counts once: with "worse" if that holds at either level, then with what is least known.
    """
    order: tuple[InfluenceVerdict, ...] = ("worse", "undecided", "not measured", "better", "same")
    told: dict[str, InfluenceVerdict] = {}
    for influence in influences:
        known = told.get(influence.beside, influence.verdict)
        told[influence.beside] = min(known, influence.verdict, key=order.index)
    return {
        verdict: names
        for verdict in order
        if (names := [name for name, own in told.items() if own == verdict])
    }


def _verdict(verdicts: set[InfluenceVerdict]) -> BesideOutcome:
    if "worse" in verdicts:
        return "slowed"
    if verdicts == {"not measured"}:
        return "not measured"
    return "same" if verdicts <= {"same", "better"} else "undecided"


def _said(verdict: BesideOutcome, others: dict[InfluenceVerdict, list[str]]) -> str:
    if verdict == "slowed":
        return f"slowed by {listed(others['worse'])}"
    if verdict == "same":
        return "not slowed by any other group"
    return "not measured" if verdict == "not measured" else "slowed by: none shown"


def _figures(alone: AloneFigures) -> Iterator[str]:
    if alone.throughput_per_s is not None:
        yield f"{number(alone.throughput_per_s)} answers/s"
    if alone.p95_s is not None:
        kind = "service" if alone.requests_per_second is None else "response"
        p95 = milliseconds(alone.p95_s)
        yield f"{kind} p95 {p95 if p95 == 'never' else f'{p95} ms'}"
