"""The nodes of a cluster run: what each sent, how its clock lay, and which was lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeload.generator_limits import LATE_LIMIT_S
from edgeload.read.analysis.finding import Evidence, Finding
from edgeload.read.log.columns import RunLog
from edgeload.records import Header

_SHIPPED = "edgeload"


@dataclass(frozen=True)
class NodeOfRun:
    """One machine that made a part of the load. Counts are those of its records in the log."""

    name: str
    workers: tuple[int, ...]
    sent: int
    ok: int
    clock_bound_s: float
    """When the run began, its clock was known to this."""
    clock_error_s: float
    """At no look during the run were its times off by more than this."""
    lost_s: float | None = None
    """Run time at which it was lost; None: it was not."""
    lost: str = ""
    """Why it counts as lost."""
    endpoint: str = ""
    """The URL that it loaded; empty: the run's one endpoint."""


def nodes_of(log: RunLog) -> tuple[NodeOfRun, ...]:
    """All nodes, in the order of the log's header; none if one machine made the load."""
    if log.header is None or log.header.cluster is None:
        return ()
    requests, lost = log.sent_requests, {death.node: death for death in log.deaths if death.lost}
    worker = requests.client % log.header.workers
    found = []
    for node in log.header.cluster.nodes:
        own = np.isin(worker, node.workers)
        looks = [
            abs(each.offset_s) + each.bound_s for each in log.node_clocks if each.node == node.name
        ]
        death = lost.get(node.name)
        found.append(
            NodeOfRun(
                name=node.name,
                workers=tuple(node.workers),
                sent=int(own.sum()),
                ok=int(requests.ok[own].sum()),
                clock_bound_s=node.clock_bound_s,
                clock_error_s=max([node.clock_bound_s, *looks]),
                lost_s=death.at_s if death else None,
                lost=death.lost if death else "",
                endpoint=node.endpoint,
            )
        )
    return tuple(found)


def _other_versions(header: Header) -> Iterator[Finding]:
    """Packages that are not the same on all nodes and on the driver; our own is shipped to them."""
    assert header.cluster is not None
    own = {name: text for name, text in header.versions.items() if name != _SHIPPED}
    for name, version in own.items():
        others = {
            node.name: node.versions[name]
            for node in header.cluster.nodes
            if node.versions.get(name, version) != version
        }
        if others:
            numbers: dict[str, Evidence] = {"package": name, "here": version, "others": others}
            yield Finding("node_versions", "note", numbers=numbers, about=name)


def about_nodes(log: RunLog) -> Iterator[Finding]:
    """Who made the load, and how far their times can be compared."""
    nodes = nodes_of(log)
    if not nodes or log.header is None or log.header.cluster is None:
        return
    error_s = max(node.clock_error_s for node in nodes)
    numbers: dict[str, Evidence] = {
        "nodes": tuple(node.name for node in nodes),
        "workers": tuple(len(node.workers) for node in nodes),
        "local": log.header.cluster.local,
        "clock_error_s": error_s,
    }
    yield Finding("cluster_nodes", "note", numbers=numbers)
    yield from _other_versions(log.header)
    if error_s > LATE_LIMIT_S:
        far = max(nodes, key=lambda node: node.clock_error_s)
        yield Finding(
            "node_clock",
            "warning",
            numbers={"node": far.name, "clock_error_s": error_s, "allowed_s": LATE_LIMIT_S},
        )
