"""The endpoint in one line: its detectors, its workers, its capacity, its faults. Pure."""

from __future__ import annotations

from edgeload.plain_words import listed, plural
from edgeload.simulator.deployment import Deployment, ServedDetector
from edgeload.simulator.faults import SWAP_LABEL
from edgeload.simulator.options import Options
from edgeload.simulator.pool_capacity import capacity_per_s
from edgeload.time_words import duration


def capacity_words(options: Options) -> str:
    """`4 inference workers, 50 ms constant: capacity 80 requests/s`."""
    deployment = options.deployment
    pools = [_pool_words(deployment, pool) for pool in deployment.pools]
    count = len(deployment.detectors)
    said = pools[0] if deployment.all_alike else f"{plural(count, 'detector')}: {'; '.join(pools)}"
    faults = ", ".join(
        _fault_words(kind, probability, options) for kind, probability in options.fault
    )
    law = deployment.contention
    if law is not None:
        said += f"; on {plural(law.cores, 'core')} with contention {law.strength:g}"
    if (cache := options.cache) is not None:
        each = f" in each of {cache.processes} processes" if cache.processes > 1 else ""
        said += f"; a cache of pictures{each} saves {100.0 * cache.saves:g} % of the service time"
    if options.rollout:
        said += f"; with {plural(len(options.rollout), 'roll-out')}"
    if (hot := options.slowdown) is not None:
        after = duration(hot.after_s)
        said += f"; from {after} after the first query on {hot.factor:g} times as slow"
    return said + (f"; with injected faults: {faults}" if faults else "")


def _pool_words(deployment: Deployment, pool: str) -> str:
    """A pool with the detectors that it serves.

    `door: 4 inference workers, …`, `a and b share 4 inference workers: a 50 ms …`.
    """
    sharers = deployment.sharers(pool)
    workers = plural(deployment.pools[pool], "inference worker")
    if len(sharers) == 1:
        words = f"{workers}, {_service_words(deployment, sharers[0])}"
        return words if deployment.all_alike else f"{sharers[0].name}: {words}"
    each = ", ".join(f"{one.name} {_service_words(deployment, one)}" for one in sharers)
    return f"{listed([one.name for one in sharers])} share {workers}: {each}"


def _service_words(deployment: Deployment, one: ServedDetector) -> str:
    """`50 ms constant: capacity 80 requests/s`, `… (40 requests/s beside busy pools)`."""
    service, workers = one.service_time, deployment.pools[one.pool]
    alone_per_s = capacity_per_s(workers, service.mean_s, deployment.slowdown(workers))
    all_workers = sum(deployment.pools.values())
    beside_per_s = capacity_per_s(workers, service.mean_s, deployment.slowdown(all_workers))
    rate = "not limited" if alone_per_s is None else f"{alone_per_s:.4g} requests/s"
    alone = " alone" if len(deployment.sharers(one.pool)) > 1 else ""
    beside = (
        f" ({beside_per_s:.4g} requests/s beside busy pools)"
        if beside_per_s is not None and beside_per_s != alone_per_s
        else ""
    )
    return f"{1000.0 * service.mean_s:g} ms {service.distribution}: capacity {rate}{alone}{beside}"


def _fault_words(kind: str, probability: float, options: Options) -> str:
    """`hang=0.01`, `swap_label=0.005 above 80 % busy workers`."""
    above = options.swap_above if kind == SWAP_LABEL else None
    limit = "" if above is None else f" above {100.0 * above:g} % busy workers"
    return f"{kind}={probability:g}{limit}"
