"""What is checked of each node: the way to its own endpoint, if nodes have different ones."""

from __future__ import annotations

import socket

from nodes_here import EngineHere

from edgeload.cluster.cluster_checking import check_nodes
from edgeload.cluster.cluster_run import node_endpoints
from edgeload.edge.location import locate
from edgeload.settings import TOKEN, resolve


def test_each_node_is_checked_against_its_own_endpoint() -> None:
    """Of two nodes, one reaches its endpoint; nobody listens at that of the other any more."""
    engine = EngineHere((0.0, 0.0))
    with (
        socket.create_server(("127.0.0.1", 0)) as here,
        socket.create_server(("127.0.0.1", 0)) as gone,
    ):
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in (here, gone)]
        targets = [locate(url, None) for url in urls]
        gone.close()
        lines = [line for line in check_nodes(engine, targets) if line.name == "endpoint"]
    assert [(line.detector, line.verdict) for line in lines] == [
        ("node0", "ok"),
        ("node1", "failed"),
    ]
    assert all(url.rpartition(":")[2] in line.seen for url, line in zip(urls, lines, strict=True))
    options = {"cluster": "local:2", "target_map": f"2={urls[1]},1={urls[0]}"}
    assert node_endpoints(engine, resolve({}, options, {TOKEN: "t"})) == tuple(urls)


def test_without_a_map_no_node_has_an_endpoint_of_its_own() -> None:
    """They all load that of the run; without one, none is tried."""
    engine = EngineHere((0.0, 0.0))
    assert node_endpoints(engine, resolve({}, {"cluster": "local:2"}, {})) == ("", "")
    assert not [line for line in check_nodes(engine, [None, None]) if line.name == "endpoint"]
