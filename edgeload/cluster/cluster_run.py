"""The nodes of one run: how many workers each of them runs, and what the log says about them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent import futures

from edgeload.cluster.clock_look import ClockLook
from edgeload.cluster.cluster_workers import ClusterRules, ClusterWorkers
from edgeload.cluster.engine import ClusterError, Engine, last_line
from edgeload.cluster.node_words import NodeInfo, NodeReady
from edgeload.core_plan import SWITCHED_OFF
from edgeload.plain_words import plural, some_of
from edgeload.plan import Plan
from edgeload.records import ClusterRecord, NodeRecord
from edgeload.run.tasks import EndpointTask
from edgeload.settings import SettingError, Settings
from edgeload.settings.fleet_settings import urls_of_nodes

_INFO_WITHIN_S = 60.0
_ON_ONE_MACHINE = "all nodes are this machine, and each would take the same cores"


class ClusterRun:
    """The `Cluster` of one run."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Raises ClusterError if a node does not say what it is, or the run has no work for it,
        and SettingError if the target map does not fit the nodes.
        """
        self._engine = engine
        self._settings = settings
        self._urls = node_endpoints(engine, settings)
        self._infos = node_infos(engine)
        self._shares: tuple[tuple[int, ...], ...] = ()
        self._ready: Sequence[tuple[NodeReady, ClockLook]] = ()

    def worker_count(self, plan: Plan) -> int:
        """Number of worker processes on all nodes together.

        Each node has as many as WORKERS says, but there is never more than one for each client. A
        search does not know its clients before. Raises SettingError if a node would have nothing to
        do.
        """
        search, wanted = self._settings.find_capacity, self._settings.workers
        most = None if search else plan.max_clients
        each: int | None = wanted if isinstance(wanted, int) else None
        if not search and (self._settings.client == "sdk" or wanted == "clients"):
            each = plan.max_clients
        sizes = [self._auto(info) if each is None else each for info in self._infos]
        self._shares = dealt(sizes, most)
        if not all(self._shares):
            busy = sum(map(bool, self._shares))
            raise SettingError(
                f"NODES = {len(self._shares)}: a run of {plural(plan.max_clients, 'client')} has "
                f"work for {busy}; must be at most that"
            )
        return sum(map(len, self._shares))

    @property
    def _not_pinned(self) -> str:
        """Why workers get no cores of their own; empty: they do, where there are enough."""
        if not self._settings.pin:
            return SWITCHED_OFF.why
        return _ON_ONE_MACHINE if self._engine.local else ""

    def _auto(self, info: NodeInfo) -> int:
        return info.usable_cores if self._not_pinned else info.own_cores

    @property
    def open_files(self) -> int:
        """How many files a process may have open on the node that allows the fewest."""
        return min(info.open_files for info in self._infos)

    def workers(self, endpoints: Sequence[EndpointTask] = ()) -> ClusterWorkers:
        """Those of the run; none has been started. `endpoints` are those of a target map."""
        rules = ClusterRules(self._settings.lease, self._settings.records, self._not_pinned)
        at = {each.url: each for each in endpoints}
        own = [at[url] for url in self._urls if url]
        return ClusterWorkers(self._engine, rules, self._shares, self._see_ready, own)

    def _see_ready(self, ready: Sequence[tuple[NodeReady, ClockLook]]) -> None:
        self._ready = ready

    def record(self) -> ClusterRecord:
        """What the log says about the nodes, once their clocks have been compared."""
        nodes = [
            NodeRecord(
                name=node.name,
                workers=list(share),
                usable_cores=info.usable_cores,
                clock_offset_s=look.offset_s,
                clock_bound_s=look.bound_s,
                log=ready.log,
                versions=info.versions,
                endpoint=url,
                machine=ready.machine,
            )
            for node, info, share, (ready, look), url in zip(
                self._engine.nodes, self._infos, self._shares, self._ready, self._urls, strict=True
            )
        ]
        return ClusterRecord(nodes, self._engine.local)


def nodes_in_words(engine: Engine) -> str:
    """Who will make the load, as a sentence."""
    names = [node.name for node in engine.nodes]
    where = ", which are all this machine" if engine.local else ""
    makes = "makes" if len(names) == 1 else "make"
    return f"{plural(len(names), 'node')} {makes} the load: {some_of(names)}{where}."


def dealt(sizes: Sequence[int], most: int | None) -> tuple[tuple[int, ...], ...]:
    """The numbers of the workers of nodes that have so many each, and `most` together.

    They are dealt in turn, because client c lives in worker c modulo their number: so the clients
    of each step of a ramp are spread over all nodes.
    """
    shares: list[list[int]] = [[] for _ in sizes]
    number = 0
    for turn in range(max(sizes)):
        for share, size in zip(shares, sizes, strict=True):
            if turn < size and (most is None or number < most):
                share.append(number)
                number += 1
    return tuple(map(tuple, shares))


def node_endpoints(engine: Engine, settings: Settings) -> tuple[str, ...]:
    """The endpoint of each node; empty texts if all load the same, without a map.

    Raises SettingError if the map does not fit the nodes.
    """
    if not settings.targets:
        return ("",) * len(engine.nodes)
    names = [node.name for node in engine.nodes]
    try:
        return urls_of_nodes(settings.targets, names, numbered=engine.local)
    except ValueError as problem:
        raise SettingError(str(problem)) from None


def node_infos(engine: Engine) -> list[NodeInfo]:
    """What each node is, by its own word. Raises ClusterError."""
    asked = [node.call("info") for node in engine.nodes]
    futures.wait(asked, _INFO_WITHIN_S)
    infos = []
    for node, future in zip(engine.nodes, asked, strict=True):
        if not future.done():
            raise ClusterError(f"node {node.name} did not answer in {_INFO_WITHIN_S:g} s")
        try:
            infos.append(future.result())
        except Exception as error:  # whatever the engine says
            why = last_line(error)
            raise ClusterError(f"node {node.name} cannot take part: {why}") from error
    return infos
