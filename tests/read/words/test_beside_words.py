"""The answer of one camera group of an interference run."""

from __future__ import annotations

import math

import pytest

from edgeload.interference_plan import Level
from edgeload.read.analysis.influence import Influence, InfluenceVerdict
from edgeload.read.analysis.interference import AloneFigures, Interference
from edgeload.read.words.beside_words import BesideAnswer, beside_answers


def _influence(beside: str, verdict: InfluenceVerdict, level: Level = "full") -> Influence:
    return Influence("door", beside, level, 4, 6, 3, None, None, False, verdict, None)


def _door(*influences: Influence, alone: AloneFigures | None = None) -> BesideAnswer:
    figures = alone or AloneFigures("door", 4, 8.0, 32.0, 0.0552)
    other = Influence("person", "door", "full", 6, 4, 3, None, None, False, "worse", None)
    found = Interference(3, 8.0, (figures,), (*influences, other), (), 0, 0)
    (answer,) = beside_answers(found)
    return answer


@pytest.mark.parametrize(
    ("told", "verdict", "said", "beside"),
    [
        (("worse", "same"), "slowed", "slowed by person", "worse: person; same: plate"),
        (("worse", "worse"), "slowed", "slowed by person and plate", "worse: person and plate"),
        (("same", "same"), "same", "not slowed by any other group", "same: person and plate"),
        (
            ("same", "better"),
            "same",
            "not slowed by any other group",
            "better: plate; same: person",
        ),
        (
            ("undecided", "same"),
            "undecided",
            "slowed by: none shown",
            "undecided: person; same: plate",
        ),
        (
            ("not measured", "same"),
            "undecided",
            "slowed by: none shown",
            "not measured: person; same: plate",
        ),
        (
            ("not measured", "not measured"),
            "not measured",
            "not measured",
            "not measured: person and plate",
        ),
    ],
)
def test_who_slows_a_group(
    told: tuple[InfluenceVerdict, InfluenceVerdict], verdict: str, said: str, beside: str
) -> None:
    """Its own influences alone count; no evidence is never "same" (method 16)."""
    answer = _door(_influence("person", told[0]), _influence("plate", told[1]))
    assert (answer.verdict, answer.said, answer.beside) == (verdict, said, beside)


@pytest.mark.parametrize(
    ("half", "full", "said"),
    [
        ("same", "worse", "worse"),
        ("worse", "same", "worse"),
        ("same", "undecided", "undecided"),
        ("same", "same", "same"),
    ],
)
def test_a_group_counts_once_with_the_strongest_of_its_levels(
    half: InfluenceVerdict, full: InfluenceVerdict, said: str
) -> None:
    """Worse at one level is worse."""
    answer = _door(_influence("person", half, "half"), _influence("person", full))
    assert answer.beside == f"{said}: person"


@pytest.mark.parametrize(
    ("alone", "load", "figures"),
    [
        (
            AloneFigures("door", 4, 8.0, 32.0, 0.0552),
            "4 cameras at 8 requests/s",
            "32.0 answers/s, response p95 55.2 ms",
        ),
        (
            AloneFigures("door", 1, None, 20.0, math.inf),
            "1 camera in a closed loop",
            "20.0 answers/s, service p95 never",
        ),
        (AloneFigures("door", 4, 8.0, None, None), "4 cameras at 8 requests/s", "not measured"),
    ],
)
def test_what_it_is_alone(alone: AloneFigures, load: str, figures: str) -> None:
    """Its load, its throughput and its p95; service time in a closed loop."""
    answer = _door(_influence("person", "same"), alone=alone)
    assert (answer.load, answer.alone) == (load, figures)
