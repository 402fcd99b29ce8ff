"""Which detectors the endpoint serves, and which inference workers serve each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgeload.simulator.contention import ContendedPools, Contention
from edgeload.simulator.pools import FifoPools, Pools
from edgeload.simulator.queueing import ServiceTime

SHARED_POOL = "shared"
"""The name of the pool that --shared-workers makes."""

DEFAULT_THRESHOLD = 0.9
"""The confidence threshold of a detector for which nobody set another."""


class DeploymentError(ValueError):
    """These detectors cannot be served together; the text says why."""


@dataclass(frozen=True)
class WantedDetector:
    """What one --detector says; None for what it leaves to the other options.

    `service_time` is what it says about the service time: the names and values of those fields of
    `ServiceTime` that it sets.
    """

    name: str
    id: str
    query: str | None = None
    confidence_threshold: float = DEFAULT_THRESHOLD
    workers: int | None = None
    pool: str | None = None
    service_time: tuple[tuple[str, object], ...] = ()
    listed: bool = True
    """Whether the box's configuration lists it; else it was loaded on demand."""


@dataclass(frozen=True)
class ServedDetector:
    """A detector that exists from the start, its service times, and the pool that serves it."""

    id: str
    name: str
    query: str
    confidence_threshold: float
    service_time: ServiceTime
    pool: str
    listed: bool = True


@dataclass(frozen=True)
class Deployment:
    """The detectors, and the number of workers of each pool.

    `workers` and `service_time` are those of a detector that is created later. It is served by the
    pool `later_pool`; None: by a pool of its own. `all_alike` is set if there is one default
    detector, and queries of all others are served as if they were its own. `contention` says how
    services slow each other down; None if they do not.
    """

    pools: Mapping[str, int]
    detectors: tuple[ServedDetector, ...]
    workers: int
    service_time: ServiceTime
    later_pool: str | None
    all_alike: bool = False
    contention: Contention | None = None

    def slowdown(self, busy: int) -> float:
        """By which factor a service is longer that starts as one of so many busy workers."""
        return 1.0 if self.contention is None else self.contention.factor(busy)

    def sharers(self, pool: str) -> list[ServedDetector]:
        """The detectors that a pool serves."""
        return [detector for detector in self.detectors if detector.pool == pool]


def pools_of(deployment: Deployment) -> Pools:
    """Its pools of workers, idle."""
    law = deployment.contention
    return FifoPools(deployment.pools) if law is None else ContendedPools(deployment.pools, law)


def default_deployment(
    detector_id: str, name: str, query: str, workers: int, service_time: ServiceTime
) -> Deployment:
    """One detector, whose workers serve all queries."""
    only = ServedDetector(detector_id, name, query, DEFAULT_THRESHOLD, service_time, name)
    return Deployment({name: workers}, (only,), workers, service_time, name, all_alike=True)


def deployment_of(
    wanted: Sequence[WantedDetector],
    *,
    query: str,
    workers: int,
    service_time: ServiceTime,
    shared_workers: int | None,
) -> Deployment:
    """These detectors, in pools. Raises DeploymentError.

    `query`, `workers` and `service_time` are for those that have none of their own. A detector is
    in the pool that it names; else, if it has no `workers` of its own and there are
    `shared_workers`, in the pool of those; else in a pool of its own, which has its name.
    """
    _check_unique("name", [one.name for one in wanted])
    _check_unique("id", [one.id.lower() for one in wanted])
    detectors = tuple(
        ServedDetector(
            one.id,
            one.name,
            one.query or query,
            one.confidence_threshold,
            replace(service_time, **dict(one.service_time)),  # type: ignore[arg-type]
            _pool_of(one, shared_workers),
            one.listed,
        )
        for one in wanted
    )
    pools = dict.fromkeys((detector.pool for detector in detectors), workers)
    later_pool = None if shared_workers is None else SHARED_POOL
    pools.update(_sizes(wanted, shared_workers))
    deployment = Deployment(pools, detectors, workers, service_time, later_pool)
    _check_own_pools(wanted, deployment)
    if later_pool is not None and not deployment.sharers(later_pool):
        raise DeploymentError(
            "no detector shares the workers of --shared-workers, because each has workers= or "
            "pool= of its own; leave workers= out, for example --detector door:service-time=50ms"
        )
    return deployment


def _check_unique(what: str, values: Sequence[str]) -> None:
    value, times = Counter(values).most_common(1)[0]
    if times > 1:
        raise DeploymentError(
            f"{times} detectors have the {what} {value!r}; each must have another, for example "
            "--detector door --detector person"
        )


def _pool_of(one: WantedDetector, shared_workers: int | None) -> str:
    shares = shared_workers is not None and one.workers is None
    return one.pool or (SHARED_POOL if shares else one.name)


def _sizes(wanted: Sequence[WantedDetector], shared_workers: int | None) -> dict[str, int]:
    """The pools whose number of workers was given."""
    sizes = {} if shared_workers is None else {SHARED_POOL: shared_workers}
    for one in wanted:
        pool = _pool_of(one, shared_workers)
        if one.workers is not None and sizes.setdefault(pool, one.workers) != one.workers:
            raise DeploymentError(
                f"{one.name!r}: workers={one.workers}, but pool {pool!r} has "
                f"workers={sizes[pool]}; give workers= to one of the detectors that share a pool"
            )
    return sizes


def _check_own_pools(wanted: Sequence[WantedDetector], deployment: Deployment) -> None:
    """Nobody else may be in a pool that belongs to one detector, by the same name."""
    for one, served in zip(wanted, deployment.detectors, strict=True):
        is_own = one.pool is None and served.pool == one.name
        if is_own and len(deployment.sharers(served.pool)) > 1:
            raise DeploymentError(
                f"pool {served.pool!r} has the name of a detector with a pool of its own; give "
                f"that detector pool={served.pool} too, or the pool another name"
            )
