"""Serves the live counts of a run to Prometheus, on loopback, while the run goes."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edgeload.camera_group import CameraGroup
from edgeload.run import counters
from edgeload.run.counters import LiveCounts
from edgeload.run.dues_so_far import Dues
from edgeload.run.supervisor import RunProgress
from edgeload.settings import SettingError

_HOST = "127.0.0.1"
_TWENTY_A_DECADE = (
    *(10, 11.2, 12.5, 14, 16, 18, 20, 22.4, 25, 28),
    *(31.5, 35.5, 40, 45, 50, 56, 63, 71, 80, 90),
)
"""The preferred numbers R20 of ISO 3: each is 11 to 14 % above the one before."""
LIMITS_S = (
    *(0.001, 0.002, 0.005),
    *(number / 1000 for number in _TWENTY_A_DECADE),
    *(number / 100 for number in _TWENTY_A_DECADE),
    *(1.0, 1.4, 2.0, 2.8, 4.0, 5.0, 7.1, 10.0, 20.0, 50.0),
)
"""Upper limits of the buckets, close where inference happens: from 10 ms to 1 s.

Classic buckets: prometheus-client has no native histograms (its issue 918). `histogram_quantile`
interpolates within a bucket, so there it is never further off than the bucket is wide.
"""
_COUNTERS = {
    "requests_sent": ("sent", "Requests sent"),
    "requests_ok": ("ok", "Requests that the edge answered as it should"),
    "requests_failed": ("failed", "Requests that failed: no answer, or a wrong one"),
    "requests_missed": ("missed", "Requests that were due but never sent"),
}
_OF_ALL = {
    "requests_stale_retries": (
        "stale_retries",
        "Requests sent again because the server had closed an idle connection",
    ),
    "connects": ("connects", "Connections opened"),
}
_HISTOGRAMS = {
    "service": "From sent to answered, for requests that count as ok",
    "response": "From due to answered, for frames whose requests all count as ok",
}


@dataclass(frozen=True)
class _Part:
    """What a line of a metric is about: a camera group of a mix, or the whole run."""

    labels: tuple[str, ...]
    """The group's name; empty for a run without a mix, so that its metrics have no label."""
    counts: LiveCounts
    arrival_per_s: float | None
    due: int | None
    """None for a closed loop, of which nothing is due by a plan."""


class ProgressCollector(Collector):
    """Answers a scrape from the last RunProgress.

    The histograms are those of `counters`, whose buckets are 2 % wide: a time within 2 % of a
    limit may be counted on its other side, and the sum is within 1 %.

    In a run with a mix, what is counted by group has the label `group`, and there is no line for
    all groups: sum() adds them up. Without a mix there is no label, as before there were groups:
    queries and alerts that join these metrics with others go on working. To PromQL, a label that
    is not there is an empty one, so `sum by (group)` works with both.
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
        plan, step = progress.plan, progress.plan.steps[progress.step]
        copies = [("copies", plan.copies(step), "Copies of the mix in the ramp step")]
        for name, value, text in (
            ("clients", step.clients, "Clients of the ramp step"),
            *(copies if plan.is_mix else []),
            ("ramp_step", progress.step + 1, "Ramp step, from 1"),
            ("ramp_steps", len(plan.steps), "Ramp steps of the run"),
            ("run_time_seconds", progress.now_s, "Seconds since the start of the first step"),
        ):
            yield GaugeMetricFamily(f"edgeload_{name}", text, value=value)
        for name, (count, text) in _OF_ALL.items():
            total = getattr(progress.counts, count)
            yield CounterMetricFamily(f"edgeload_{name}", text, value=total)
        yield from self._by_part(self._parts(progress))

    def _by_part(self, parts: Sequence[_Part]) -> Iterator[Metric]:
        labels = ["group"] if parts[0].labels else []
        rate = GaugeMetricFamily(
            "edgeload_arrival_rate_per_second", "Frames due per second", labels=labels
        )
        text = "Frames that the plan has made due, up to a stop of the run; a frame is a request"
        text += ", unless its group asks for further answers"
        due = CounterMetricFamily("edgeload_requests_due", text, labels=labels)
        for part in parts:
            if part.arrival_per_s is not None and part.due is not None:
                rate.add_metric(part.labels, part.arrival_per_s)
                due.add_metric(part.labels, part.due)
        yield rate
        yield due
        for name, (count, text) in _COUNTERS.items():
            counter = CounterMetricFamily(f"edgeload_{name}", text, labels=labels)
            for part in parts:
                counter.add_metric(part.labels, getattr(part.counts, count))
            yield counter
        for name, text in _HISTOGRAMS.items():
            histogram = HistogramMetricFamily(f"edgeload_{name}_time_seconds", text, labels=labels)
            for part in parts:
                _add_histogram(histogram, part.labels, getattr(part.counts, name))
            yield histogram

    def _parts(self, progress: RunProgress) -> list[_Part]:
        plan, step = progress.plan, progress.plan.steps[progress.step]
        with self._one_scrape:
            self._dues = self._dues or Dues(plan)
            due = self._dues.until(self._due_until_s)
        by_group = progress.by_group if plan.is_mix else (progress.counts,)
        return [
            _Part(
                (group.name,) if plan.is_mix else (),
                counts,
                plan.arrival_rate(step, index),
                None if group.closed else max(due[index], _least_due(group, counts)),
            )
            for index, (group, counts) in enumerate(zip(plan.groups, by_group, strict=True))
        ]


def _least_due(group: CameraGroup, counts: LiveCounts) -> int:
    """Sent and missed together, which may be read a moment later than the clock."""
    return counts.missed + (counts.sent if group.requests_per_frame == 1 else 0)


def _add_histogram(
    metric: HistogramMetricFamily, labels: Sequence[str], counts: Sequence[int]
) -> None:
    below = [0, *accumulate(counts)]
    cumulated = [(str(limit_s), below[counters.bucket(limit_s)]) for limit_s in LIMITS_S]
    total_s = sum(n * counters.bucket_value(i) for i, n in enumerate(counts) if n)
    metric.add_metric(labels, buckets=[*cumulated, ("+Inf", below[-1])], sum_value=total_s)


@contextlib.contextmanager
def exported(port: int) -> Iterator[ProgressCollector]:
    """Serve http://127.0.0.1:`port`/metrics while entered.

    Raises SettingError if the port cannot be used.
    """
    collector = ProgressCollector()
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
