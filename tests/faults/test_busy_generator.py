"""Other programs take the processor from the load generator: its fault is not the endpoint's."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload import exit_codes
from edgeload.objectives import parse_objective
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.results.run_results import exit_code
from edgeload.read.words.headline import headline, validity
from edgeload.read.words.limit import limit


def _seldom(chance: random.Random) -> float:
    return chance.choice([0.0] * 9 + [0.4])


def _always(chance: random.Random) -> float:
    return chance.uniform(0.3, 0.8)


def _summary(folder: Path, played: sl.Played) -> RunSummary:
    log = sl.write(folder / "run.log", played)
    return analyse(read_log(log), [parse_objective("p95<100ms")])


def _played(lag: Callable[[random.Random], float] = lambda chance: 0.0) -> sl.Played:
    """5, 10 and 20 clients at a box that is never busy."""
    plan = sl.plan_of([5, 10, 20], 15.0, 2.0)
    return sl.play(plan, servers=99, service=sl.constant(0.02), lag=lag)


@pytest.mark.parametrize("lag", [_seldom, _always])
def test_a_generator_without_a_processor_blames_itself(
    tmp_path: Path, lag: Callable[[random.Random], float]
) -> None:
    """The run is INVALID because the generator was late. Nothing is said against the endpoint.

    Its objective is missed in the figures: exit code 4 comes before 3.
    """
    summary = _summary(tmp_path, _played(lag))
    assert validity(summary).startswith("INVALID: the generator sent ")
    assert {doubt.code for doubt in summary.doubts} == {"generator_late"}
    assert headline(summary) == ("The capacity is unknown: every step is INVALID. Repeat the run.")
    assert limit(summary).startswith("The load generator limited this run")
    assert (summary.capacity, summary.bracket.overload) == (None, None)
    assert exit_code(summary) == exit_codes.INVALID


@pytest.mark.parametrize(("step", "serves"), [(0, 20), (1, 20), (2, 10)])
def test_a_generator_that_is_late_in_one_step_refuses_no_load(
    tmp_path: Path, step: int, serves: int
) -> None:
    """That step is INVALID, and neither carried nor too much; the others are judged as ever."""
    prompt, late = _played(), _played(_always)
    for name in ("requests", "missed"):
        lines = [line for line in getattr(prompt, name) if line.step != step]
        lines += [line for line in getattr(late, name) if line.step == step]
        setattr(prompt, name, lines)
    summary = _summary(tmp_path, prompt)
    assert [each.index for each in summary.steps if each.state != "carried"] == [step]
    assert validity(summary).startswith("INVALID: the generator sent ")
    least = "" if step == 2 else "at least "
    assert headline(summary).startswith(f"This endpoint serves {least}{serves} clients at ")
    if step == 2:
        assert headline(summary).endswith(
            " 20 clients are undecided: the step is INVALID (generator_late)."
        )
    assert summary.bracket.overload is None
    assert exit_code(summary) == exit_codes.INVALID
