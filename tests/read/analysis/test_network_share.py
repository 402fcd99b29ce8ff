"""The part of the network in the service time, from what workers write down about connections."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic_log as sl

from edgeload.read.analysis.network_share import NetworkShare, network_share
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.statistics.windows import Window
from edgeload.records import WorkerSample

WINDOW = Window(2.0, 8.0)
SERVICE_S = 0.4
PLAN = sl.plan_of([4], 10.0, 2.0)  # four clients at 2/s, each busy for 0.8 of the time


def samples(on_the_way: float, *, asked: int = 2, again: int = 0) -> list[WorkerSample]:
    """Two workers with two connections each; `on_the_way` of each second on each connection."""
    return [
        WorkerSample(
            sl.WALL_S + t,
            worker,
            100 + worker,
            float(t),
            0.1 * t,
            0,
            0,
            0,
            open_connections=2,
            asked_connections=asked,
            round_trip_s=0.01,
            on_the_way_s=on_the_way * asked * t,
            retransmits=again * t,
        )
        for t in range(11)
        for worker in range(2)
    ]


def share(tmp_path: Path, workers: list[WorkerSample]) -> NetworkShare | None:
    played = sl.play(PLAN, servers=4, service=sl.constant(SERVICE_S))
    log = read_log(sl.write(tmp_path / "log", played, workers=workers))
    return network_share(log.workers, log.requests, WINDOW)


@pytest.mark.parametrize("asked", [2, 1])
def test_the_share_is_the_time_on_the_way_less_the_delayed_acknowledgement(
    tmp_path: Path, asked: int
) -> None:
    """Of 0.4 s per answer 0.3 s on the way, 40 ms of which may be a late acknowledgement: 65 %.

    The same if only one of two connections was asked.
    """
    found = share(tmp_path, samples(0.3 * 2.0, asked=asked, again=1))
    assert found is not None
    assert found.share == pytest.approx((0.3 - 0.04) / SERVICE_S, abs=0.02)
    assert found.round_trip_s == 0.01
    assert found.retransmits == 2 * 6 * (2 // asked)


def test_a_late_acknowledgement_alone_is_no_network(tmp_path: Path) -> None:
    """40 ms per answer may be the box that waits to acknowledge along with its answer."""
    found = share(tmp_path, samples(0.04 * 2.0))
    assert found is not None
    assert found.share == pytest.approx(0.0, abs=0.01)


def test_nothing_is_known_without_the_kernels_word(tmp_path: Path) -> None:
    """Logs of before, the SDK's client and old kernels say nothing: None, not zero."""
    assert share(tmp_path, sl.cpu_samples(PLAN)) is None


def test_steps_know_their_network(tmp_path: Path) -> None:
    """The summary of a step has the share of its own window."""
    played = sl.play(PLAN, servers=4, service=sl.constant(SERVICE_S))
    log = read_log(sl.write(tmp_path / "log", played, workers=samples(0.3 * 2.0)))
    (step,) = analyse(log).steps
    assert step.network is not None
    assert step.network.share == pytest.approx(0.65, abs=0.02)
