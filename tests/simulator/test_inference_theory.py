"""The decisions of the inference stage for several detectors against queueing theory.

The stage is driven in virtual time with Poisson arrivals, as the inference process drives it. A
mean is compared with theory in standard errors, which come from the means of 40 batches, since the
waits of neighbours are alike: beyond 4 of them is rarer than one test in ten thousand.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Sequence

import pytest
from queueing_theory import (
    mg1_mean_wait_s,
    mmc_finds_at_least,
    mmc_mean_wait_s,
)

from edgeload.simulator.command_line import parse_options
from edgeload.simulator.detector_option import id_from_name
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.inference import Inference
from edgeload.simulator.messages import Finished, Query
from edgeload.simulator.pool_capacity import is_stable
from edgeload.simulator.query import QueryParameters
from edgeload.simulator.truth import Truth

BATCHES = 40
SHAPE = ("--distribution", "exponential")


def driven(
    arguments: Sequence[str], rates_per_s: dict[str, float], seconds: float
) -> dict[str, list[Truth]]:
    """What the stage decides about Poisson arrivals at each detector, in order of arrival."""
    options = parse_options(arguments)
    listed = [Detector(one.id, one.name, one.query, 0.0) for one in options.deployment.detectors]
    truths: list[Truth] = []
    inference = Inference(
        deployment=options.deployment,
        detectors=Detectors(listed, strict=True, chance=random.Random(1)),
        faults=options.faults,
        max_in_flight=None,
        swap_above=options.swap_above,
        seed=options.seed,
        unix_minus_monotonic_s=0.0,
        record=truths.append,
    )
    arrivals = sorted(
        (at_s, id_from_name(name))
        for name, rate_per_s in rates_per_s.items()
        for at_s in _poisson(random.Random(name), rate_per_s, seconds)
    )
    for number, (at_s, detector_id) in enumerate(arrivals):
        for _, reply in inference.due(at_s):
            inference.finished(0, Finished(reply.number, at_s))
        inference.receive(0, Query(number, at_s, 1, "r", QueryParameters(detector_id)))
    for _, reply in inference.due(math.inf):
        inference.finished(0, Finished(reply.number, math.inf))
    by_detector = defaultdict(list)
    for truth in sorted(truths, key=lambda truth: truth.arrival_s):
        by_detector[truth.detector_id].append(truth)
    counted = inference.stats(math.inf)["by_detector"]
    assert {one: len(of_one) for one, of_one in by_detector.items()} == {
        one: counts["answered"] for one, counts in counted.items()
    }
    return {name: by_detector[id_from_name(name)] for name in rates_per_s}


def _poisson(chance: random.Random, rate_per_s: float, seconds: float) -> list[float]:
    instants_s, now_s = [], chance.expovariate(rate_per_s)
    while now_s < seconds:
        instants_s.append(now_s)
        now_s += chance.expovariate(rate_per_s)
    return instants_s


def waits_s(truths: list[Truth]) -> list[float]:
    return [(truth.start_s or 0.0) - truth.arrival_s for truth in truths]


def assert_mean(values: list[float], expected: float, *, within: float) -> None:
    """The mean is within 4 standard errors of theory, and these are small enough to tell.

    `within`: 4 standard errors must be less than this share of the expected value.
    """
    size = len(values) // BATCHES
    means = [statistics.fmean(values[i * size : (i + 1) * size]) for i in range(BATCHES)]
    error = statistics.stdev(means) / math.sqrt(BATCHES)
    assert 4.0 * error < within * expected, "too few to tell"
    assert abs(statistics.fmean(means) - expected) < 4.0 * error


def test_own_pools_each_wait_as_erlang_says() -> None:
    """M/M/4 at 75 % beside M/M/1 at 50 %: each mean wait is that of its own pool alone."""
    waits = driven(
        [
            *SHAPE,
            *("--detector", "door:workers=4,service-time=50ms"),
            *("--detector", "cat:workers=1,service-time=20ms"),
        ],
        {"door": 60.0, "cat": 25.0},
        seconds=1500.0,
    )
    assert_mean(waits_s(waits["door"]), mmc_mean_wait_s(4, 60.0, 0.05), within=0.2)
    assert_mean(waits_s(waits["cat"]), mmc_mean_wait_s(1, 25.0, 0.02), within=0.2)


def test_who_shares_a_pool_waits_for_all() -> None:
    """M/M/4 of two streams: both wait as long as one stream of both rates would, by PASTA."""
    waits = driven(
        [*SHAPE, "--shared-workers", "4", "--detector", "door", "--detector", "cat"],
        {"door": 45.0, "cat": 15.0},
        seconds=1500.0,
    )
    for name in ("door", "cat"):
        assert_mean(waits_s(waits[name]), mmc_mean_wait_s(4, 60.0, 0.05), within=0.25)


def test_a_shared_worker_with_two_service_times_is_pollaczek_khinchine() -> None:
    """M/G/1 whose service is a mixture: constant 10 ms at 30/s, lognormal 40 ms at 7.5/s.

    Both detectors have the same mean wait, and the known capacity says that the mix is stable.
    """
    rates_per_s = {"door": 30.0, "cat": 7.5}
    waits = driven(
        [
            *("--shared-workers", "1", "--detector", "door:service-time=10ms"),
            *("--detector", "cat:service-time=40ms,distribution=lognormal,sigma=0.5"),
        ],
        rates_per_s,
        seconds=2500.0,
    )
    assert is_stable(1, [(30.0, 0.01), (7.5, 0.04)])
    total_per_s = 37.5
    mean_s = (30.0 * 0.01 + 7.5 * 0.04) / total_per_s
    mean_square_s2 = (30.0 * 0.01**2 + 7.5 * 0.04**2 * math.exp(0.25)) / total_per_s
    expected_s = mg1_mean_wait_s(total_per_s, mean_s, mean_square_s2)
    for name in rates_per_s:
        assert_mean(waits_s(waits[name]), expected_s, within=0.25)


def test_a_detector_with_its_own_pool_does_not_notice_the_others() -> None:
    """Its queries start and end at the very same instants alone and beside an overloaded one."""
    door = ("--detector", "door:workers=2,service-time=30ms")
    alone = driven([*SHAPE, *door], {"door": 40.0}, seconds=60.0)
    mixed = driven(
        [*SHAPE, *door, "--detector", "cat:workers=1"], {"door": 40.0, "cat": 30.0}, seconds=60.0
    )
    instants = [[(t.arrival_s, t.start_s, t.end_s) for t in way["door"]] for way in (alone, mixed)]
    assert instants[0] == instants[1]
    assert waits_s(mixed["cat"])[-1] > 10.0  # 30/s at a capacity of 20/s


@pytest.mark.parametrize(("above", "least"), [(0.0, 1), (0.25, 2), (0.5, 3)])
def test_labels_are_swapped_as_often_as_the_load_is_found(above: float, least: int) -> None:
    """M/M/4 at 60 %: the share of queries that find more than 0, 1 or 2 of 4 workers busy, halved.

    The fault has the probability 0.5. The other detector, at 10 % load, has a share of its own.
    """
    truths = driven(
        [
            *(*SHAPE, "--fault", "swap_label=0.5", "--swap-above", str(above)),
            *("--detector", "door", "--detector", "cat"),
        ],
        {"door": 48.0, "cat": 8.0},
        seconds=1500.0,
    )
    for name, load in (("door", 2.4), ("cat", 0.4)):
        swapped = [float(truth.fault == "swap_label") for truth in truths[name]]
        expected = 0.5 * mmc_finds_at_least(least, 4, load)
        assert_mean(swapped, expected, within=0.1 if name == "door" else 0.9)


def test_detectors_that_compete_slow_down_with_the_number_of_busy_workers() -> None:
    """Each service takes the time that it takes alone, times the factor for those at its start.

    Those are counted from the instants of both detectors.
    """
    detectors = ("--detector", "door:workers=4", "--detector", "cat:workers=2")
    times = [
        driven([*detectors, *cores], {"door": 50.0, "cat": 25.0}, seconds=60.0)
        for cores in ([], ["--cores", "2", "--contention", "1.5"])
    ]
    for plain in times[0]["door"]:
        assert (plain.end_s or 0.0) - (plain.start_s or 0.0) == pytest.approx(0.05)
    slowed = [t for name in ("door", "cat") for t in times[1][name]]
    spans = [(t.start_s or 0.0, t.end_s or 0.0) for t in slowed]
    for start_s, end_s in random.Random(3).sample(spans, 300):
        busy = sum(other_s <= start_s < over_s for other_s, over_s in spans)
        factor = 1.0 + 1.5 * max(0, busy - 2) / 2
        assert end_s - start_s == pytest.approx(0.05 * factor)
