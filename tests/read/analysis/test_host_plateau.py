"""What a host's samples say of a long step: throttling that begins in it, and memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import soak_runs as runs
import synthetic_log as sl

from edgeload.read.analysis.host_plateau import find_leaks, find_throttling, monitor_values
from edgeload.read.analysis.soak_result import ComparedEnds, Throttling
from edgeload.read.statistics.windows import Window

WHOLE = Window(2.0, 900.0)
ENDS = ComparedEnds(WHOLE, WHOLE)
HEAT, CAP = "sw_thermal_slowdown", "sw_power_cap"


def throttling(reasons: Callable[[float], list[str]]) -> tuple[Throttling, ...]:
    samples = runs.samples_of(runs.Host(reasons=reasons), 900.0)
    return find_throttling(samples, sl.WALL_S, ENDS)


def test_what_began_in_the_step_is_found() -> None:
    """Although single samples before say so, and some after do not."""

    def reasons(at_s: float) -> list[str]:
        late = at_s >= 480.0
        return [HEAT] if (at_s % 4 != 0 if late else at_s % 30 == 0) else []

    (found,) = throttling(reasons)
    assert found.cause == "thermal"
    assert found.at_s == pytest.approx(480.0, abs=2.0)
    assert found.before == pytest.approx(1 / 30, abs=0.01)
    assert found.after == pytest.approx(3 / 4, abs=0.01)


@pytest.mark.parametrize(
    "reasons",
    [
        lambda at_s: [CAP],
        lambda at_s: [CAP] if at_s % 3 == 0 else [],
        lambda at_s: [HEAT] if 300 <= at_s < 500 else [],
        lambda at_s: [HEAT] if at_s < 500 else [],
        lambda at_s: ["gpu_idle"],
    ],
    ids=["always", "now and then", "for a while", "at first", "another reason"],
)
def test_what_did_not_begin_and_stay_is_none(reasons: Callable[[float], list[str]]) -> None:
    """Of a GPU at its limit from the start on nothing has changed; nor if it has recovered."""
    assert throttling(reasons) == ()


def test_the_plainer_cause_comes_first() -> None:
    """Heat from minute 8 on, beside a power limit that comes and goes then."""
    found = throttling(lambda at_s: [HEAT, *([CAP] if at_s % 3 else [])] if at_s >= 480.0 else [])
    assert [each.cause for each in found] == ["thermal", "power"]


def test_memory_that_hardly_grows_is_no_leak() -> None:
    """30 MiB in the step are too little, and memory that is given back is none."""

    def leaks(vram_per_s: float) -> int:
        samples = runs.samples_of(runs.Host(vram_per_s=vram_per_s), 900.0)
        return len(find_leaks(monitor_values(samples, sl.WALL_S), WHOLE))

    mib = 2**20
    assert leaks(30 * mib / 900) == 0
    assert leaks(40 * mib / 900) == 1
    assert leaks(-40 * mib / 900) == 0
