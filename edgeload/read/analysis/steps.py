"""One ramp step of a log -> its summary: counts, rates, times and whether it had settled. Pure.

Counts (planned, ok, failed, missed) are of the whole step, by due time, so that they add up.
Rates and times are of the step's window, which leaves out the warm-up (method 5 and 8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from edgeload.objectives import Objective
from edgeload.plan import Plan, RampStep
from edgeload.read.analysis.objective_results import Judged, Sample, batches, judge
from edgeload.read.analysis.validity import (
    Doubt,
    cpu_shares,
    is_late,
    step_doubts,
)
from edgeload.read.log.columns import Bools, Requests, RunLog
from edgeload.read.statistics.drift import Drift, drift, settled_s
from edgeload.read.statistics.percentiles import Distribution, distribution
from edgeload.read.statistics.steadiness import Steadiness, steadiness
from edgeload.read.statistics.windows import Floats, Window, count_in, rate_in

LEAST_WARM_UP_S = 2.0
TIMEOUT = "timeout"
LITTLE_TOLERANCE = 0.05


@dataclass(frozen=True)
class LittlesLaw:
    """Mean requests in flight, and throughput times mean service time: equal by Little's law.

    `holds` is None where the window saw nothing. All requests count, answered well or not.
    """

    in_flight: float | None
    product: float | None
    holds: bool | None


@dataclass(frozen=True)
class Within:
    """Counts of the requests that fell due in a step's window; None: the log cannot say."""

    planned: int | None
    sent: int
    ok: int
    missed: int | None
    timeouts: int

    @property
    def bad_share(self) -> float | None:
        """Share of the due requests that got no good answer: failed or missed."""
        due = self.sent if self.planned is None else max(self.planned, self.sent)
        return 1.0 - self.ok / due if due else None


@dataclass(frozen=True)
class StepSummary:
    """A ramp step in numbers; None wherever there is no data.

    `planned` to `missed_reasons` are of the whole step, everything else of `window`. Times are
    seconds: `service` of good answers, `response` of due frames (missed ones and timeouts count as
    never answered), `lag` of every request sent.
    """

    index: int
    clients: int
    span: Window
    window: Window
    complete: bool
    """False where the run stopped before the step's end."""
    planned: int | None
    ok: int
    failed: int
    missed: int | None
    failures: dict[str, int]
    missed_reasons: dict[str, int]
    within: Within
    arrival_rate_per_s: float | None
    throughput_per_s: float | None
    """Good answers per second, by completion."""
    finished_per_s: float | None
    """Requests that ended, well or not, per second: what the clients got rid of."""
    edge_purity: float | None
    """Share of the answers that said where they came from and came from the edge."""
    service: Distribution
    response: Distribution | None
    lag: Distribution | None
    late_share: float | None
    """Share of the requests that the generator itself sent late."""
    generator_cpu: float | None
    """CPU of the busiest worker process, in cores."""
    little: LittlesLaw
    steadiness: Steadiness
    goodput_per_s: float | None
    """Answers from the edge itself, within every bound on time that the objectives set, per second,
    by completion; None without such an objective."""
    settled_s: float | None
    """Where a warm-up went on after the cut: how many seconds after it."""
    drift: Drift | None
    objectives: tuple[Judged, ...]
    """Those that concern a step of this load."""
    doubts: tuple[Doubt, ...]

    @property
    def sent(self) -> int:
        """Requests sent in the whole step."""
        return self.ok + self.failed

    @property
    def valid(self) -> bool:
        """Whether the numbers may be presented as the endpoint's (method 10)."""
        return not self.doubts


@dataclass(frozen=True)
class Prepared:
    """What all steps need of a log, computed once: seconds of run time, one row per request."""

    log: RunLog
    until_s: float
    """Nothing due from here on was part of the run."""
    at_s: Floats
    """When a request fell due; when it was sent, where the log does not say."""
    lag_s: Floats
    done_s: Floats
    """Instants at which requests ended, sorted; `ok_done_s`: those of the good answers."""
    ok_done_s: Floats


def prepare(log: RunLog) -> Prepared:
    """Instants that every step's summary needs."""
    requests = log.requests
    done_s = np.sort(requests.done_s)
    all_ok = bool(requests.ok.all())
    return Prepared(
        log=log,
        until_s=_until(log),
        at_s=requests.sent_s if log.plan is None else requests.due_s,
        lag_s=generator_lag(requests),
        done_s=done_s,
        ok_done_s=done_s if all_ok else np.sort(requests.done_s[requests.ok]),
    )


def _until(log: RunLog) -> float:
    """Run time before which a request counts as planned: all of it, unless the run was cut."""
    if log.plan is None:
        return math.nextafter(log.last_s, math.inf)
    if log.end is not None and not log.end.interrupted:
        return math.inf
    cut_s = log.end.stopped_s if log.end is not None else math.nextafter(log.last_s, math.inf)
    if len(log.requests):  # a worker hears of the stop a little later, and what it sent was due
        cut_s = max(cut_s, math.nextafter(float(log.requests.due_s.max()), math.inf))
    return cut_s


def generator_lag(requests: Requests) -> Floats:
    """Seconds by which each request was sent late through the generator's own fault.

    lag = sent - max(due, done of the same client's previous request): a client has one request in
    flight, so waiting for the endpoint is no lag. NaN where the due time is unknown.
    """
    order = np.argsort(
        (requests.client.astype(np.int64) << 32) + requests.number.astype(np.int64), kind="stable"
    )
    client = requests.client[order]
    follows = client[1:] == client[:-1]
    free_s = np.full(len(requests), -np.inf)
    free_s[order[1:][follows]] = requests.done_s[order[:-1][follows]]
    np.maximum(free_s, requests.due_s, out=free_s)
    lag: Floats = np.maximum(requests.sent_s - free_s, 0.0)
    return lag


def planned_dues(plan: Plan, step: RampStep, until_s: float) -> Floats:
    """Due times of all requests of a step before `until_s`, sorted."""
    clients = range(step.clients)
    if plan.arrivals == "constant":  # the same sums as the plan's own, many at a time
        spans = [plan.constant_span(client, step) for client in clients]
        rate = plan.requests_per_second
        dues = np.concatenate(
            [phase_s + np.arange(first, last) / rate for phase_s, first, last in spans]
        )
    else:
        each = (plan.step_dues(client, step) for client in clients)
        dues = np.fromiter(chain.from_iterable(each), dtype=np.float64)
    dues = dues[dues < until_s] if until_s < step.end_s else dues
    dues.sort()  # in place: ten million of them are 80 MB
    return dues


def warm_up_s(log: RunLog, step: RampStep) -> float:
    """Seconds cut from a step's head: the setting `warmup`, else 2 s, at most half the step."""
    setting = log.settings.get("warmup")
    if setting is None:
        return min(LEAST_WARM_UP_S, step.duration_s / 2)
    return min(float(setting), step.duration_s)


def window_of(prepared: Prepared, step: RampStep) -> Window:
    """What of a step is summarised: all but its warm-up, as far as the run went."""
    end_s = min(step.end_s, prepared.until_s)
    return Window(min(step.start_s + warm_up_s(prepared.log, step), end_s), end_s)


def summarise_step(
    prepared: Prepared, step: RampStep, objectives: Sequence[Objective] = ()
) -> tuple[StepSummary, Sample]:
    """One ramp step in numbers, and the sample that objectives of the run are judged on."""
    log, requests = prepared.log, prepared.log.requests
    window = window_of(prepared, step)
    in_step = np.asarray(requests.step == step.index, dtype=np.bool_)
    inside = in_step & window.holds(prepared.at_s)
    failures = _failures(requests, in_step)
    ok, failed = int((in_step & requests.ok).sum()), sum(failures.values())
    dues = planned_dues(log.plan, step, prepared.until_s) if log.plan else None
    missed = None if dues is None else max(0, len(dues) - ok - failed)
    within = _within(requests, inside, window, dues)
    good = inside & requests.ok
    late = is_late(prepared.lag_s[inside], log.requests_per_second) if log.plan else None
    shares = cpu_shares(log.workers, window)
    arrival_rate_per_s = _arrival_rate(log, step, window, within)
    asked = [objective for objective in objectives if objective.applies_to(step.clients)]
    sample = _sample(prepared, inside, window, within, arrival_rate_per_s)
    service_s, response_s = sample.service_s, sample.response_s
    summary = StepSummary(
        index=step.index,
        clients=step.clients,
        span=Window(step.start_s, step.end_s),
        window=window,
        complete=window.end_s >= step.end_s or log.plan is None,
        planned=None if missed is None else ok + failed + missed,
        ok=ok,
        failed=failed,
        missed=missed,
        failures=failures,
        missed_reasons={r: n for (s, r), n in sorted(log.missed.items()) if s == step.index},
        within=within,
        arrival_rate_per_s=arrival_rate_per_s,
        throughput_per_s=rate_in(prepared.ok_done_s, window),
        finished_per_s=rate_in(prepared.done_s, window),
        edge_purity=1.0 - float(sample.not_edge.mean()) if len(sample.not_edge) else None,
        service=distribution(service_s),
        response=None
        if response_s is None
        else distribution(response_s, (within.missed or 0) + within.timeouts),
        lag=distribution(prepared.lag_s[inside]) if log.plan else None,
        late_share=float(late.mean()) if late is not None and len(late) else None,
        generator_cpu=max(shares.values(), default=None),
        little=littles_law(requests, window),
        steadiness=steadiness(
            prepared.ok_done_s,
            prepared.at_s[good],
            service_s if response_s is None else response_s,
            window,
        ),
        goodput_per_s=_goodput(requests, window, asked),
        settled_s=settled_s(prepared.at_s[good], service_s, window),
        drift=drift(prepared.at_s[good], service_s, window),
        objectives=tuple(judge(objective, sample, step.index) for objective in asked),
        doubts=step_doubts(log, step, late, shares, failures),
    )
    return summary, sample


def _sample(
    prepared: Prepared, inside: Bools, window: Window, within: Within, arrival_rate: float | None
) -> Sample:
    """The requests that fell due in a window, for times and objectives."""
    requests = prepared.log.requests
    good = inside & requests.ok
    done = batches(window, prepared.ok_done_s)
    said = requests.from_edge[inside]
    return Sample(
        length_s=window.length_s,
        service_s=requests.done_s[good] - requests.sent_s[good],
        response_s=requests.done_s[good] - requests.due_s[good] if prepared.log.plan else None,
        timeouts=within.timeouts,
        missed=within.missed,
        failed=~requests.ok[inside],
        not_edge=np.asarray(said[said >= 0] == 0, dtype=np.bool_),
        done=done,
        due=None
        if arrival_rate is None
        else np.full(len(done), arrival_rate * window.length_s / len(done)),
    )


def _failures(requests: Requests, in_step: Bools) -> dict[str, int]:
    counts = np.bincount(requests.outcome[in_step], minlength=len(requests.outcomes)).tolist()
    named = zip(requests.outcomes[1:], counts[1:], strict=True)
    return {name: count for name, count in sorted(named) if count}


def _within(requests: Requests, inside: Bools, window: Window, dues: Floats | None) -> Within:
    sent = int(inside.sum())
    planned = None if dues is None else count_in(dues, window)
    return Within(
        planned=planned,
        sent=sent,
        ok=int((inside & requests.ok).sum()),
        missed=None if planned is None else max(0, planned - sent),
        timeouts=int((inside & requests.having(TIMEOUT)).sum()),
    )


def _arrival_rate(log: RunLog, step: RampStep, window: Window, within: Within) -> float | None:
    if within.planned is not None:
        return within.planned / window.length_s if window.length_s > 0 else None
    if log.requests_per_second is not None:
        return step.clients * log.requests_per_second
    return None


def _goodput(requests: Requests, window: Window, objectives: Sequence[Objective]) -> float | None:
    """Answers within every bound on time, per second; NaN, an unknown due time, is within none."""
    bounds = [objective for objective in objectives if objective.is_time]
    if not bounds or window.length_s <= 0:
        return None
    good = requests.ok & window.holds(requests.done_s) & (requests.from_edge == 1)
    for bound in bounds:
        begun_s = requests.sent_s if bound.figure == "service" else requests.due_s
        good &= requests.done_s - begun_s <= bound.bound
    return float(np.count_nonzero(good)) / window.length_s


def littles_law(requests: Requests, window: Window) -> LittlesLaw:
    """Mean in flight against throughput times mean service time over one window (method 9).

    More than 5 % apart is a broken record, beyond what the requests cut by the window's two edges
    explain: at most those in flight there, each by a mean service time.
    """
    if window.length_s <= 0:
        return LittlesLaw(None, None, None)
    sent_s, done_s = requests.sent_s, requests.done_s
    overlap = np.minimum(done_s, window.end_s) - np.maximum(sent_s, window.start_s)
    area = float(overlap[overlap > 0].sum())
    service_s = (done_s - sent_s)[window.holds(done_s)]
    if not len(service_s) or area <= 0:
        return LittlesLaw(None, None, None)
    edges = [
        int(((sent_s <= edge) & (done_s > edge)).sum()) for edge in (window.start_s, window.end_s)
    ]
    product = float(service_s.sum())
    slack = max(edges) * float(service_s.mean())
    holds = abs(area - product) <= LITTLE_TOLERANCE * max(area, abs(product)) + slack
    return LittlesLaw(area / window.length_s, product / window.length_s, holds)
