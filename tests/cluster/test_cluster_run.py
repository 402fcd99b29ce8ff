"""How workers are dealt to nodes, and how a run is refused that has no work for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodes_here import EngineHere

from edgeload.cluster.cluster_run import ClusterRun, dealt
from edgeload.cluster.node_words import NodeInfo
from edgeload.settings import SettingError, resolve

sizes = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@given(sizes, st.one_of(st.none(), st.integers(1, 40)))
def test_each_worker_is_on_one_node(cores: list[int], most: int | None) -> None:
    """Their numbers are 0, 1, 2, …; no node has more than its cores, all no more than `most`."""
    shares = dealt(cores, most)
    total = sum(cores) if most is None else min(most, sum(cores))
    assert sorted(number for share in shares for number in share) == list(range(total))
    assert all(len(share) <= size for share, size in zip(shares, cores, strict=True))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 200))
def test_the_clients_of_each_step_are_spread_over_equal_nodes(
    nodes: int, size: int, clients: int
) -> None:
    """Client c lives in worker c modulo their number: no node has more than one client too many
    per turn of the deal."""
    shares = dealt([size] * nodes, None)
    workers = nodes * size
    hosted = [sum(c % workers in share for c in range(clients)) for share in shares]
    assert max(hosted) - min(hosted) <= 1


def test_more_nodes_than_clients_are_refused() -> None:
    """One line says for how many nodes there is work."""
    settings = resolve({}, {"cluster": "local:3", "custom_ramp": "2"}, {})
    run = ClusterRun(EngineHere((0.0, 0.0, 0.0)), settings)
    with pytest.raises(SettingError, match="a run of 2 clients has work for 2; must be at most"):
        run.worker_count(settings.plan())


@pytest.mark.parametrize(
    ("options", "local", "why"),
    [({}, False, ""), ({"pin": False}, False, "--no-pin"), ({}, True, "the same cores")],
)
def test_nodes_pin_their_workers_if_they_are_machines_of_their_own(
    options: dict[str, object], local: bool, why: str
) -> None:
    """Then auto means a worker for each core of its own, else for each usable one."""
    settings = resolve({}, {"cluster": "local:2", "custom_ramp": "64", **options}, {})
    engine = EngineHere((0.0, 0.0))
    engine.local = local
    run = ClusterRun(engine, settings)
    run._infos = [NodeInfo("n", 8, 7, 1024, {}), NodeInfo("m", 4, 3, 1024, {})]
    assert run.worker_count(settings.plan()) == (12 if why else 10)
    assert why in run.workers()._rules.not_pinned
    assert bool(why) == bool(run.workers()._rules.not_pinned)


def test_each_node_has_as_many_workers_as_one_machine() -> None:
    """WORKERS is that of each node, also when it is one per client."""
    for workers, count in ((3, 6), ("clients", 8)):
        settings = resolve({}, {"cluster": "local:2", "custom_ramp": "8", "workers": workers}, {})
        run = ClusterRun(EngineHere((0.0, 0.0)), settings)
        assert run.worker_count(settings.plan()) == count
