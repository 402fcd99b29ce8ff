"""A mix against the embedded endpoint's own log: counts, ids, times and due times by group.

The runs are those of `benchmarks.truth --mix`, through the command line.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.truth_of_mix import (
    GROUPS,
    QUANTILES,
    Group,
    MixRun,
    check_counts,
    detector_ids,
    intervals,
    own_pools,
    run_mix,
)

pytestmark = pytest.mark.slow

IDS = detector_ids(GROUPS)
_SECONDS = 12.0


def due_times(run: MixRun, group: str) -> dict[tuple[int, int], float]:
    """Due times by the camera's number within its group and the frame's number."""
    first = min(request.worker_number for request in run.of_group(group))
    return {
        (request.worker_number - first, request.request_number): request.due_s
        for request in run.of_group(group)
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> MixRun:
    """Three groups with their own rates, arrivals and service times, a pool each."""
    mix = "".join(group.lines() for group in GROUPS)
    return run_mix(mix, own_pools(GROUPS), _SECONDS, tmp_path_factory.mktemp("mix"), seed=7)


def test_both_logs_have_the_same_requests_of_each_detector(together: MixRun) -> None:
    """Ids match one to one, each with the detector of its group; the counts are the endpoint's."""
    check_counts(together)
    by_group = Counter(request.group for request in together.requests)
    assert {IDS[name]: count for name, count in by_group.items()} == together.stats
    assert all(request.success for request in together.requests)
    planned = {step.group: step.counts.planned for step in together.step.groups}
    missed = {step.group: step.counts.missed for step in together.step.groups}
    assert planned == {name: by_group[name] + (missed[name] or 0) for name in by_group}
    (door,) = (group for group in GROUPS if group.name == "door")
    assert planned[door.name] == door.cameras * door.requests_per_second * _SECONDS


def test_a_request_takes_as_long_as_the_endpoint_says_and_a_little(together: MixRun) -> None:
    """No service time is shorter than the endpoint's own time for it, to the clock's resolution."""
    for request in together.requests:
        line = together.truth[together.id_of(request)]
        assert line.answered_s is not None
        assert line.end_s is not None
        assert request.latency >= line.end_s - line.arrival_s - 1e-6


def test_percentiles_of_each_group_lie_at_those_of_the_endpoints_log(together: MixRun) -> None:
    """Each stated interval holds the same percentile of the same requests by the endpoint's log.

    All six: an interval is as wide as the scatter of the next run, and here both have one sample.
    """
    stated = intervals(together)
    assert {(i.group, i.quantile) for i in stated} >= {(g.name, "p50") for g in GROUPS}
    assert {i.quantile for i in stated} == set(QUANTILES)
    assert [i for i in stated if not i.holds(i.truth_s)] == []


@pytest.fixture(scope="module")
def each_alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[MixRun, MixRun]]:
    """Each group without the others: as long as the mix and with its seed, and with another seed.

    All at once, each with an endpoint of its own: only what was due and sent is compared.
    """

    def run(group: Group, seconds: float, seed: int) -> MixRun:
        folder = tmp_path_factory.mktemp(f"{group.name}{seed}")
        return run_mix(group.lines(), own_pools([group]), seconds, folder, seed=seed)

    with ThreadPoolExecutor(2 * len(GROUPS)) as threads:
        same = {group.name: threads.submit(run, group, _SECONDS, 7) for group in GROUPS}
        other = {group.name: threads.submit(run, group, 2.0, 8) for group in GROUPS}
        return {name: (same[name].result(), other[name].result()) for name in same}


@pytest.mark.parametrize("group", [group.name for group in GROUPS])
def test_due_times_of_a_group_are_the_same_alone_and_in_the_mix(
    together: MixRun, each_alone: dict[str, tuple[MixRun, MixRun]], group: str
) -> None:
    """To the last digit, although the cameras of all but the first have other numbers in the mix.

    Frames that were missed have no request line, so those are compared that both runs sent.
    """
    alone, other = each_alone[group]
    check_counts(alone)
    ours, mixed = due_times(alone, group), due_times(together, group)
    both = ours.keys() & mixed.keys()
    assert {key: ours[key] for key in both} == {key: mixed[key] for key in both}
    assert len(both) > 0.95 * max(len(ours), len(mixed))
    assert due_times(other, group).items().isdisjoint(ours.items())
