"""Serves the live counts of a run to Prometheus, on loopback, while the run goes."""

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
from edgeload.run.supervisor import RunProgress
from edgeload.settings import SettingError

_HOST = "127.0.0.1"
_LIMITS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_COUNTERS = {
    "requests_sent": ("sent", "Requests sent"),
    "requests_ok": ("ok", "Requests that the edge answered as it should"),
    "requests_failed": ("failed", "Requests that failed: no answer, or a wrong one"),
    "requests_missed": ("missed", "Requests that were due but never sent"),
    "requests_stale_retries": (
        "stale_retries",
        "Requests sent again because the server had closed an idle connection",
    ),
    "connects": ("connects", "Connections opened"),
}
_HISTOGRAMS = {
    "service": "From sent to answered, for requests that count as ok",
    "response": "From due to answered, for requests that count as ok",
}


class Dues:
    """Counts the requests that a plan has made due, for instants that only grow.

    Each due time is computed once in the whole run. Counting all of them again at every scrape
    (`Plan.step_frames`) would take CPU time from the workers.
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
    """Answers a scrape from the last RunProgress.

    The histograms are those of `counters`, whose buckets are 2 % wide: a time within 2 % of a
    limit may be counted on its other side, and the sum is within 1 %.
    """

    def __init__(self) -> None:
        self._last: RunProgress | None = None
        self._due_until_s = -math.inf
        self._dues: Dues | None = None
        self._one_scrape = threading.Lock()

    def show(self, progress: RunProgress) -> None:
        """Take in one moment of the run; one that brings a message is ignored: it names no step."""
        if progress.message is None:
            self._last = progress
            if not progress.stopping:
                self._due_until_s = progress.now_s

    def collect(self) -> Iterator[Metric]:
        """The metrics of the last moment; none before the first."""
        progress = self._last
        if progress is None:
            return
        counts, step = progress.counts, progress.plan.steps[progress.step]
        for name, value, text in (
            ("clients", step.clients, "Clients of the ramp step"),
            ("ramp_step", progress.step + 1, "Ramp step, from 1"),
            ("ramp_steps", len(progress.plan.steps), "Ramp steps of the run"),
            (
                "arrival_rate_per_second",
                progress.plan.arrival_rate(step),
                "Requests due per second",
            ),
            ("run_time_seconds", progress.now_s, "Seconds since the start of the first step"),
        ):
            yield GaugeMetricFamily(f"edgeload_{name}", text, value=value)
        text = "Requests that the plan has made due, up to a stop of the run"
        yield CounterMetricFamily("edgeload_requests_due", text, value=self._due(progress))
        for name, (count, text) in _COUNTERS.items():
            yield CounterMetricFamily(f"edgeload_{name}", text, value=getattr(counts, count))
        for name, text in _HISTOGRAMS.items():
            yield _histogram(f"edgeload_{name}_time_seconds", text, getattr(counts, name))

    def _due(self, progress: RunProgress) -> int:
        """At least sent and missed together, which may be read a moment later than the clock."""
        with self._one_scrape:
            self._dues = self._dues or Dues(progress.plan)
            due = self._dues.until(self._due_until_s)
        return max(due, progress.counts.sent + progress.counts.missed)


def _histogram(name: str, text: str, counts: Sequence[int]) -> HistogramMetricFamily:
    below = [0, *accumulate(counts)]
    cumulated = [(str(limit_s), below[counters.bucket(limit_s)]) for limit_s in _LIMITS_S]
    total_s = sum(n * counters.bucket_value(i) for i, n in enumerate(counts) if n)
    metric = HistogramMetricFamily(name, text)
    metric.add_metric([], buckets=[*cumulated, ("+Inf", below[-1])], sum_value=total_s)
    return metric


@contextlib.contextmanager
def exported(port: int | None) -> Iterator[ProgressCollector]:
    """Serve http://127.0.0.1:`port`/metrics while entered; with None nothing is served.

    Raises SettingError if the port cannot be used.
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
            "must be a free port from 1 to 65535, for example 9105"
        ) from error
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
