"""Titles of the figures: what each of them shows, in a sentence. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from edgeload.objectives import Objective
from edgeload.plain_words import listed, plural
from edgeload.read.analysis.cache_audit import CacheAudit
from edgeload.read.analysis.percentile_curves import Curve
from edgeload.read.analysis.run_summary import RunSummary
from edgeload.read.analysis.series import HeatMap
from edgeload.read.analysis.step_summary import StepSummary
from edgeload.read.statistics.format import milliseconds, number, share
from edgeload.read.statistics.percentiles import QUANTILES, Quantile, nearest_rank
from edgeload.read.words.group_words import GroupAnswer
from edgeload.read.words.loads import Loads
from edgeload.time_words import time_unit

NOTHING_ANSWERED = "No request succeeded"
_NAMES = {"p999": "p99.9"}


def percentile_curves_title(summary: RunSummary, curves: Sequence[Curve], kind: str) -> str:
    """How much slower the slow ones are than the middle, at the capacity or the smallest load.

    `kind` is "response" or "service".
    """
    capacity = summary.capacity
    curve = next((c for c in curves if capacity and c.step == capacity.step), curves[0])
    at = "" if summary.interference else "at "
    text = f"{kind.capitalize()} time {at}{load_of_curve(summary, curve)}: {_spread(curve)}"
    return _named(summary, text)


def audit_curves_title(summary: RunSummary, found: CacheAudit) -> str:
    """The middle of both kinds of pictures."""
    new, again = (milliseconds(nearest_rank(times, 0.5)) for times in (found.new_s, found.again_s))
    return f"Median service time: {new} ms for new pictures, {again} ms for repeated ones" + _doubt(
        summary
    )


def load_of_curve(summary: RunSummary, curve: Curve) -> str:
    """The load at which a curve was measured."""
    step = next(step for step in summary.steps if step.index == curve.step)
    return Loads(summary).of_step(step)


def _spread(curve: Curve) -> str:
    """`p50 51.6 ms, p99 60.6 ms`: the middle and the last percentile that the sample bounds."""
    known = [name for name, q in QUANTILES.items() if q in curve.shares]
    if not known:
        return "too few answers"
    ends = dict.fromkeys((known[0], known[-1]))
    return ", ".join(f"{_NAMES.get(name, name)} {_time(curve, QUANTILES[name])}" for name in ends)


def _time(curve: Curve, q: float) -> str:
    time_s = float(curve.times_s[np.searchsorted(curve.shares, q)])
    return milliseconds(time_s) + (" ms" if np.isfinite(time_s) else "")


def failures_title(summary: RunSummary) -> str:
    """How many failed, as what most of all, and from when to when."""
    totals, texts = summary.totals, summary.failure_texts
    if not totals.failed:
        return "No request failed"
    counts: Counter[str] = Counter()
    for step in summary.steps:
        counts.update(step.counts.failures)
    most = max(counts, key=lambda outcome: counts[outcome])
    parts = f"all as {most}" if len(counts) == 1 else f"{counts[most]:,} as {most}"
    first_s, last_s = min(t.first_s for t in texts), max(t.last_s for t in texts)
    unit = time_unit(last_s)
    text = (
        f"{totals.failed:,} of {plural(totals.sent, 'request')} failed "
        f"({share(totals.failed / totals.sent)}), {parts}, "
        f"from {unit.text(first_s)} to {unit.text(last_s)} {unit.name}"
    )
    return f"{summary.group}: {text}" if summary.group else text


def heat_map_title(summary: RunSummary, drawn: HeatMap) -> str:
    """Within which time half and nearly all of the good answers of the run came."""
    requests = summary.log.requests
    times_s = (requests.done_s - summary.log.at_s)[requests.ok]
    times_s = np.sort(times_s[~np.isnan(times_s)])
    middle, high = (
        milliseconds(float(np.quantile(times_s, q, method="inverted_cdf"))) for q in (0.5, 0.99)
    )
    text = (
        f"{drawn.kind.capitalize()} time over the run: half of the answers within {middle} ms, "
        f"99 % within {high} ms"
    )
    never = "; some were never answered" if drawn.never.any() else ""
    return text + never + _doubt(summary)


def box_title(summary: RunSummary) -> str:
    """What the box's use over time shows: how busy it was at the limit, or at the largest load."""
    seen = [step for step in summary.steps if step.index in summary.host_steps]
    if not seen:
        return "How busy the box was"
    ceiling = summary.bracket.ceiling
    at = max(seen, key=lambda s: (ceiling is not None and s.index == ceiling.step, s.clients))
    host = summary.host_steps[at.index]
    gpus = [g.utilization_percent for g in host.gpus if g.utilization_percent is not None]
    told = {"CPU": host.cpu_percent, "GPU": max(gpus, default=None)}
    busy = [f"{name} {share(value / 100)}" for name, value in told.items() if value is not None]
    return f"{listed(busy) or 'Nothing known'} busy at {Loads(summary).of_step(at)}"


def throughput_title(summary: RunSummary) -> str:
    """What throughput over time shows."""
    if summary.interference is not None:
        return _steps_title(summary, "Throughput")
    return _throughput_title(summary) + _doubt(summary)


def _steps_title(summary: RunSummary, what: str) -> str:
    """The title of a chart of an interference run, whose steps all have one load."""
    invalid = sum(not step.valid for step in summary.steps if not step.left_out)
    hatched = f" ({plural(invalid, 'INVALID step')} hatched)" if invalid else ""
    return _named(summary, f"{what} in each step{hatched}")


def _throughput_title(summary: RunSummary) -> str:
    if not summary.totals.ok:
        return NOTHING_ANSWERED
    best = max(summary.steps, key=lambda s: s.rates.throughput_per_s or 0.0)
    if best.rates.throughput_per_s is None:
        return "The run stopped during the warm-up, so there is no throughput"
    most = f"{number(best.rates.throughput_per_s)} answers/s"
    overload, ceiling = summary.first_overload, summary.bracket.ceiling
    if overload is not None:
        if ceiling is not None and ceiling.of_the_clients is False:
            head = f"Limit {number(ceiling.per_s)} answers/s"
        else:
            head = f"Largest throughput {most}"
        return f"{head}; {Loads(summary).words(overload.clients)} not carried"
    if summary.totals.failed:
        return f"Largest throughput {most}, and {plural(summary.totals.failed, 'failure')}"
    if any(step.state != "carried" for step in summary.steps):
        return f"Largest throughput {most}, at {Loads(summary).of_step(best)}"
    return f"Everything due was answered, up to {most} at {Loads(summary).of_step(best)}"


def times_title(summary: RunSummary, kind: str) -> str:
    """What the times over time show: the p95 at the capacity, and at the largest load.

    Without a capacity, at the smallest load. `kind` is "response" or "service".
    """
    if summary.interference is not None:
        return _steps_title(summary, f"{kind.capitalize()} time")
    known = _known(summary, kind)
    if not known:
        return _named(summary, f"{kind.capitalize()} time: no step has enough answers for a p95")
    first, last = min(known, key=_by_load), max(known, key=_by_load)
    at = _at_capacity(summary, known)
    said = [_p95_at(known, kind, at or first, Loads(summary).of_step(at or first))]
    if at is not None:
        said[0] += ", the capacity" if summary.first_overload else ", the largest load carried"
    if last is not (at or first):
        said.append(_p95_at(known, kind, last))
    return _named(summary, f"{kind.capitalize()} p95 {'; '.join(said)}")


def times_by_load_title(summary: RunSummary) -> str:
    """How the p95 grows: at the smallest load, at the capacity, and at the largest load."""
    kind = "response" if summary.log.knows_due else "service"
    known = _known(summary, kind)
    if not known:
        return times_title(summary, kind)
    ends = (min(known, key=_by_load), _at_capacity(summary, known), max(known, key=_by_load))
    steps = {step.index: step for step in ends if step is not None}
    names = [Loads(summary).of_step(ends[0]) if ends[0] else "", *[""] * (len(steps) - 1)]
    said = [_p95_at(known, kind, s, n) for s, n in zip(steps.values(), names, strict=True)]
    return _named(summary, f"{kind.capitalize()} p95 {', '.join(said)}")


def _known(summary: RunSummary, kind: str) -> list[StepSummary]:
    """The steps with a p95, or with so many unanswered that there is none."""
    samples = [
        (s, s.times.response if kind == "response" else s.times.service) for s in summary.steps
    ]
    return [step for step, sample in samples if sample and sample.quantile("p95")]


def _by_load(step: StepSummary) -> tuple[int, int]:
    return step.copies, step.index


def _at_capacity(summary: RunSummary, known: Sequence[StepSummary]) -> StepSummary | None:
    capacity = None if summary.group else summary.capacity
    return next((s for s in known if capacity and s.index == capacity.step), None)


def _p95_at(known: Sequence[StepSummary], kind: str, step: StepSummary, load: str = "") -> str:
    """`214 ms at 4`; or `over 5 % never answered from 3 on`, if that holds for several loads."""

    def p95(of: StepSummary) -> Quantile | None:
        sample = of.times.response if kind == "response" else of.times.service
        return sample.quantile("p95") if sample else None

    own = p95(step)
    load = load or f"{step.copies:,}"
    if own is not None and not own.never:
        return f"{milliseconds(own.value)} ms at {load}"
    answered = {s.copies for s in known if not ((q := p95(s)) and q.never)}
    broken = {s.copies for s in known if s.copies > max(answered, default=0)}
    several = len(broken) > 1 and step.copies in broken
    return f"over 5 % never answered {f'from {min(broken):,} on' if several else f'at {load}'}"


def capacity_title(summary: RunSummary) -> str:
    """What throughput against clients shows."""
    return _capacity_title(summary) + _doubt(summary)


def _capacity_title(summary: RunSummary) -> str:
    capacity, loads = summary.capacity, Loads(summary)
    if not summary.totals.ok:
        return NOTHING_ANSWERED
    if capacity is None:
        below = summary.first_overload
        if below and any(clients > below.clients for clients in summary.bracket.contradicting):
            return f"Capacity unknown: {_contradiction(summary, below.clients)}"
        return (
            f"Capacity below {loads.words(below.clients)}{_who_falls_short(summary)}"
            if below
            else "Capacity unknown: no step shows that its load was carried"
        )
    load = f"{loads.words(capacity.clients)}: {number(capacity.requests_per_s)} answers/s"
    if summary.first_overload:
        beyond = f"{loads.count(summary.first_overload.clients):,} not carried"
        larger = summary.bracket.contradicting
        if any(clients > summary.first_overload.clients for clients in larger):
            return f"Capacity {load}; {_contradiction(summary, summary.first_overload.clients)}"
        return f"Capacity {load}; {beyond}{_who_falls_short(summary)}"
    return f"Capacity at least {load}"


def _contradiction(summary: RunSummary, failed: int) -> str:
    """`34 failed, 38 passed`: a load that was not carried below one that was."""
    count = Loads(summary).count
    passed = [f"{count(each):,}" for each in summary.bracket.contradicting if each > failed]
    return f"{count(failed):,} failed, {listed(passed)} passed"


def _who_falls_short(summary: RunSummary) -> str:
    """`, because person falls short`: the groups that the mix is not carried for."""
    overload = summary.first_overload
    found = overload.shortfalls if overload else ()
    groups = list(dict.fromkeys(s.group for s in found if s.group and s.severity == "warning"))
    verb = "falls" if len(groups) == 1 else "fall"
    return f", because {listed(groups)} {verb} short" if groups else ""


def _named(summary: RunSummary, text: str) -> str:
    """The title of a run's chart; of a camera group's, with its name in front."""
    named = f"{summary.group}: {text[0].lower()}{text[1:]}" if summary.group else text
    return named + _doubt(summary)


def _doubt(summary: RunSummary) -> str:
    return "" if summary.valid else " (run INVALID)"


# --- charts of a camera group -------------------------------------------------------------------


def group_load_title(group: RunSummary, answer: GroupAnswer) -> str:
    """`person: fails first, at 4 copies`."""
    return _named(group, answer.said)


def group_throughput_title(group: RunSummary) -> str:
    """What was answered of what was due, at the least load that fell short, else at the largest."""
    if group.interference is not None:
        return throughput_title(group)
    step = _telling(group)
    if step is None or step.rates.throughput_per_s is None:
        return _named(group, "no throughput after a warm-up")
    done, due = step.rates.throughput_per_s, step.rates.arrival_per_s
    of_due = "" if due is None or step.closed else f" of {number(due)} due per second"
    unit = "/s" if not of_due else ""
    load = Loads(group).of_step(step)
    return _named(group, f"{number(done)}{unit}{of_due} answered at {load}")


def group_objective_title(group: RunSummary) -> str:
    """`person: p95<500ms is met up to 3 copies, not at 4`, of each objective on time."""
    steps = sorted(group.steps, key=lambda step: (step.copies, step.index))
    objectives = [o for o in group.time_objectives if o.group == group.group]
    if not objectives:
        return times_by_load_title(group)
    said = [_met(objective, steps, Loads(group)) for objective in objectives]
    return _named(group, "; ".join(said))


def _met(objective: Objective, steps: Sequence[StepSummary], loads: Loads) -> str:
    """Where an objective of each load is met, up to the least load at which it is not."""
    judged = [
        (step.copies, result.status)
        for step in steps
        for result in step.objectives
        if result.objective == objective
    ]
    broken = min((copies for copies, status in judged if status == "fail"), default=None)
    met = [c for c, status in judged if status == "pass" and (broken is None or c < broken)]
    if met:
        most = plural(max(met), loads.noun)
        not_at = "" if broken is None else f", not at {broken:,}"
        return f"{objective.condition} is met up to {most}{not_at}"
    if broken is not None:
        return f"{objective.condition} is not met at {plural(broken, loads.noun)}"
    return f"{objective.condition} is undecided"


def _telling(group: RunSummary) -> StepSummary | None:
    steps = sorted(group.steps, key=lambda step: (step.copies, step.index))
    refused = next((step for step in steps if step.fell_short), None)
    return refused or (steps[-1] if steps else None)


def age_title(summary: RunSummary) -> str:
    """What the ages over time show: the p95 at the least and at the largest load."""
    if summary.interference is not None:
        return _steps_title(summary, "Age of the newest answer of each camera")
    known = [step for step in summary.steps if step.age is not None]
    whose = f"{summary.group}: " if summary.group else ""
    if not known:
        return f"{whose}age of the newest answer of each camera, over time"
    first = min(known, key=lambda step: (step.clients, step.index))
    last = max(known, key=lambda step: (step.clients, -step.index))
    text = f"{whose}p95 of the age of the newest answer {_age(first)} at {_load(summary, first)}"
    return text if last is first else f"{text}; {_age(last)} at {last.copies:,}"


def _age(step: StepSummary) -> str:
    p95_s = step.age.p95_s if step.age else math.inf
    return f"{milliseconds(p95_s)} ms" if math.isfinite(p95_s) else "never answered"


def _load(summary: RunSummary, step: StepSummary) -> str:
    return Loads(summary).of_step(step)
