"""What serves each detector, and what happened to its queries, in numbers. Pure.

At any moment received = answered + reset + abandoned + in flight, for each detector.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edgeload.simulator.deployment import Deployment
from edgeload.simulator.detectors import Detector, Detectors
from edgeload.simulator.pool_capacity import capacity_per_s
from edgeload.simulator.pools import Pools
from edgeload.simulator.queueing import ServiceTime


@dataclass
class QueryCounts:
    """Numbers of image queries."""

    received: int = 0
    in_flight: int = 0
    """Neither answered, reset nor abandoned."""
    reset: int = 0
    over_limit: int = 0
    abandoned: int = 0
    escalated: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)

    def add(self, other: QueryCounts) -> None:
        """Add the counts of other queries to these."""
        self.received += other.received
        self.in_flight += other.in_flight
        self.reset += other.reset
        self.over_limit += other.over_limit
        self.abandoned += other.abandoned
        self.escalated += other.escalated
        self.by_status += other.by_status
        self.by_fault += other.by_fault

    def as_json(self, queue: int, in_service: int) -> dict[str, Any]:
        """The counts as GET /simulator/stats shows them, with the present length of the queue."""
        return {
            "received": self.received,
            "answered": self.by_status.total(),
            "by_status": {str(status): n for status, n in sorted(self.by_status.items())},
            "in_flight": self.in_flight,
            "queue": queue,
            "in_service": in_service,
            "reset": self.reset,
            "over_limit": self.over_limit,
            "abandoned": self.abandoned,
            "escalated": self.escalated,
            "faults": dict(self.by_fault),
        }


class Account:
    """One detector: its pool, its service times, its random numbers and its counts."""

    __slots__ = (
        "counts",
        "detector",
        "fault_chance",
        "pool",
        "service_chance",
        "service_time",
        "workers",
    )

    def __init__(
        self,
        detector: Detector,
        pool: str,
        workers: int,
        service_time: ServiceTime,
        service_chance: random.Random,
        fault_chance: random.Random,
    ) -> None:
        """`workers` are those of the whole pool."""
        self.detector = detector
        self.pool = pool
        self.workers = workers
        self.service_time = service_time
        self.service_chance = service_chance
        self.fault_chance = fault_chance
        self.counts = QueryCounts()


class Accounts:
    """The accounts of all detectors; that of a later detector is opened when it is asked for."""

    def __init__(
        self, deployment: Deployment, detectors: Detectors, pools: Pools, seed: int
    ) -> None:
        self._deployment = deployment
        self._detectors = detectors
        self._pools = pools
        self._seed = seed
        self.nobodys = QueryCounts()
        """Of the queries for no detector that exists."""
        self._by_id: dict[str, Account] = {}  # also ids that differ from the detector's in case
        for detector in detectors:
            self._by_id[detector.id] = self._opened(detector)

    def of(self, detector_id: str) -> Account | None:
        """The account of the detector with that id; None if there is no such detector."""
        account = self._by_id.get(detector_id)
        if account is None and (detector := self._detectors.find(detector_id)) is not None:
            account = self._by_id.get(detector.id) or self._opened(detector)
            self._by_id[detector_id] = self._by_id[detector.id] = account
        return account

    def all(self) -> list[Account]:
        """The accounts of all detectors that exist or were asked for."""
        for detector in self._detectors:
            self.of(detector.id)
        return list(dict.fromkeys(self._by_id.values()))

    def as_json(self) -> list[dict[str, Any]]:
        """What GET /simulator/detectors shows: each detector, and what serves it.

        `capacity_per_s` counts answers per second while its pool serves nobody else and the other
        pools are idle, `capacity_beside_busy_pools_per_s` while they are saturated; null if
        services take no time.
        """
        accounts = self.all()
        slowdown = self._deployment.slowdown
        all_workers = sum({account.pool: account.workers for account in accounts}.values())
        return [
            {
                "id": account.detector.id,
                "name": account.detector.name,
                "pool": account.pool,
                "pool_workers": account.workers,
                "distribution": account.service_time.distribution,
                "mean_service_time_s": account.service_time.mean_s,
                "capacity_per_s": capacity_per_s(
                    account.workers, account.service_time.mean_s, slowdown(account.workers)
                ),
                "capacity_beside_busy_pools_per_s": capacity_per_s(
                    account.workers, account.service_time.mean_s, slowdown(all_workers)
                ),
            }
            for account in accounts
        ]

    def total(self) -> QueryCounts:
        """The counts of all queries."""
        return _sum([self.nobodys, *(account.counts for account in self.all())])

    def _opened(self, detector: Detector) -> Account:
        deployment = self._deployment
        first = self._by_id.get(self._detectors.first.id)
        if deployment.all_alike and first is not None:
            return Account(
                detector,
                first.pool,
                first.workers,
                first.service_time,
                first.service_chance,
                first.fault_chance,
            )
        pool, service_time = deployment.later_pool, deployment.service_time
        for served in deployment.detectors:
            if served.id == detector.id:
                pool, service_time = served.pool, served.service_time
        if pool is None:
            pool = detector.id
            self._pools.add(pool, deployment.workers)
        # Random numbers of its own, so that the other detectors change no service time and no
        # fault; and separate ones for each use, so that a change of the faults changes no service
        # time.
        whose = "" if deployment.all_alike else f" {detector.id}"
        return Account(
            detector,
            pool,
            deployment.pools.get(pool, deployment.workers),
            service_time,
            random.Random(f"{self._seed} service{whose}"),
            random.Random(f"{self._seed} fault{whose}"),
        )


def _sum(counts: Iterable[QueryCounts]) -> QueryCounts:
    total = QueryCounts()
    for one in counts:
        total.add(one)
    return total
