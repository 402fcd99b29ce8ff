"""Ray carries the calls to the nodes. No other module imports it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import re
import shutil
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from edgeload.cluster.engine import ClusterError, Engine, NodeGone
from edgeload.cluster.local_ray import local_ray
from edgeload.cluster.ray_environment import check_secured, hush, quiet_ray
from edgeload.cluster.ray_probe import check_cluster_of
from edgeload.settings import Settings
from edgeload.settings.values import cluster_nodes
from edgeload.untrusted_text import printable

_PACKAGE = Path(__file__).resolve().parents[1]
RESOURCE = "loadgen"
"""A node of the cluster that may make load has one of it, so that no two runs share a node."""
_GROUPS = {"ask": "asking", "clock": "asking", "fetch": "records"}
"""Calls of a group are carried out one after the other, and beside those of the others."""
_CONNECT_WITHIN_S = 3.0
_LOOK_EVERY_S = 1.0
_LET_GO_WITHIN_S = 5.0


@contextlib.contextmanager
def ray_engine(settings: Settings) -> Iterator[Engine]:
    """The nodes of the settings, reserved for as long as this is entered.

    Raises ClusterError, and SettingError if Ray is missing or the cluster is open to everybody.
    """
    quiet_ray()
    assert settings.cluster is not None
    here = cluster_nodes(settings.cluster)
    with contextlib.ExitStack() as stack:
        if here is None:
            check_secured(os.environ, settings.cluster, insecure=settings.insecure_cluster)
            _check_answers(settings.cluster)
            check_cluster_of(settings.cluster, insecure=settings.insecure_cluster)
            address, count = settings.cluster, settings.nodes or 1
        else:
            address, count = stack.enter_context(local_ray(here, {RESOURCE: 1})), here
        # Nodes of one machine share a folder, in which one takes away what another one works with.
        code = stack.enter_context(_code()) if here is None else None
        stack.enter_context(_connected(address, code))
        head = stack.enter_context(_watched(address, settings.lease))
        local = here is not None
        yield stack.enter_context(_reserved(count, settings.cluster_wait, head, local=local))


class _Head:
    """Whether the head of the cluster answers. Without it Ray ends our process after a minute."""

    def __init__(self, address: str, patience_s: float) -> None:
        self._address = address
        self._patience_s = patience_s
        self._over = threading.Event()
        self.trouble = ""

    def watch(self) -> None:
        """Look once a second, until `leave`."""
        answered_s = time.monotonic()
        while not self._over.wait(_LOOK_EVERY_S):
            try:
                _connect(self._address, _LOOK_EVERY_S)
            except OSError:
                silent_s = time.monotonic() - answered_s
                if silent_s > self._patience_s:
                    self.trouble = f"the head of the cluster does not answer for {silent_s:.0f} s"
            else:
                answered_s, self.trouble = time.monotonic(), ""

    def leave(self) -> None:
        """Look no more."""
        self._over.set()


@contextlib.contextmanager
def _watched(address: str, patience_s: float) -> Iterator[_Head]:
    head = _Head(address, patience_s)
    threading.Thread(target=head.watch, name="watches the head", daemon=True).start()
    try:
        yield head
    finally:
        head.leave()


def _connect(address: str, within_s: float) -> None:
    """Raises OSError if nobody listens there."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), within_s).close()


def _check_answers(address: str) -> None:
    """Raise ClusterError if nobody listens there: Ray itself would try for a minute."""
    try:
        _connect(address, _CONNECT_WITHIN_S)
    except OSError as error:
        raise ClusterError(
            f"CLUSTER = {address!r}: nothing answers there ({error.strerror or error}); must be "
            "the address of the head of a Ray cluster, which `ray start --head` prints"
        ) from error


@contextlib.contextmanager
def _code() -> Iterator[str]:
    """A folder with our code alone: neither results nor pictures are shipped with it."""
    with tempfile.TemporaryDirectory(prefix="edgeload-code-") as folder:
        place = Path(folder, _PACKAGE.name)
        shutil.copytree(_PACKAGE, place, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


@contextlib.contextmanager
def _connected(address: str, code: str | None) -> Iterator[None]:
    """This process is a driver of the cluster; its nodes get the folder with the code."""
    import ray  # noqa: PLC0415  (an extra, and heavy)
    from ray._private import worker  # noqa: PLC0415

    hush()
    # Ray prints pages about a lost node to stdout, whatever it is told: ours is one line.
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        ray.init(
            address=address,
            runtime_env={"working_dir": code} if code else None,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            configure_logging=True,
        )
    except Exception as error:  # whatever Ray says, it is one line here
        raise ClusterError(_why_not_connected(address, error)) from error
    try:
        yield
    finally:
        _let_go(ray.shutdown)


def _why_not_connected(address: str, error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    if "Version mismatch" in said:
        return (
            f"CLUSTER = {address!r}: Ray and Python must be the same on all machines, to the last "
            f"digit: {said}"
        )
    return f"CLUSTER = {address!r}: cannot be joined ({said})"


@contextlib.contextmanager
def _reserved(count: int, wait_s: float, head: _Head, *, local: bool) -> Iterator[Engine]:
    """So many nodes, each on a machine of its own; all of them, or none."""
    import ray  # noqa: PLC0415
    from ray.util import placement_group_table  # noqa: PLC0415
    from ray.util.placement_group import placement_group, remove_placement_group  # noqa: PLC0415
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy  # noqa: PLC0415

    from edgeload.cluster.node import Node  # noqa: PLC0415

    group = placement_group([{RESOURCE: 1}] * count, strategy="STRICT_SPREAD")
    actors: list[Any] = []
    try:
        if not group.wait(wait_s):
            raise ClusterError(_too_few(ray.nodes(), count, wait_s))
        actor = ray.remote(
            num_cpus=0,
            max_restarts=0,
            max_task_retries=0,
            concurrency_groups={"asking": 1, "records": 1},
        )(Node)
        for index in range(count):
            placed = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index)
            actors.append(
                actor.options(resources={RESOURCE: 1}, scheduling_strategy=placed).remote()
            )
        hosts = {node["NodeID"]: node for node in ray.nodes()}
        on = placement_group_table(group)["bundles_to_node_id"]
        names = node_names([hosts[on[index]] for index in range(count)])
        yield _RayEngine(tuple(map(_RayNode, names, actors)), local, head)
    finally:
        _let_go(
            *(partial(ray.kill, each) for each in actors), partial(remove_placement_group, group)
        )


def _let_go(*calls: Callable[[], object]) -> None:
    """Let the nodes go, or the cluster; if it does not answer any more, not for long.

    What is not let go ends with our process.
    """

    def call_all() -> None:
        for each in calls:
            with contextlib.suppress(Exception):  # it is gone already
                each()

    thread = threading.Thread(target=call_all, name="lets nodes go", daemon=True)
    thread.start()
    thread.join(_LET_GO_WITHIN_S)
    if thread.is_alive():
        from ray._private import worker  # noqa: PLC0415

        atexit.unregister(worker.shutdown)  # it would wait for minutes


def node_names(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What people call machines: their host names, with addresses or numbers if two are alike."""
    hosts = [str(node["NodeManagerHostname"]) for node in nodes]
    addresses = [str(node["NodeManagerAddress"]) for node in nodes]
    seen = Counter(hosts)
    names = [
        host if seen[host] == 1 else f"{host} ({address})"
        for host, address in zip(hosts, addresses, strict=True)
    ]
    if len(set(names)) == len(names):
        return names
    return [f"{host}-{number}" for number, host in enumerate(hosts, 1)]


def _too_few(nodes: Sequence[Mapping[str, Any]], count: int, wait_s: float) -> str:
    able = [node for node in nodes if node["Alive"] and node["Resources"].get(RESOURCE)]
    return (
        f"NODES = {count}: the cluster has {len(able)} nodes that may make load, and {count} were "
        f"not free within {wait_s:g} s; start more with ray start --resources "
        f"'{{\"{RESOURCE}\": 1}}' (docs/cluster.md), or use fewer"
    )


class _RayEngine:
    """See `Engine`."""

    def __init__(self, nodes: tuple[_RayNode, ...], local: bool, head: _Head) -> None:
        self.nodes = nodes
        self.local = local
        self._head = head

    @property
    def trouble(self) -> str:
        """See `Engine`."""
        return self._head.trouble

    def shared(self, value: Any) -> Any:
        """Put it where every node fetches it once."""
        import ray  # noqa: PLC0415

        return ray.put(value)


class _RayNode:
    """See `NodeHandle`."""

    def __init__(self, name: str, actor: Any) -> None:
        self.name = name
        self._actor = actor
        self._methods: dict[str, Any] = {}

    def call(self, method: str, *arguments: Any, **named: Any) -> Future[Any]:
        """See `NodeHandle`."""
        said: Future[Any] = Future()
        try:
            self._bound(method).remote(*arguments, **named).future().add_done_callback(
                lambda done: _pass_on(done, said)
            )
        except Exception as error:  # it is known to be dead
            _fail(said, error)
        return said

    def _bound(self, method: str) -> Any:
        """A method of the actor, made once: it is called every second."""
        if method not in self._methods:
            bound, group = getattr(self._actor, method), _GROUPS.get(method)
            self._methods[method] = bound.options(concurrency_group=group) if group else bound
        return self._methods[method]


def _pass_on(done: Future[Any], said: Future[Any]) -> None:
    error = done.exception()
    if error is None:
        said.set_result(done.result())
    else:
        _fail(said, error)


def _fail(said: Future[Any], error: BaseException) -> None:
    from ray.exceptions import ActorDiedError  # noqa: PLC0415

    if not isinstance(error, ActorDiedError):
        said.set_exception(error)
        return
    # Of a process that could not begin, it has the whole trace.
    causes = re.findall(r"^\w*(?:Error|Exception): .*$", str(error), re.MULTILINE)
    why = causes[-1] if causes else "its process has ended, or its machine has left the cluster"
    said.set_exception(NodeGone(printable(why)))
