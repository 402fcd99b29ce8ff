"""Energy per answer: exact for a box whose power is known, idle power apart, and no guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.host.samples import GpuSample, HostSample, Memory
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.summarising import analyse, with_host
from edgeload.read.log.open import read_log
from edgeload.read.words.finding_words import message

IDLE_W, BUSY_W = 100.0, 300.0
PLAN = sl.plan_of([4], 20.0, 5.0)  # 20 answers per second
TRUE_WH = BUSY_W / 20.0 * 1000.0 / 3600.0


def sample(
    at_s: float, *, counter: bool, sensor: bool = True, joules: float | None = None
) -> HostSample:
    gpu = GpuSample(
        index=0,
        uuid=None,
        name=None,
        power_w=(BUSY_W if at_s >= 0 else IDLE_W) if sensor else None,
        energy_j=joules if counter else None,
    )
    return HostSample(
        ts=sl.WALL_S + at_s,
        asctime="",
        monotonic_s=at_s,
        interval_s=1.0,
        cpu_percent=10.0,
        cpu_per_core_percent=[],
        load_average=None,
        memory=Memory(None, None, None),
        network=None,
        gpus=[gpu],
    )


def watched(
    tmp_path: Path, *, from_s: int = -12, counter: bool = False, sensor: bool = True
) -> RunSummary:
    played = sl.play(PLAN, servers=4, service=sl.constant(0.05))
    summary = analyse(read_log(sl.write(tmp_path / "log", played)))
    samples, joules = [], 1e6
    for second in range(from_s, 22):
        samples.append(sample(float(second), counter=counter, sensor=sensor, joules=joules))
        joules += BUSY_W if second >= 0 else IDLE_W
    return with_host(summary, samples)


@pytest.mark.parametrize("counter", [True, False])
def test_an_answer_takes_what_theory_says(tmp_path: Path, counter: bool) -> None:
    """300 W at 20 answers/s are 4.17 Wh for 1,000 of them; 100 W of that it takes idle as well."""
    (found,) = watched(tmp_path, counter=counter).energy
    assert found.wh_per_1000 == pytest.approx(TRUE_WH, rel=0.02)
    assert found.idle_w == pytest.approx(IDLE_W, rel=0.02)
    assert found.above_idle_wh_per_1000 == pytest.approx(TRUE_WH * 2 / 3, rel=0.02)


def test_idle_power_is_measured_or_not_known(tmp_path: Path) -> None:
    """A monitor that was started with the run does not know it."""
    summary = watched(tmp_path, from_s=0)
    (found,) = summary.energy
    assert found.idle_w is found.above_idle_wh_per_1000 is None
    (note,) = [finding for finding in find(summary) if finding.code == "energy"]
    assert "what they take idle is not known" in message(note)


def test_no_sensor_no_figure(tmp_path: Path) -> None:
    """Nothing is guessed, and nothing is said."""
    summary = watched(tmp_path, sensor=False)
    assert summary.energy == ()
    assert "energy" not in {finding.code for finding in find(summary)}


def test_a_counter_that_goes_back_is_no_energy(tmp_path: Path) -> None:
    """The driver was loaded anew: that pair of samples says nothing."""
    played = sl.play(PLAN, servers=4, service=sl.constant(0.05))
    summary = analyse(read_log(sl.write(tmp_path / "log", played)))
    samples = [
        sample(float(t), counter=True, joules=(0.0 if t >= 10 else 1e6) + BUSY_W * t)
        for t in range(22)
    ]
    (found,) = with_host(summary, samples).energy
    assert found.mean_w == pytest.approx(BUSY_W, rel=0.02)
