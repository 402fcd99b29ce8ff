"""The parts of endpoints: what their clients alone would say, and what all say together."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from fleet_runs import A, B, fleet_summary, nodes, two_boxes
from synthetic_log import Pool, constant, exponential, plan_of, play, write

from edgeload.camera_group import CameraGroup
from edgeload.plan import cut_to_tell_s, mix_plan
from edgeload.read.analysis.endpoints import about_endpoints, nodes_by_endpoint
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_record
from edgeload.read.statistics.backlog import backlog_growth
from edgeload.read.statistics.percentiles import nearest_rank
from edgeload.read.statistics.windows import Window
from edgeload.records import NodeRecord


def test_a_part_has_the_counts_and_times_of_its_clients(tmp_path: Path) -> None:
    """Computed from the records directly: by client, and percentiles as nearest ranks."""
    plan = plan_of([20, 40], 12.0, 4.0, arrivals="poisson")
    pools = {A: Pool(30, exponential(0.03)), B: Pool(30, exponential(0.09))}
    played = two_boxes(plan, pools, (A, B))
    summary = fleet_summary(tmp_path / "log", played, nodes(A, B))
    assert [part.url for part in summary.endpoints] == [A, B]
    assert [part.nodes for part in summary.endpoints] == [("node0",), ("node1",)]
    for number, part in enumerate(summary.endpoints):
        assert part.clients == 20
        for index, step in enumerate(part.steps):
            own = [r for r in played.requests if r.worker_number % 2 == number and r.step == index]
            inside = [r for r in own if step.window.start_s <= r.due_s < step.window.end_s]
            clients = range(number, plan.steps[index].clients, 2)
            dues = [due_s for c in clients for due_s in plan.step_dues(c, plan.steps[index])]
            unsent = sum(step.window.start_s <= due_s for due_s in dues) - len(inside)
            assert step.clients == len(clients)
            assert (step.counts.sent, step.counts.ok) == (len(own), len(own))
            assert step.counts.missed == len(dues) - len(own)
            for times, values in (
                (step.times.service, [r.done_s - r.sent_s for r in inside]),
                (step.times.response, [*(r.done_s - r.due_s for r in inside), *[np.inf] * unsent]),
            ):
                assert times is not None
                assert times.n == len(values)
                median = times.quantile("p50")
                assert median is not None
                assert median.value == pytest.approx(nearest_rank(np.sort(values), 0.5))
    for place, step in enumerate(summary.steps):
        sums = [sum(part.steps[place].counts.ok for part in summary.endpoints)]
        assert sums == [step.counts.ok]


def test_a_part_is_what_a_run_of_its_clients_alone_says(tmp_path: Path) -> None:
    """A run whose only load are these clients has the same growth and state; here an overload."""
    plan = plan_of([40], 20.0, 2.0)
    pools = {A: Pool(8, constant(0.05)), B: Pool(1, constant(0.03))}
    played = two_boxes(plan, pools, (A, B))  # B: 40 requests/s on a box of 33.3/s
    summary = fleet_summary(tmp_path / "log", played, nodes(A, B))
    carried, short = (part.steps[0] for part in summary.endpoints)
    assert carried.state == "carried"
    assert short.state == "not carried"
    assert short.growth is not None
    step = plan.steps[0]
    dues = np.sort([due for c in range(1, 40, 2) for due in plan.step_dues(c, step)])
    done = np.array([r.done_s for r in played.requests if r.worker_number % 2])
    cut_s = cut_to_tell_s(2.0, 0.5)
    assert short.growth == backlog_growth(dues, done, Window(0.0, 20.0), cut_s, 0.5)
    assert short.growth.value == pytest.approx(1 - 33.3 / 40, abs=0.02)
    (found,) = about_endpoints(summary)
    assert found.numbers == {"carried": (A,), "short": (B,)}


def test_a_load_is_carried_only_if_each_endpoint_carries_its_part(tmp_path: Path) -> None:
    """One small box of twenty is overloaded: the sum hardly tells, its own part does."""
    urls = [f"http://192.0.2.{number}:1" for number in range(20)]
    plan = plan_of([80], 30.0, 2.0)
    pools = {url: Pool(4, constant(0.02)) for url in urls}
    pools[urls[7]] = Pool(1, constant(0.132))  # 8 requests/s on a box of 7.6/s
    played = two_boxes(plan, pools, urls)
    own = nodes(*urls)
    summary = fleet_summary(tmp_path / "log", played, own)
    assert summary.steps[0].growth is not None
    assert summary.steps[0].growth.verdict == "carried"
    assert summary.steps[0].state == "not carried"
    assert summary.capacity is None
    assert summary.first_overload is not None
    (short,) = summary.first_overload.shortfalls
    assert short.code == "endpoint_short"
    assert short.numbers == {"endpoints": (urls[7],), "clients": 4}
    plain = fleet_summary(tmp_path / "one", played, [replaced(node) for node in own])
    assert plain.steps[0].state == "carried"


def replaced(node: NodeRecord) -> NodeRecord:
    return msgspec.structs.replace(node, endpoint=A)


def test_endpoints_that_are_clearly_unlike_are_named(tmp_path: Path) -> None:
    """By the medians of the largest step; boxes that are alike are not, whatever chance says."""
    plan = plan_of([20, 40], 12.0, 4.0, arrivals="poisson")
    for slow_s, expected in ((0.09, True), (0.03, False)):
        pools = {A: Pool(60, exponential(0.03)), B: Pool(60, exponential(slow_s))}
        path = tmp_path / f"log{slow_s}"
        summary = fleet_summary(path, two_boxes(plan, pools, (A, B)), nodes(A, B))
        named = [each for each in find(summary) if each.code == "endpoints_differ"]
        assert bool(named) is expected
        if named:
            assert named[0].steps == (1,)
            assert (named[0].numbers["slow"], named[0].numbers["fast"]) == (B, A)


def test_few_answers_of_equal_endpoints_do_not_make_them_unlike(tmp_path: Path) -> None:
    """Their medians differ by a tenth or more by chance, and their intervals meet."""
    plan = plan_of([20], 12.0, 2.0, arrivals="poisson")
    apart = 0
    for seed in range(6):
        pools = {A: Pool(20, exponential(0.03)), B: Pool(20, exponential(0.03))}
        played = two_boxes(plan, pools, (A, B), seed=seed)
        summary = fleet_summary(tmp_path / f"log{seed}", played, nodes(A, B))
        medians = [part.steps[0].times.felt.quantile("p50") for part in summary.endpoints]
        values = sorted(median.value for median in medians if median is not None)
        apart += values[1] >= 1.1 * values[0]
        assert list(about_endpoints(summary)) == []
    assert apart


def test_what_cannot_be_told_of_a_part_is_left_out(tmp_path: Path) -> None:
    """Frames that clients drop are counted for all together; a mix is judged group by group."""
    dropped = plan_of([8], 8.0, 2.0, late="skip")
    groups = (CameraGroup("door", 2, 2.0), CameraGroup("gate", 2, 1.0))
    mix = mix_plan(groups, [2], 8.0)
    for plan in (dropped, mix):
        pools = {A: Pool(8, constant(0.02)), B: Pool(8, constant(0.02))}
        path = tmp_path / f"log{plan.is_mix}"
        summary = fleet_summary(path, two_boxes(plan, pools, (A, B)), nodes(A, B))
        record = summary_record(summary, ()).cluster
        assert record is not None
        assert [part.steps[0].state for part in record.endpoints] == [None, None]
        assert [part.steps[0].backlog_growth for part in record.endpoints] == [None, None]
        assert all(part.steps[0].ok == part.steps[0].planned for part in record.endpoints)


def test_what_one_box_says_of_itself_is_not_said_of_several(tmp_path: Path) -> None:
    """No ceiling, no law of scaling and no need of a resource, which are those of one box."""
    plan = plan_of([30, 40, 50, 60, 70, 80], 6.0, 2.0)
    pools = {A: Pool(1, constant(0.1)), B: Pool(1, constant(0.1))}
    played = two_boxes(plan, pools, (A, B))
    several = fleet_summary(tmp_path / "log", played, nodes(A, B))
    one = fleet_summary(tmp_path / "one", played, nodes(A, A))
    assert one.bracket.ceiling is not None
    assert one.scaling_law is not None
    assert several.bracket.ceiling is None
    assert several.scaling_law is None


def test_a_run_on_one_endpoint_has_no_parts(tmp_path: Path) -> None:
    """Nor has one whose map names one endpoint for all; its figures are those of always."""
    plan = plan_of([8], 8.0, 2.0)
    played = play(plan, servers=4, service=constant(0.05))
    alone = analyse(read_log(write(tmp_path / "alone", played, workers=())))
    mapped = fleet_summary(tmp_path / "log", played, nodes(A, A))
    assert nodes_by_endpoint(mapped.log) == {}
    assert mapped.endpoints == alone.endpoints == ()
    assert mapped.steps[0].times == alone.steps[0].times
    assert mapped.bracket == alone.bracket
