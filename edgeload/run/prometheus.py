"""The live counters of a run for Prometheus, on loopback, for as long as the run goes."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edgeload.plan import Plan
from edgeload.run import counters
from edgeload.run.supervisor import Progress
from edgeload.settings import SettingError

_HOST = "127.0.0.1"
_LIMITS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_COUNTERS = {
    "sent": (counters.SENT, "Requests sent"),
    "ok": (counters.OK, "Requests answered as they should be, by the edge"),
    "failed": (counters.FAILED, "Requests that failed: no answer, or not the one wanted"),
    "missed": (counters.MISSED, "Requests due but never sent"),
    "stale_retries": (
        counters.STALE_RETRIES,
        "Requests sent again as the server had closed an idle connection",
    ),
}
_HISTOGRAMS = {
    "service": (counters.service_histogram, "Sent to answered, of good answers"),
    "response": (counters.response_histogram, "Due to answered, of good answers"),
}


class Dues:
    """How many requests a plan has made due, for instants that only grow.

    Each due time is drawn once in the whole run: counting all anew (`Plan.step_requests`) would
    take from a busy machine, at every scrape, what its workers need.
    """

    def __init__(self, plan: Plan) -> None:
        self._dues = [plan.client_dues(client) for client in range(plan.max_clients)]
        self._next_s = [-math.inf] * plan.max_clients
        self._count = -plan.max_clients  # the first of each at -inf is no request

    def until(self, run_s: float) -> int:
        """Requests due up to a run time in seconds, not infinite, over all clients."""
        for client, dues in enumerate(self._dues):
            while self._next_s[client] <= run_s:
                self._count += 1
                due = next(dues, None)
                self._next_s[client] = math.inf if due is None else due.due_s
        return self._count


class ProgressCollector(Collector):
    """What a scrape gets: the last Progress, nothing counted a second time.

    Histograms come from the shared ones, whose buckets are 2 % wide: a time near a limit may stand
    on its other side by as much, and the sum is within 1 %.
    """

    def __init__(self) -> None:
        self._last: Progress | None = None
        self._due_until_s = -math.inf
        self._dues: Dues | None = None
        self._one_scrape = threading.Lock()

    def show(self, progress: Progress) -> None:
        """Take in one moment of the run; one that only brings a message does not tell its step."""
        if progress.message is None:
            self._last = progress
            if not progress.stopping:
                self._due_until_s = progress.now_s

    def collect(self) -> Iterator[Metric]:
        """The metrics of that moment; none before the first."""
        progress = self._last
        if progress is None:
            return
        slots, step = progress.slots, progress.plan.steps[progress.step]
        for name, value, text in (
            ("clients", step.clients, "Clients of the ramp step"),
            ("ramp_step", progress.step + 1, "Ramp step, from 1"),
            ("ramp_steps", len(progress.plan.steps), "Ramp steps of the run"),
            ("arrival_rate_per_second", progress.plan.arrival_rate(step), "Requests due a second"),
            ("run_time_seconds", progress.now_s, "Since the start of the first step"),
        ):
            yield GaugeMetricFamily(f"edgeload_{name}", text, value=value)
        text = "Requests due by the plan, until the run is stopped"
        yield CounterMetricFamily("edgeload_requests_due", text, value=self._due(progress))
        for name, (slot, text) in _COUNTERS.items():
            yield CounterMetricFamily(f"edgeload_requests_{name}", text, value=slots[slot])
        text = "Connections opened"
        yield CounterMetricFamily("edgeload_connects", text, value=slots[counters.CONNECTS])
        for name, (part, text) in _HISTOGRAMS.items():
            yield _histogram(f"edgeload_{name}_time_seconds", text, part(slots)[: counters.BUCKETS])

    def _due(self, progress: Progress) -> int:
        """Never fewer than sent and missed, which may have been read a moment after the clock."""
        with self._one_scrape:
            self._dues = self._dues or Dues(progress.plan)
            due = self._dues.until(self._due_until_s)
        return max(due, progress.slots[counters.SENT] + progress.slots[counters.MISSED])


def _histogram(name: str, text: str, counts: Sequence[int]) -> HistogramMetricFamily:
    below = [0, *accumulate(counts)]
    cumulated = [(str(limit_s), below[counters.bucket(limit_s)]) for limit_s in _LIMITS_S]
    total_s = sum(n * counters.bucket_value(i) for i, n in enumerate(counts) if n)
    metric = HistogramMetricFamily(name, text)
    metric.add_metric([], buckets=[*cumulated, ("+Inf", below[-1])], sum_value=total_s)
    return metric


@contextlib.contextmanager
def exported(port: int | None) -> Iterator[ProgressCollector]:
    """Serve http://127.0.0.1:`port`/metrics meanwhile; None: nothing is served.

    Raises SettingError where the port cannot be had.
    """
    collector = ProgressCollector()
    if port is None:
        yield collector
        return
    registry = CollectorRegistry()
    registry.register(collector)
    try:
        server, thread = start_http_server(port, _HOST, registry)
    except OSError as error:
        raise SettingError(
            f"PROMETHEUS_PORT = {port}: cannot be served on {_HOST} ({error.strerror}); "
            "must be a free port from 1 to 65535"
        ) from error
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
