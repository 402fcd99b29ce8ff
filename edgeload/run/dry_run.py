"""Shows the plan as a table: what a run would ask of the endpoint, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.interference_plan import (
    all_cameras,
    first_round,
    is_interference_plan,
    rounds_of,
)
from edgeload.plain_words import listed, plural, rate_words, step_name
from edgeload.plan import Plan, RampStep, least_step_s
from edgeload.run.announcement import copy_table, described_load, detector_words, due_per_s
from edgeload.run.due_counts import frames_of_run, frames_of_step
from edgeload.settings.groups import DetectorChoice, GroupSettings

_MOST_ROWS = 100
"""Of more steps, only the first and the last are shown."""
_FIRST, _LAST = 20, 5


def print_plan(
    plan: Plan,
    image_bytes: Mapping[str, float],
    console: Console,
    warm_up_s: float = 0.0,
    detectors: Mapping[str, str] | None = None,
) -> None:
    """Print steps, times, requests due and the load on the network; of a mix, also what a copy is.

    `image_bytes` is the size of one picture in bytes, by the group's name; `warm_up_s` is the
    warm-up that was asked for. `detectors` are those of each group of a mix in words.
    """
    _print(console, _first_line(plan))
    if plan.is_mix and detectors:
        copy = "One copy" if plan.ramp_group is None else "All groups once"
        cameras = plural(sum(group.cameras for group in plan.groups), "camera")
        _print(console, f"\n{copy}: {cameras}")
        for line in copy_table(plan, detectors):
            _print(console, line)
    table = Table(box=box.SIMPLE_HEAD)
    load = ["copies", "cameras"] if plan.is_mix else ["clients"]
    times = ["from s", "to s"]
    if is_interference_plan(plan):  # its steps have one load and one length, and no fixed order
        load, times = ["cameras"], []
    for name in ("step", *load, *times, "due/s", "requests due", "MB/s of pictures"):
        beside = name == "cameras" and is_interference_plan(plan)
        table.add_column(
            name, justify="left" if beside else "right", no_wrap=beside, overflow="fold"
        )
    shown = first_round(plan)
    left_out = len(shown) - _FIRST - _LAST if len(shown) > _MOST_ROWS else 0
    for step in shown[:_FIRST] if left_out else shown:
        table.add_row(*_row(plan, step, image_bytes))
    if left_out:
        table.add_row("…")
        for step in shown[-_LAST:]:
            table.add_row(*_row(plan, step, image_bytes))
    console.print(table)
    if left_out:
        _print(console, f"{plural(left_out, 'step')} in the middle are not shown.")
    if is_interference_plan(plan):
        _print(console, _other_rounds(plan))
        return
    for text in _too_short(plan, warm_up_s):
        _print(console, text)


def asked_detectors(groups: Sequence[GroupSettings]) -> dict[str, str]:
    """The detectors that each group asks for, in words, by its name."""
    return {
        group.load.name: detector_words(
            _called(group.detector),
            [(_called(link.detector), link.requests) for link in group.then],
        )
        for group in groups
    }


def _called(choice: DetectorChoice) -> str:
    return choice.name or choice.id or ""


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def _first_line(plan: Plan) -> str:
    count, exact = _requests(plan)
    requests = ("" if exact else "about ") + plural(count, "request")
    if plan.is_mix or plan.groups[0].closed:
        load = described_load(plan).rstrip(",")
    else:
        each = " each" if plan.max_clients > 1 else ""
        rate = rate_words(plan.groups[0].rate)
        up_to = "up to " if len({step.clients for step in plan.steps}) > 1 else ""
        load = f"{up_to}{plural(plan.max_clients, 'client')} at {rate}{each}"
    if closed := [group.name for group in plan.groups if group.closed]:
        requests += f" and those of {listed(closed)} (a closed loop)"
    return f"{requests} in {plan.duration_s:.12g} s, from {load}. Nothing was sent."


def _requests(plan: Plan, step: RampStep | None = None) -> tuple[int, bool]:
    """Those that are due in a step, or in all of them, of groups whose frames are planned.

    And whether that is their number, and not the one that is expected.
    """
    counts = [
        (frames_of_run(plan, i) if step is None else frames_of_step(plan, i, step), group)
        for i, group in enumerate(plan.groups)
    ]
    number = sum(count.frames * group.requests_per_frame for count, group in counts)
    return number, all(count.exact for count, _ in counts)


def _row(plan: Plan, step: RampStep, image_bytes: Mapping[str, float]) -> list[str]:
    load = [_cameras(plan, step)] if plan.is_mix else []
    times: list[str] = []
    if not is_interference_plan(plan):
        load = [str(plan.copies(step)), *load]
        times = [f"{step.start_s:.12g}", f"{step.end_s:.12g}"]
    bytes_per_s, planned, closed = 0.0, False, False
    for index, group in enumerate(plan.groups):
        if not plan.cameras_of(index, step):
            continue
        frames_per_s = plan.arrival_rate(step, index)
        if frames_per_s is None:
            closed = True
        else:
            planned = True
            bytes_per_s += frames_per_s * group.requests_per_frame * image_bytes[group.name]

    def with_max(known: str) -> str:
        return "+".join([known] * (planned or not closed) + ["max"] * closed)

    requests, exact = _requests(plan, step)
    megabytes = bytes_per_s / 1e6
    return [
        str(step.index + 1),
        *load,
        *times,
        due_per_s(plan, step),
        with_max(f"{'' if exact else '~'}{requests}"),
        with_max(f"{megabytes:.3g}" if megabytes < 1000 else f"{megabytes:,.0f}"),
    ]


def _cameras(plan: Plan, step: RampStep) -> str:
    """The cameras that send in a step; of an interference run, the name of the step."""
    counts = {g.name: plan.cameras_of(i, step) for i, g in enumerate(plan.groups)}
    if is_interference_plan(plan):
        full = dict(zip(counts, all_cameras(plan), strict=True))
        return step_name({name: count for name, count in counts.items() if count}, full)
    return str(sum(counts.values()))


def _other_rounds(plan: Plan) -> str:
    return (
        f"This is the first of {rounds_of(plan)} rounds; the others have the same steps, each in "
        f"an order of its own. Together they last {plan.duration_s:.12g} s "
        f"({plan.duration_s / 60:.0f} min)."
    )


def _too_short(plan: Plan, warm_up_s: float) -> Iterator[str]:
    """A warning if the steps can never tell whether the endpoint keeps up with their load."""
    slowest = max(plan.groups, key=lambda group: group.period_s)
    least_s = least_step_s(warm_up_s, slowest.period_s)
    step_s = plan.steps[0].duration_s
    if not slowest.closed and step_s < least_s:
        whose = f"{slowest.name} camera" if plan.is_mix else "client"
        yield (
            f"Steps of {step_s:g} s are too short to tell whether the endpoint keeps up with "
            f"their load. At {rate_words(slowest.rate)} per {whose}, that takes at "
            f"least {least_s:g} s (--time-between-ramp), and longer near the capacity."
        )
