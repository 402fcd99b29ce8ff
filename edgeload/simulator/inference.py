"""Decides which answer an image query gets and when, and counts. Pure: no clock, socket or file.

A query counts as *answered* when its answer is handed to its proxy, so a client that has its answer
finds it counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from edgeload.simulator.accounts import Account, Accounts, QueryCounts
from edgeload.simulator.deployment import Deployment, pools_of
from edgeload.simulator.detectors import Detectors
from edgeload.simulator.faults import SWAP_LABEL, Faults, status_of
from edgeload.simulator.messages import Finished, Query, Reply
from edgeload.simulator.model_rollouts import ModelPods, ServingPod
from edgeload.simulator.picture_cache import CacheLaw, PictureCache
from edgeload.simulator.pods import Pods
from edgeload.simulator.pools import Ticket
from edgeload.simulator.query import (
    JSON,
    QueryParameters,
    Refusal,
    answer_body,
    error_answer,
    label_of,
    new_id,
    not_ready,
)
from edgeload.simulator.queueing import Job
from edgeload.simulator.resident_memory import ResidentLog
from edgeload.simulator.slowdown import HotBox, Slowdown
from edgeload.simulator.status import BusyTime
from edgeload.simulator.truth import Truth

_KEPT_ANSWERS = 1000
_LOW_CONFIDENCE, _HIGH_CONFIDENCE = 0.75, 0.99


class _Open:
    """A query that is not in the truth log yet."""

    __slots__ = (
        "account",
        "cache_hit",
        "counts",
        "fault",
        "gone",
        "in_flight",
        "job",
        "pod",
        "query",
        "status",
        "ticket",
        "worker",
    )

    def __init__(
        self, worker: int, query: Query, account: Account | None, counts: QueryCounts
    ) -> None:
        self.worker = worker
        self.query = query
        self.account = account  # of the detector that was asked; None if there is no such detector
        self.counts = counts
        self.fault: str | None = None
        self.ticket: Ticket | None = None  # its place in the queue, until its service has ended
        self.job: Job | None = None
        self.pod: ServingPod | None = None
        self.cache_hit: bool | None = None  # None without a cache, or without a service
        self.status: int | None = None
        self.in_flight = True  # neither answered, reset nor abandoned
        self.gone = False  # the client left


def _id_of(entry: _Open) -> str:
    return entry.account.detector.id if entry.account else ""


class Inference:
    """The pools of workers, and all decisions around them."""

    def __init__(
        self,
        *,
        deployment: Deployment,
        detectors: Detectors,
        faults: Faults,
        max_in_flight: int | None,
        swap_above: float | None = None,
        cache: CacheLaw | None = None,
        slowdown: Slowdown | None = None,
        ready_from_s: float = 0.0,
        pods: Pods | None = None,
        models: ModelPods | None = None,
        residents: ResidentLog | None = None,
        seed: int,
        unix_minus_monotonic_s: float,
        record: Callable[[Truth], None],
    ) -> None:
        """`record` gets one Truth per query, as soon as everything is known about it.

        `detectors` has at least the detectors of the `deployment`. A query that arrives before
        `ready_from_s` finds no model loaded. The fault swap_label happens only to queries that find
        more than the share `swap_above` of their pool's workers busy; None: to all. Without a
        `cache`, a picture that came before takes as long as any other. The `pods` say which
        detectors were taken down or added since, and `models` which model answers; without them,
        each detector has one. The `residents` are those that are in memory. A `slowdown` makes
        services longer from some time on.
        """
        self._pools = pools_of(deployment)
        self._detectors = detectors
        self._accounts = Accounts(deployment, detectors, self._pools, seed)
        self.faults = faults
        self.models = models or ModelPods(seed=seed)
        self._max_in_flight = max_in_flight
        self._swap_above = swap_above
        self.ready_from_s = ready_from_s
        self.pods = Pods(random.Random(f"{seed} pods")) if pods is None else pods
        self.residents = ResidentLog() if residents is None else residents
        self._unix_minus_monotonic_s = unix_minus_monotonic_s
        self._record = record
        self._answer_chance = random.Random(f"{seed} answer")
        self._cache = None if cache is None else PictureCache(cache, random.Random(f"{seed} cache"))
        self._hot = None if slowdown is None else HotBox(slowdown)
        self._open: dict[tuple[int, int], _Open] = {}
        self._queued: dict[Ticket, _Open] = {}
        self.busy = BusyTime(sum(deployment.pools.values()))
        self._answers: dict[str, bytes] = {}
        self._connections = 0
        self._stalls = 0
        self._in_flight = 0
        self._trickling = 0

    def connected(self) -> None:
        """A client opened a connection."""
        self._connections += 1

    def receive(self, worker: int, query: Query) -> Reply | None:
        """Accept a query; returns the reply if there is one at once."""
        request = query.request
        asked = query if isinstance(request, Refusal) else request
        account = self._accounts.of(asked.detector_id)
        counts = self._accounts.nobodys if account is None else account.counts
        entry = _Open(worker, query, account, counts)
        self._open[worker, query.number] = entry
        counts.received += 1
        counts.in_flight += 1
        self._in_flight += 1
        in_flight = self._in_flight + self._trickling
        if self._max_in_flight is not None and in_flight > self._max_in_flight:
            counts.over_limit += 1
            return self._reset(entry)
        if isinstance(request, Refusal):
            return self._refuse(entry, request)
        if request.by_cloud or (account and self.pods.is_down(account.detector.id)):
            return self._answer(entry, request, from_edge=False)
        if account is None:
            return self._refuse(entry, error_answer(500))
        if not self._loaded(account, query.arrival_s):
            return self._refuse(entry, not_ready(request.detector_id))
        return self._admit(entry, request, account)

    def due(self, now_s: float) -> list[tuple[int, Reply]]:
        """Replies to queries whose service has ended by now, each with its proxy's number."""
        replies = []
        for ticket, job in self._pools.done(now_s):
            entry = self._queued.pop(ticket)
            entry.ticket, entry.job = None, job
            self.busy.served(_id_of(entry), job.start_s, job.end_s)
            self.residents.used(_id_of(entry), job.end_s)
            if entry.gone:
                self._close(entry)
                continue
            assert isinstance(entry.query.request, QueryParameters)
            escalated = entry.fault == "escalate"
            reply = self._answer(entry, entry.query.request, from_edge=not escalated)
            replies.append((entry.worker, reply))
        return replies

    def in_service(self, now_s: float) -> list[tuple[float, float, str]]:
        """Start, end and detector of the services that have begun and not ended."""
        found = []
        for ticket, entry in self._queued.items():
            job = self._pools.job(ticket)
            if job is not None and job.start_s <= now_s:
                found.append((job.start_s, job.end_s, _id_of(entry)))
        return found

    def next_due_s(self) -> float | None:
        """When `due` will have something to return; None if that is not known yet."""
        return self._pools.next_end_s()

    def finished(self, worker: int, finished: Finished) -> None:
        """An answer was sent, or its client has left."""
        entry = self._open[worker, finished.number]
        if entry.fault == "slow_body" and not entry.in_flight:
            self._trickling -= 1
        if entry.in_flight:
            self._land(entry)
            entry.counts.abandoned += 1
        if entry.ticket is not None:
            entry.gone = True  # its service continues; the truth log waits for its end
        else:
            self._close(entry, finished.answered_s)

    def stall(self, now_s: float, seconds: float) -> None:
        """Stop all inference workers for some seconds from now on."""
        self._stalls += 1
        self._pools.stall(now_s, seconds)

    def end(self, now_s: float) -> None:
        """Record the queries that are still open, with the instants that they have reached."""
        for entry in list(self._open.values()):
            if entry.ticket is not None and (job := self._pools.job(entry.ticket)) is not None:
                entry.job = job
            self._close(entry, until_s=now_s)

    def stats(self, now_s: float) -> dict[str, Any]:
        """The counts of all proxies together, for GET /simulator/stats.

        `by_detector` has them by detector id, and under an empty id those of the queries for no
        detector that exists; what it counts adds up to the totals.
        """
        waiting: Counter[Account | None] = Counter()
        in_service: Counter[Account | None] = Counter()
        for ticket, entry in self._queued.items():
            job = self._pools.job(ticket)
            if job is None or job.start_s > now_s:
                waiting[entry.account] += 1
            elif now_s < job.end_s:
                in_service[entry.account] += 1
        by_detector = {
            account.detector.id: {
                "name": account.detector.name,
                "pool": account.pool,
                **account.counts.as_json(waiting[account], in_service[account]),
            }
            for account in self._accounts.all()
        }
        if self._accounts.nobodys.received:
            nobodys = self._accounts.nobodys.as_json(0, 0)
            by_detector[""] = {"name": None, "pool": None, **nobodys}
        return {
            **self._accounts.total().as_json(waiting.total(), in_service.total()),
            "stalls": self._stalls,
            "connections": self._connections,
            "by_detector": by_detector,
        }

    def detectors(self) -> list[dict[str, Any]]:
        """The detectors and what serves them, for GET /simulator/detectors."""
        return self._accounts.as_json()

    def kept_answer(self, query_id: str) -> bytes | None:
        """The JSON of one of the latest answers."""
        return self._answers.get(query_id)

    def _loaded(self, account: Account, now_s: float) -> bool:
        """Whether the process that a query meets believes that its model is there."""
        return now_s >= self.ready_from_s and self.pods.ready(account.detector.id, now_s)

    def _admit(self, entry: _Open, request: QueryParameters, account: Account) -> Reply | None:
        """Put a legal query into the queue, unless a fault prevents that."""
        detector = account.detector
        pod = self.models.serving(detector.id, detector.name, entry.query.arrival_s)
        if pod.status is not None:
            return self._fail(entry, request, pod.status)
        entry.pod = pod
        fault = self.faults.draw(account.fault_chance.random())
        if fault == SWAP_LABEL and not self._finds_load(entry.query.arrival_s, account):
            fault = None
        entry.fault = fault
        if fault is not None:
            entry.counts.by_fault[fault] += 1
            if fault == "reset":
                return self._reset(entry)
            if (status := status_of(fault)) is not None:
                return self._fail(entry, request, status)
        if fault != "hang":
            service_s = pod.slower * account.service_time.draw(account.service_chance)
            if self._cache is not None:
                entry.cache_hit = self._cache.asked(account.pool, entry.query.picture)
                service_s = self._cache.service_s(service_s, hit=entry.cache_hit)
            if self._hot is not None:
                service_s = self._hot.service_s(service_s, entry.query.arrival_s)
            entry.ticket = self._pools.arrive(account.pool, entry.query.arrival_s, service_s)
            self._queued[entry.ticket] = entry
        return None

    def _finds_load(self, arrival_s: float, account: Account) -> bool:
        """Whether an arrival finds so many workers of its pool busy that its label may be wrong."""
        above = self._swap_above
        return above is None or self._pools.busy_share(account.pool, arrival_s) > above

    def _fail(self, entry: _Open, request: QueryParameters, status: int) -> Reply:
        """Answer with an error at once."""
        unready = status == HTTPStatus.SERVICE_UNAVAILABLE
        return self._refuse(
            entry, not_ready(request.detector_id) if unready else error_answer(status)
        )

    def _refuse(self, entry: _Open, refusal: Refusal) -> Reply:
        self._settle(entry, refusal.status)
        return Reply(entry.query.number, refusal.status, refusal.content_type, refusal.body)

    def _reset(self, entry: _Open) -> Reply:
        self._land(entry)
        entry.counts.reset += 1
        return Reply(entry.query.number, 0, "", b"", "reset")

    def _answer(self, entry: _Open, request: QueryParameters, *, from_edge: bool) -> Reply:
        body = self._body(entry, request, from_edge)
        self._settle(entry, 200)
        entry.counts.escalated += not from_edge
        slow = entry.fault == "slow_body"
        self._trickling += slow
        return Reply(entry.query.number, 200, JSON, body, "slow" if slow else "plain")

    def _body(self, entry: _Open, request: QueryParameters, from_edge: bool) -> bytes:
        chance = self._answer_chance
        detector = self._detectors.first if entry.account is None else entry.account.detector
        wrong = entry.fault == "wrong_detector"
        query_id = new_id("iq_", chance)
        keys = entry.pod.keys if entry.pod else self.models.keys(detector.id, 0)
        body = answer_body(
            request,
            query_id=query_id,
            created_unix_s=entry.query.arrival_s + self._unix_minus_monotonic_s,
            detector_id=new_id("det_", chance) if wrong else detector.id,
            question=detector.query,
            default_threshold=detector.confidence_threshold,
            label=label_of(entry.query.picture, detector.id, swapped=entry.fault == SWAP_LABEL),
            confidence=chance.uniform(_LOW_CONFIDENCE, _HIGH_CONFIDENCE),
            from_edge=from_edge,
            models=keys._asdict(),
        )
        if entry.fault == "bad_json":
            return body[: len(body) // 2]
        self._answers[query_id] = body
        if len(self._answers) > _KEPT_ANSWERS:
            del self._answers[next(iter(self._answers))]
        return body

    def _settle(self, entry: _Open, status: int) -> None:
        entry.status = status
        self._land(entry)
        entry.counts.by_status[status] += 1

    def _land(self, entry: _Open) -> None:
        entry.in_flight = False
        entry.counts.in_flight -= 1
        self._in_flight -= 1

    def _close(
        self, entry: _Open, answered_s: float | None = None, until_s: float | None = None
    ) -> None:
        """Hand a query to the truth log; instants after `until_s` have not happened."""
        del self._open[entry.worker, entry.query.number]
        start_s = entry.job.start_s if entry.job else None
        end_s = entry.job.end_s if entry.job else None
        if until_s is not None:
            start_s = start_s if start_s is not None and start_s <= until_s else None
            end_s = end_s if end_s is not None and end_s <= until_s else None
        self._record(
            Truth(
                request_id=entry.query.request_id,
                arrival_s=entry.job.arrival_s if entry.job else entry.query.arrival_s,
                start_s=start_s,
                end_s=end_s,
                answered_s=answered_s,
                status=entry.status,
                fault=entry.fault,
                worker=entry.worker,
                connection=entry.query.connection,
                detector_id="" if entry.account is None else entry.account.detector.id,
                cache_hit=entry.cache_hit,
            )
        )
