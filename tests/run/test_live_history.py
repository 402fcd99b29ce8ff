"""The state that a view of a run shows, from moments whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import fake_progress as fake
import pytest

from edgeload.objectives import parse_objective
from edgeload.plan import Plan
from edgeload.run.counters import NO_COUNTS, Effort
from edgeload.run.live_history import RunHistory
from edgeload.run.live_state import LiveState
from edgeload.run.live_words import alarm_words, present_line
from edgeload.run.supervisor import RunProgress

PLAN = fake.plan_of(3)
SLO = tuple(map(parse_objective, ("p95<300ms", "30 clients: errors<2%")))


def after(moments: list[RunProgress], *, warm_up_s: float | None = None) -> LiveState:
    history = RunHistory(SLO, warm_up_s)
    for moment in moments:
        history.take(moment)
    state = history.state()
    assert state is not None
    return state


def test_nothing_is_known_before_the_first_moment() -> None:
    """And the end of a run that never began is no step's end."""
    history = RunHistory()
    history.end()
    assert history.state() is None
    assert history.ended_steps == 0


def test_rates_and_times_leave_out_the_warm_up_once_it_is_over() -> None:
    """During the warm-up they are of the step so far; counts are of the whole step."""
    slow = fake.moments(PLAN, 2.0, response_s=1.0)
    later = fake.moments(PLAN, 7.5)
    joined = [
        replace(m, counts=fake.added(slow[-1].counts, m.counts.since(later[8].counts)))
        for m in later[9:]
    ]
    assert after(slow).present.p50_s == pytest.approx(1.0, rel=0.02)
    state = after([*slow, *joined])
    assert state.present.p95_s == pytest.approx(0.05, rel=0.02)
    assert state.present.done_per_s == pytest.approx(20.0, rel=0.05)
    assert state.total.answered == later[-1].counts.ok


def test_a_backlog_that_grows_is_told_with_its_rate() -> None:
    """Arrival rate minus capacity; no step before it is called so."""
    state = after(fake.moments(PLAN, 22.0, capacity_per_s=45.0))
    assert state.total.growth_per_s == pytest.approx(15.0, rel=0.1)
    assert [row.state for row in state.finished] == ["keeps up", "keeps up"]
    assert state.present.state == "saturates"
    assert state.total.backlog is not None
    assert state.total.backlog > 60


def test_a_steady_load_saturates_never() -> None:
    """At no moment of any step, also while answers take long."""
    history = RunHistory()
    for moment in fake.moments(PLAN, 24.0, response_s=2.0):
        history.take(moment)
        state = history.state()
        assert state is not None
        assert state.total.growth_per_s is None


def doubted(moment: RunProgress, kind: str) -> RunProgress:
    """A moment whose step the report would call INVALID."""
    if kind == "late":
        late = round(0.02 * moment.counts.sent)
        return replace(moment, counts=replace(moment.counts, late=late), by_group=())
    if kind == "busy":
        efforts = (Effort(moment.now_s, 0.3 + 0.85 * moment.now_s), *moment.efforts[1:])
        return replace(moment, efforts=efforts)
    if kind == "starved":
        first = moment.efforts[0]
        turns = 10 + round(100 * moment.now_s)
        starved = replace(first, core_wait_s=0.006 * turns, core_waits=turns)
        return replace(moment, efforts=(starved, *moment.efforts[1:]))
    return replace(moment, dead_workers=1)


@pytest.mark.parametrize("kind", ["late", "busy", "starved", "dead"])
def test_our_own_machine_is_named_when_it_is_the_limit(kind: str) -> None:
    """Whatever the endpoint does: that step would be INVALID."""
    moments = fake.moments(PLAN, 7.0)
    assert not after(moments).generator.in_doubt
    warming_up = after([doubted(moment, kind) for moment in moments[:7]])
    assert warming_up.generator.in_doubt == (kind == "dead")  # the report leaves that time out
    state = after([doubted(moment, kind) for moment in moments])
    assert state.generator.in_doubt
    assert state.present.state == "invalid"
    assert alarm_words(state)[-1] == "Our own machine is the limit."


def test_a_dead_worker_is_no_saturation() -> None:
    """What it should have sent is never answered, and that is not the endpoint's fault."""
    moments = fake.moments(PLAN, 7.0, capacity_per_s=10.0)
    assert after(moments).total.growth_per_s is not None
    assert after([replace(each, dead_workers=1) for each in moments]).total.growth_per_s is None


def test_objectives_are_those_of_the_step() -> None:
    """One about another load is not judged now."""
    assert [each.objective.text for each in after(fake.moments(PLAN, 7.0)).objectives] == [
        "p95<300ms"
    ]
    third = after(fake.moments(PLAN, 23.75))
    assert [each.state for each in third.objectives] == ["met", "undecided"]


def test_a_run_that_is_stopped_ends_its_step() -> None:
    """Nothing falls due any more, and no alarm is raised while the last answers come."""
    moments = fake.moments(PLAN, 12.0, capacity_per_s=25.0)
    rest = [
        replace(moments[-1], now_s=12.0 + tick * fake.TICK_S, stopping=True) for tick in range(8)
    ]
    state = after([*moments, *rest])
    assert [row.state for row in state.finished] == ["keeps up", "stopped"]
    assert state.total.growth_per_s is None
    assert state.present.over


@pytest.mark.parametrize("now_s", [-0.2, 0.5])
def test_a_run_that_is_stopped_before_anybody_looked_has_a_state(now_s: float) -> None:
    """A signal may come between the start of the workers and the first moment that is shown."""
    groups = tuple(replace(PLAN.groups[0], name=name) for name in ("door", "gate"))
    for plan in (PLAN, Plan(PLAN.steps, groups)):
        first = replace(
            fake.moments(PLAN, 1.0)[0],
            now_s=now_s,
            plan=plan,
            by_group=(NO_COUNTS,) * len(plan.groups),
            counts=NO_COUNTS,
            stopping=True,
        )
        state = after([first])
        assert (state.total.backlog, state.present.over) == (0, True)
        assert len(state.groups) == (len(plan.groups) if len(plan.groups) > 1 else 0)


def test_a_closed_loop_has_no_backlog() -> None:
    """Nothing is due by a plan, so nothing can be behind it."""
    closed = Plan(PLAN.steps, (replace(PLAN.groups[0], requests_per_second=None),))
    moments = [replace(moment, plan=closed) for moment in fake.moments(PLAN, 7.0)]
    state = after(moments)
    assert (state.total.backlog, state.total.growth_per_s, state.present.state) == (
        None,
        None,
        "unclear",
    )


def test_a_closed_loop_hides_nobody_who_waits() -> None:
    """Its many answers are not those of the open group beside it, whose requests still wait.

    Nor do they belong to what is due by the plan: there is no throughput to demand.
    """
    plan = fake.plan_of(1, 2, step_s=30.0)
    mixed = Plan(plan.steps, (plan.groups[0], replace(plan.groups[1], requests_per_second=None)))
    history = RunHistory(tuple(map(parse_objective, ("p80<300ms", "throughput>=95%"))))
    found = []
    for tick in range(80):
        silent, closed = fake.counts_of(0), fake.counts_of(7 * tick)
        by_group = (silent, closed)
        history.take(RunProgress(tick * fake.TICK_S, 0, mixed, closed, False, by_group=by_group))
        state = history.state()
        assert state is not None
        found.append([each.state for each in state.objectives])
    assert all(time != "met" for time, _ in found)
    assert all(throughput == "undecided" for _, throughput in found)


def test_each_group_of_a_mix_is_watched() -> None:
    """The alarm names that which grows; an objective of another group does not suffer."""
    plan = fake.plan_of(1, 3, step_s=30.0)
    names = [group.name for group in plan.groups]
    history = RunHistory([parse_objective("p50<300ms").of_group(name) for name in names[::2]])
    for tick in range(1, 81):
        now_s = tick * fake.TICK_S
        rates = [2.0, 4.0, 3.0]  # of 2, 4 and 6 frames due per second
        by_group = tuple(fake.counts_of(int(rate * now_s)) for rate in rates)
        total = fake.added(fake.added(*by_group[:2]), by_group[2])
        history.take(RunProgress(now_s, 0, plan, total, False, by_group=by_group))
    state = history.state()
    assert state is not None
    (growing,) = state.growing
    assert growing.name == names[2]
    assert growing.growth_per_s == pytest.approx(3.0, rel=0.1)
    assert state.present.state == "saturates"
    assert [each.state for each in state.objectives] == ["met", "not met"]
    assert alarm_words(state)[1] == (
        f"This step will saturate: the backlog of {names[2]} grows by 3.0/s."
    )
    assert present_line(state).count(", will saturate") == 2
    assert alarm_words(state)[2] == f"{names[2]} will saturate in this step."
    grown = tuple(replace(each, growth_per_s=2.0) for each in state.groups)
    assert alarm_words(replace(state, groups=grown))[1:4] == [
        f"This step will saturate: the backlogs of {names[0]} (2.0/s), {names[1]} (2.0/s) and "
        f"{names[2]} (2.0/s) grow.",
        f"This step will saturate: the backlogs of {names[0]} (2.0/s) and 2 more groups grow.",
        f"{names[0]} and 2 more groups will saturate in this step.",
    ]
