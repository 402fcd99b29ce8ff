"""One ramp step of a log -> its summary: counts, rates, times and whether it settled. Pure.

Counts (planned, ok, failed, missed) are of the whole step, by due time, and add up.
Rates and times are of the step's window, which leaves out the warm-up (method 5 and 8).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from edgeload.objectives import Objective
from edgeload.plan import Plan, RampStep, cut_to_tell_s, default_warm_up_s
from edgeload.read.analysis.camera_age import age_in, age_windows
from edgeload.read.analysis.generator_lag import GeneratorLag, generator_lag, lag_limit_s
from edgeload.read.analysis.littles_law import littles_law
from edgeload.read.analysis.objective_results import Sample, batches, result_of
from edgeload.read.analysis.outages import FailureSeries, failure_series
from edgeload.read.analysis.side_by_side import side_by_side
from edgeload.read.analysis.step_summary import (
    GeneratorWork,
    Stability,
    StepCounts,
    StepRates,
    StepSummary,
    StepTimes,
    WindowCounts,
)
from edgeload.read.analysis.validity import late_doubts, step_doubts
from edgeload.read.analysis.window_times import WindowTimes, rows_due_in, times_of
from edgeload.read.analysis.worker_effort import (
    core_wait_s,
    core_wait_share,
    cpu_cores,
    limit_stops,
    stolen_share,
)
from edgeload.read.log.columns import Bools, Requests, RunLog
from edgeload.read.log.frames import followers_lag_s, group_indices
from edgeload.read.statistics.age import Age
from edgeload.read.statistics.backlog import BacklogGrowth, backlog_growth
from edgeload.read.statistics.drift import drift, settled_s
from edgeload.read.statistics.percentiles import distribution
from edgeload.read.statistics.steadiness import steadiness
from edgeload.read.statistics.windows import Floats, Window, count_in, rate_in


@dataclass(frozen=True)
class Prepared:
    """What all steps need of a log, computed once: seconds of run time, one row per request."""

    log: RunLog
    until_s: float
    """Nothing due from here on was part of the run."""
    ages: Mapping[int, Age | None]
    """The ages in the window of each step, by its index; `generator`: how the generator did in it.
    """
    generator: Mapping[int, GeneratorWork]
    failures: FailureSeries
    done_s: Floats
    """Instants at which requests ended, sorted."""
    only: frozenset[int] | None = None
    """The clients of the plan whose requests the log has; None: all of them."""

    def sending(self, step: RampStep) -> Collection[int]:
        """The clients of a step, as far as the log has their requests."""
        return _sending(step, self.only)

    def ok_done_in(self, window: Window) -> Floats:
        """Instants at which good answers came in a window, sorted."""
        done_s, rows = self.failures.done_s, self.failures.rows
        first, last = np.searchsorted(done_s, (window.start_s, window.end_s)).tolist()
        good = self.log.requests.ok[rows[first:last]]
        return done_s[first:last] if good.all() else done_s[first:last][good]


def prepare(log: RunLog, steps: Sequence[RampStep], only: frozenset[int] | None = None) -> Prepared:
    """What the summaries of these steps need.

    The log may have the requests of some clients `only`, for example of those that load one of
    several endpoints. What is as large as the log and not kept ends before the next begins.
    """
    requests, until_s = log.requests, run_until_s(log)
    windows = {step.index: window_of(log, step, until_s) for step in steps}

    def age(step: RampStep) -> Age | None:
        return age_in(log, _sending(step, only), windows[step.index])

    ages = dict(zip(windows, side_by_side(age, steps), strict=True))
    generator = _generator(log, windows)
    failures = failure_series(requests)
    done_s = failures.done_s
    if len(done_s) < len(requests):  # it leaves out what we could not send
        done_s = np.sort(requests.done_s)
    return Prepared(log, until_s, ages, generator, failures, done_s, only)


def _sending(step: RampStep, only: frozenset[int] | None) -> Collection[int]:
    clients = range(step.clients)
    return clients if only is None else [client for client in clients if client in only]


def run_until_s(log: RunLog) -> float:
    """Run time before which a request counts as planned: all of it, unless the run was cut."""
    if not log.knows_due:
        return math.nextafter(log.last_s, math.inf)
    if log.end is not None and not log.end.interrupted:
        return math.inf
    cut_s = log.end.stopped_s if log.end is not None else math.nextafter(log.last_s, math.inf)
    if len(log.requests):  # a worker hears of the stop a little later, and what it sent was due
        cut_s = max(cut_s, math.nextafter(float(log.requests.due_s.max()), math.inf))
    return cut_s


def dues_in(
    log: RunLog, step: RampStep, until_s: float, only: frozenset[int] | None = None
) -> Floats | None:
    """Due times of all frames of a step before `until_s`, sorted; None if the log does not say.

    Only those of some clients, if they are given.
    Those of a closed loop are not planned; the log says when each of its frames was due.
    """
    if log.plan is None or not log.knows_due:
        return None
    planned = planned_dues(log.plan, step, until_s, only)
    closed = [i for i, group in enumerate(log.plan.groups) if group.closed]
    if not closed:
        return planned
    own = (log.requests.step == step.index) & np.isin(
        group_indices(log.requests.client, log.plan), closed
    )
    return np.sort(np.concatenate([planned, log.requests.due_s[own]]))


def planned_dues(
    plan: Plan, step: RampStep, until_s: float, only: frozenset[int] | None = None
) -> Floats:
    """Due times of all frames of a step before `until_s`, sorted; only those of some clients, if
    they are given.
    """
    groups = range(len(plan.groups))
    dues = np.concatenate([group_dues(plan, step, index, only) for index in groups])
    dues = dues[dues < until_s] if until_s < step.end_s else dues
    dues.sort()  # in place: ten million of them are 80 MB
    return dues


def group_dues(
    plan: Plan, step: RampStep, index: int, only: frozenset[int] | None = None
) -> Floats:
    """Due times of the frames of one group, by its index, in a step; or of some clients of it."""
    group, clients = plan.groups_in(step)[index], plan.clients_of(index, step)
    if only is not None:
        clients = [client for client in clients if client in only]
    if group.arrivals == "poisson" or group.closed:
        each = (plan.step_dues(client, step) for client in clients)
        return np.fromiter(chain.from_iterable(each), dtype=np.float64)
    # the same sums as the plan's own, many at a time
    spans = [plan.constant_span(client, step) for client in clients]
    dues = [phase_s + np.arange(first, last) / group.rate for phase_s, first, last in spans]
    return np.concatenate([np.zeros(0), *dues])


def warm_up_s(log: RunLog, step: RampStep) -> float:
    """Seconds cut from a step's head: the setting `warmup`, else 2 s, at most half the step.

    Camera logs say which time was measured: what came before is not in the step.
    """
    if log.cameras is not None and log.cameras.window_known:
        return 0.0
    setting = log.settings.get("warmup")
    if setting is None:
        return default_warm_up_s(step.duration_s)
    return min(float(setting), step.duration_s)


def window_of(log: RunLog, step: RampStep, until_s: float) -> Window:
    """What of a step is summarised: all but its warm-up, as far as the run went."""
    end_s = min(step.end_s, until_s)
    return Window(min(step.start_s + warm_up_s(log, step), end_s), end_s)


def summarise_step(
    prepared: Prepared,
    step: RampStep,
    objectives: Sequence[Objective] = (),
    copies: int | None = None,
    *,
    has_groups: bool = False,
    overloaded: bool = False,
) -> tuple[StepSummary, Sample]:
    """One ramp step in numbers, and the sample that objectives of the run are judged on.

    `copies` is what the ramp counts, if that is not the step's clients. With `has_groups`, each
    group says by itself whether its backlog grew, and `overloaded` says whether that of any did.
    """
    copies = step.clients if copies is None else copies
    log, requests = prepared.log, prepared.log.requests
    window = window_of(log, step, prepared.until_s)
    inside = rows_due_in(log, step.index, window)
    dues = dues_in(log, step, prepared.until_s, prepared.only)
    counts = _counts(log, step, dues)
    within = _within(requests, inside, window, dues)
    closed = log.plan is not None and all(group.closed for group in log.plan.groups)
    growth = None if dues is None or closed or has_groups else _growth(prepared, step, dues)
    del dues  # of a long log each of these is large
    times = times_of(log, inside, within.missed)
    stability = _stability(prepared, inside, times, window)
    generator = prepared.generator[step.index]
    asked = [objective for objective in objectives if objective.applies_to(copies)]
    arrival_per_s = _arrival_rate(log, step, window, within)
    overloaded = overloaded or (growth is not None and growth.verdict == "not_carried")
    sample = _sample(prepared, step, inside, window, within, times, arrival_per_s, overloaded)
    if any(objective.quantity == "age" for objective in asked):
        sample = replace(sample, ages=age_windows(log, prepared.sending(step), window))
    summary = StepSummary(
        index=step.index,
        clients=step.sending if prepared.only is None else len(prepared.sending(step)),
        copies=copies,
        closed=closed,
        span=Window(step.start_s, step.end_s),
        window=window,
        complete=window.end_s >= step.end_s or not log.knows_due,
        counts=counts,
        within=within,
        unserved_clients=_unserved(prepared, step, window, inside),
        growth=growth,
        rates=StepRates(
            arrival_per_s=arrival_per_s,
            throughput_per_s=rate_in(prepared.ok_done_in(window), window),
            completions_per_s=rate_in(prepared.done_s, window),
            goodput_per_s=_goodput(requests, window, asked),
            edge_purity=1.0 - float(sample.not_edge.mean()) if len(sample.not_edge) else None,
        ),
        times=StepTimes(
            service=distribution(times.service_s),
            response=None
            if times.response_s is None
            else distribution(times.response_s, times.unanswered),
            chains=None if times.chains_s is None else distribution(times.chains_s),
        ),
        generator=generator,
        stability=stability,
        age=prepared.ages[step.index],
        objectives=tuple(result_of(objective, sample, step.index) for objective in asked),
        doubts=step_doubts(log, step, window, generator, counts)
        if prepared.only is None  # what else is wrong is wrong with all clients
        else late_doubts(step, generator),
    )
    return summary, sample


def _growth(prepared: Prepared, step: RampStep, dues: Floats) -> BacklogGrowth:
    """Whether the step's backlog grew, as far as the run went."""
    log, requests = prepared.log, prepared.log.requests
    assert log.plan is not None
    done_s = requests.done_s[requests.step == step.index]
    span = Window(step.start_s, min(step.end_s, prepared.until_s))
    period_s = max(group.period_s for group in log.plan.groups_in(step))
    cut_s = cut_to_tell_s(warm_up_s(log, step), period_s)
    return backlog_growth(dues, done_s, span, cut_s, period_s)


_LEAST_DUE = 3


def _unserved(prepared: Prepared, step: RampStep, window: Window, inside: Bools) -> int:
    """Clients without a good answer to what fell due in a window, although enough did."""
    log, plan = prepared.log, prepared.log.plan
    if plan is None or not log.knows_due:
        return 0
    served = np.unique(log.requests.client[inside & log.requests.ok])
    clients = prepared.sending(step)
    if len(served) == len(clients) or not len(served):
        return 0
    return sum(
        sum(window.start_s <= due_s < window.end_s for due_s in plan.step_dues(client, step))
        >= _LEAST_DUE
        for client in set(clients) - set(served.tolist())
    )


def _counts(log: RunLog, step: RampStep, dues: Floats | None) -> StepCounts:
    in_step = np.asarray(log.requests.step == step.index, dtype=np.bool_)
    failures = _failures(log.requests, in_step)
    ok, failed = int((in_step & log.requests.ok).sum()), sum(failures.values())
    missed = None if dues is None else max(0, len(dues) - ok - failed)
    return StepCounts(
        planned=None if missed is None else ok + failed + missed,
        ok=ok,
        failed=failed,
        missed=missed,
        failures=failures,
        missed_reasons=_missed_reasons(log, step),
    )


def _missed_reasons(log: RunLog, step: RampStep) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for kind, count in sorted(log.missed.items()):
        if kind.step == step.index:
            reasons[kind.reason] += count
    return dict(reasons)


def _generator(log: RunLog, windows: Mapping[int, Window]) -> dict[int, GeneratorWork]:
    """How the generator did in each of these steps' windows."""
    lag = None
    if log.knows_due:
        lag = generator_lag(log.requests, lag_limit_s(log), followers_lag_s(log))
    return {step: _work(log, lag, step, window) for step, window in windows.items()}


def _work(log: RunLog, lag: GeneratorLag | None, step: int, window: Window) -> GeneratorWork:
    inside = rows_due_in(log, step, window)
    late_share = float(lag.late[inside].mean()) if lag is not None and inside.any() else None
    return GeneratorWork(
        lag=None if lag is None else distribution(lag.lag_s[inside]),
        late_share=late_share,
        cpu_cores=cpu_cores(log.workers, window),
        core_wait_s=core_wait_s(log.workers, window),
        limit_stops=limit_stops(log.workers, window),
        core_wait_share=core_wait_share(log.workers, window),
        stolen_share=stolen_share(log.machines, window),
    )


def _stability(prepared: Prepared, inside: Bools, times: WindowTimes, window: Window) -> Stability:
    requests = prepared.log.requests
    littles = littles_law(prepared.log.sent_requests, window)
    at_s = prepared.log.at_s[inside & requests.ok]
    felt_s = times.frame_s if times.response_s is None else times.response_s
    return Stability(
        steadiness=steadiness(prepared.ok_done_in(window), at_s, felt_s, window),
        settled_s=settled_s(at_s, times.frame_s, window),
        drift=drift(at_s, times.frame_s, window),
        littles_law=littles,
    )


def _sample(
    prepared: Prepared,
    step: RampStep,
    inside: Bools,
    window: Window,
    within: WindowCounts,
    times: WindowTimes,
    arrival_per_s: float | None,
    overloaded: bool,
) -> Sample:
    """The requests that fell due in a window, for objectives. Outages count in the whole step."""
    requests = prepared.log.requests
    done = batches(window, prepared.ok_done_in(window))
    said = requests.from_edge[inside]
    return Sample(
        length_s=window.length_s,
        times=times,
        missed=within.missed,
        failed=~requests.ok[inside],
        not_edge=np.asarray(said[said >= 0] == 0, dtype=np.bool_),
        outage_s=prepared.failures.longest_outage(step.start_s, step.end_s),
        overloaded=overloaded,
        done=done,
        due=None
        if arrival_per_s is None
        else np.full(len(done), arrival_per_s * window.length_s / len(done)),
        step_s=step.duration_s,
    )


def _failures(requests: Requests, in_step: Bools) -> dict[str, int]:
    counts = np.bincount(requests.outcome[in_step], minlength=len(requests.outcomes)).tolist()
    named = zip(requests.outcomes[1:], counts[1:], strict=True)
    return {name: count for name, count in sorted(named) if count}


def _within(requests: Requests, inside: Bools, window: Window, dues: Floats | None) -> WindowCounts:
    sent = int(inside.sum())
    planned = None if dues is None else count_in(dues, window)
    return WindowCounts(
        planned=planned,
        sent=sent,
        ok=int((inside & requests.ok).sum()),
        missed=None if planned is None else max(0, planned - sent),
    )


def _arrival_rate(
    log: RunLog, step: RampStep, window: Window, within: WindowCounts
) -> float | None:
    if log.plan is not None and any(group.closed for group in log.plan.groups):
        return None
    if within.planned is not None:
        return within.planned / window.length_s if window.length_s > 0 else None
    if log.plan is not None:
        return log.plan.arrival_rate(step)
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
        begun_s = requests.sent_s if bound.quantity == "service" else requests.due_s
        good &= requests.done_s - begun_s <= bound.bound
    return float(np.count_nonzero(good)) / window.length_s
