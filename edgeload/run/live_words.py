"""The state of a run in words and numbers, for every view of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeload.plain_words import listed, plural
from edgeload.plan import Plan
from edgeload.run.box_watch import BoxFigures
from edgeload.run.live_state import Figures, Generator, LiveState, LiveStep
from edgeload.run.objectives_so_far import SoFar

_STATES = {
    "warm-up": ("warming up", "warmed up"),
    "keeps up": ("keeps up", "kept up"),
    "saturates": ("will saturate", "saturated"),
    "fails": ("failures", "failures"),
    "invalid": ("invalid", "invalid"),
    "unclear": ("unclear", "unclear"),
    "stopped": ("stopped", "stopped"),
}


def state_words(row: LiveStep) -> str:
    """What a step looks like: `keeps up`, and once it is over `kept up`."""
    return _STATES[row.state][row.over]


def load_noun(plan: Plan) -> str:
    """What a step has so many of."""
    return "copies" if plan.is_mix else "clients"


def place_fields(state: LiveState) -> tuple[tuple[str, str], ...]:
    """Where in the run it is: the step, its load, and the time that is left."""
    plan, row = state.plan, state.present
    return (
        ("step", f"{row.step.index + 1}/{len(plan.steps)}"),
        (load_noun(plan), str(row.load)),
        ("left", "stopping" if state.stopping else f"{state.left_s:.0f} s"),
    )


def figure_fields(figures: Figures) -> list[tuple[str, str]]:
    """Names and values of what is counted, of all groups or of one."""
    return [
        ("due/s", figures.due),
        ("done/s", f"{figures.done_per_s:.1f}"),
        ("answered", str(figures.answered)),
        ("failed", str(figures.failed)),
        ("missed", str(figures.missed)),
        ("response p50", ms_words(figures.p50_s)),
        ("p95", ms_words(figures.p95_s)),
    ]


def present_line(state: LiveState) -> str:
    """The present moment: all groups; of a mix, then the most important of each."""
    step, load, left = place_fields(state)
    line = ", ".join(joined([step, load, *figure_fields(state.total), left]))
    if state.total.growth_per_s is not None:
        line += ", will saturate"
    if known := box_words(state.box):
        line += f"; box {known}"
    for each in state.groups:
        fields = dict(figure_fields(each))
        short = [(key, fields[key]) for key in ("due/s", "done/s", "failed", "missed", "p95")]
        line += f"; {each.name}: {', '.join(joined(short))}"
        if each.growth_per_s is not None:
            line += ", will saturate"
    return line


def ended_line(row: LiveStep, plan: Plan) -> str:
    """What became of a step that is over."""
    fields = [
        (load_noun(plan), str(row.load)),
        ("due/s", row.due),
        ("done/s", number_words(row.done_per_s)),
        ("failed", str(row.failed)),
        ("missed", str(row.missed)),
        ("response p50", ms_words(row.p50_s)),
        ("p95", ms_words(row.p95_s)),
    ]
    place = f"step {row.step.index + 1}/{len(plan.steps)} is over"
    return f"{place}: {', '.join(joined(fields))}: {state_words(row)}"


def alarm_words(state: LiveState) -> list[str]:
    """What to be warned of now, from the longest wording to the shortest; else nothing."""
    if state.generator.in_doubt:
        said = "Our own machine is the limit"
        return [f"{said}: the report would call this step INVALID.", f"{said}."]
    growing = state.growing or ((state.total,) if state.total.growth_per_s is not None else ())
    if not growing:
        return []
    noun = "frame" if state.plan.is_mix else "request"
    waiting = plural(sum(each.backlog or 0 for each in growing), noun)
    rates = [f"{number_words(each.growth_per_s)}/s" for each in growing]
    named = [f"{each.name} ({rate})" for each, rate in zip(growing, rates, strict=True)]
    others = [plural(len(growing) - 1, "more group")] if len(growing) > 1 else []
    if others:
        grows = [f"the backlogs of {listed(each)} grow" for each in (named, [named[0], *others])]
    else:
        whose = f" of {growing[0].name}" if growing[0].name else ""
        grows = [f"the backlog{whose} grows by {rates[0]}"]
    said, first = "This step will saturate", growing[0].name
    return [
        f"{said}: {grows[0]}, and {waiting} wait now.",
        *(f"{said}: {each}." for each in grows),
        *([f"{listed([first, *others])} will saturate in this step."] if first else []),
        f"{said}.",
    ]


def failure_words(failures: dict[str, int]) -> list[str]:
    """Failures by class, from all of them to the first alone; `none` if there are none."""
    if not failures:
        return ["none"]
    named = [f"{name} {count:,}" for name, count in failures.items()]
    said = [", ".join(named)]
    for most in range(len(named) - 1, 0, -1):
        more = sum(list(failures.values())[most:])
        said.append(f"{', '.join(named[:most])}, others {more:,}")
    return [*said, f"{sum(failures.values()):,}"]


def box_words(box: BoxFigures | None) -> str:
    """`CPU 23 %, GPU 97 %`; empty if nothing is known."""
    told = {} if box is None else {"CPU": box.cpu_percent, "GPU": box.gpu_percent}
    return ", ".join(f"{name} {busy:.0f} %" for name, busy in told.items() if busy is not None)


def generator_words(generator: Generator) -> list[str]:
    """How our own machine is doing, from the longest wording to the shortest."""
    late = f"{generator.late:,} late"
    lag = generator.lag_below_s
    lag_words = "" if lag is None else f"lag p99 below {lag * 1e3:.2g} ms, "
    cores = generator.cpu_cores
    cpu = "" if cores is None else f", CPU of the busiest {cores:.0%}".replace("%", " %")
    workers = plural(generator.workers, "worker")
    if generator.dead:
        workers = f"{generator.dead} of {workers} died"
    short = cpu.replace(" of the busiest", "")
    if generator.starved and generator.core_wait_s is not None:
        waits = f"waits {ms_number(generator.core_wait_s)} ms for a core"
        return [f"{waits}, {late}{cpu}, {workers}", f"{waits}, {late}, {workers}", waits]
    return [
        f"{lag_words}{late}{cpu}, {workers}",
        f"{lag_words}{late}{short}, {workers}",
        f"{late}{short}, {workers}",
        f"{late}, {workers}",
        late,
    ]


def objective_value(found: SoFar) -> str:
    """The quantity so far, in the unit of its bound."""
    value, objective = found.value, found.objective
    if objective.quantity in ("outage", "age"):
        return "see the report"
    if value is None:
        return "-"
    if objective.is_time:
        return "never" if math.isinf(value) else f"{ms_number(value)} ms"
    return f"{value * 100:.3g} %"


def joined(fields: Sequence[tuple[str, str]]) -> list[str]:
    """`name value`, of each."""
    return [f"{name} {value}" for name, value in fields]


def number_words(value: float | None) -> str:
    """`0.5`, `76.0`, `1,234`; `-` if it is not known."""
    if value is None:
        return "-"
    return f"{value:,.1f}" if abs(value) < 999.95 else f"{value:,.0f}"


def ms_words(seconds: float | None) -> str:
    """`51.0 ms`; `-` if it is not known."""
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def ms_number(seconds: float | None) -> str:
    """The same without its unit."""
    return number_words(None if seconds is None else seconds * 1000)
