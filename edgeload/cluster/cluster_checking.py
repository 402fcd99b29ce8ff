"""Checks a cluster before a load test: its nodes, their clocks and limits, and their way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeload.cluster.cluster_run import node_infos
from edgeload.cluster.engine import ClusterError, Engine, NodeHandle, last_line
from edgeload.cluster.node_link import compared_clocks
from edgeload.cluster.node_words import NodeInfo
from edgeload.edge.location import Target
from edgeload.exit_codes import INVALID
from edgeload.generator_limits import LATE_LIMIT_S
from edgeload.plain_words import listed, plural
from edgeload.run.environment import package_versions
from edgeload.smoke_test.check_line import CheckLine

_FEW_FILES = 4096
_CALL_WITHIN_S = 10.0
_NOT_COMPARED = ("edgeload",)


def check_nodes(engine: Engine, targets: Sequence[Target | None]) -> Iterator[CheckLine]:
    """A line for each check of each node; `targets` has its endpoint, if one is to be tried."""
    names = listed([node.name for node in engine.nodes])
    where = " (all on this machine)" if engine.local else ""
    seen = f"{plural(len(engine.nodes), 'node')} reserved: {names}{where}"
    yield CheckLine("nodes", "ok", seen)
    try:
        infos = node_infos(engine)
    except ClusterError as error:
        yield _failed("code", str(error), "install the same packages there: docs/cluster.md")
        return
    for node, info, target in zip(engine.nodes, infos, targets, strict=True):
        yield from _check_node(node, info, target)


def _check_node(node: NodeHandle, info: NodeInfo, target: Target | None) -> Iterator[CheckLine]:
    own = package_versions()
    other = [
        f"{name} {version} (here {own[name]})"
        for name, version in info.versions.items()
        if name in own and own[name] != version and name not in _NOT_COMPARED
    ]
    cores = plural(info.usable_cores, "core")
    yield CheckLine(
        "code",
        "warning" if other else "ok",
        f"{listed(other)}" if other else f"{cores}, Python {info.versions['python']}",
        "install the same versions on all nodes" if other else "",
        node.name,
    )
    few = info.open_files < _FEW_FILES
    yield CheckLine(
        "open files",
        "warning" if few else "ok",
        f"a process may have {info.open_files:,} open files",
        "raise ulimit -n there before ray start" if few else "",
        node.name,
    )
    yield _check_clock(node)
    if target is not None:
        yield _check_target(node, target)


def _check_clock(node: NodeHandle) -> CheckLine:
    try:
        seen = compared_clocks(node, limit_s=_CALL_WITHIN_S)
    except Exception as error:  # whatever the engine says
        return _failed("clock", last_line(error), "look at the network to it", node.name)
    far = seen.bound_s > LATE_LIMIT_S
    return CheckLine(
        "clock",
        "warning" if far else "ok",
        f"{seen.offset_s:+.6f} s to ours, known to {seen.bound_s * 1000:.2g} ms",
        "use a quicker network between the machines" if far else "",
        node.name,
    )


def _check_target(node: NodeHandle, target: Target) -> CheckLine:
    place = f"{target.address}:{target.port}"
    try:
        took_s = node.call("connects", target).result(_CALL_WITHIN_S)
    except Exception as error:  # whatever the engine says
        took_s = last_line(error)
    if isinstance(took_s, str):
        advice = "look at the route and the firewall between them"
        return _failed("endpoint", f"no connection to {place} ({took_s})", advice, node.name)
    return CheckLine(
        "endpoint", "ok", f"connects to {place} in {took_s * 1000:.2g} ms", "", node.name
    )


def _failed(name: str, seen: str, advice: str, node: str = "") -> CheckLine:
    return CheckLine(name, "failed", seen, advice, node, exit_code=INVALID)
