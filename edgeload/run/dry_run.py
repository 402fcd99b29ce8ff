"""Shows the plan as a table: what a run would ask of the endpoint, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.interference_plan import first_round, is_interference_plan, rounds_of
from edgeload.plain_words import plural, rate_words
from edgeload.plan import CameraGroup, Plan, RampStep, least_step_s
from edgeload.run.announcement import described_load


def print_plan(
    plan: Plan, image_bytes: Mapping[str, float], console: Console, warm_up_s: float = 0.0
) -> None:
    """Print steps, times, requests due and the load on the network; in a mix, for each group.

    `image_bytes` is the size of one picture in bytes, by the group's name; `warm_up_s` is the
    warm-up that was asked for.
    """
    _print(console, _first_line(plan))
    table = Table(box=box.SIMPLE_HEAD)
    load = "copies" if plan.is_mix else "clients"
    table.add_column("step", justify="right")
    table.add_column(load, justify="right")
    if plan.is_mix:
        table.add_column("group", justify="left")
        table.add_column("cameras", justify="right")
    for name in ("from s", "to s", "due/s", "requests due", "MB/s of pictures"):
        table.add_column(name, justify="right")
    for step in first_round(plan):
        head = [str(step.index + 1), str(plan.copies(step))]
        for index, group in enumerate(plan.groups):
            if plan.cameras_of(index, step):
                table.add_row(*head, *_row(plan, step, index, image_bytes[group.name]))
                head = ["", ""]
    console.print(table)
    if is_interference_plan(plan):
        _print(console, _other_rounds(plan))
        return
    for text in _too_short(plan, warm_up_s):
        _print(console, text)


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=not console.is_terminal)


def _first_line(plan: Plan) -> str:
    requests = sum(_requests(plan, step, i) for step in plan.steps for i in range(len(plan.groups)))
    if not plan.is_mix:
        each = " each" if plan.max_clients > 1 else ""
        rate = rate_words(plan.groups[0].rate)
        load = f"up to {plural(plan.max_clients, 'client')} at {rate}{each}"
    else:
        load = described_load(plan).rstrip(",")
    closed = [group.name for group in plan.groups if group.closed]
    what = plural(requests, "request")
    if closed:
        what += f", and those of {', '.join(closed)} in a closed loop,"
    return f"{what} in {plan.duration_s:g} s, from {load}. Nothing was sent."


def _requests(plan: Plan, step: RampStep, group: int) -> int:
    return plan.step_frames(step, group=group) * plan.groups[group].requests_per_frame


def _row(plan: Plan, step: RampStep, index: int, image_bytes: float) -> list[str]:
    group = plan.groups[index]
    cells = [group.name, str(plan.cameras_of(index, step))] if plan.is_mix else []
    cells += [f"{step.start_s:g}", f"{step.end_s:g}"]
    frames_per_s = plan.arrival_rate(step, index)
    if frames_per_s is None:
        return [*cells, "max", "not known", "-"]
    per_s = frames_per_s * group.requests_per_frame
    requests = str(_requests(plan, step, index))
    return [*cells, f"{per_s:g}", requests, f"{per_s * image_bytes / 1e6:.3g}"]


def _other_rounds(plan: Plan) -> str:
    return (
        f"This is the first of {rounds_of(plan)} rounds; the others have the same steps, each in "
        f"an order of its own. Together they last {plan.duration_s:g} s "
        f"({plan.duration_s / 60:.0f} min)."
    )


def _too_short(plan: Plan, warm_up_s: float) -> Iterator[str]:
    """A warning if the steps can never tell whether the endpoint keeps up with their load."""
    slowest = max(plan.groups, key=lambda group: group.period_s)
    least_s = least_step_s(warm_up_s, slowest.period_s)
    step_s = plan.steps[0].duration_s
    if not slowest.closed and step_s < least_s:
        yield (
            f"Steps of {step_s:g} s are too short to tell whether the endpoint keeps up with "
            f"their load. At {_each(plan, slowest)}, that takes at "
            f"least {least_s:g} s (--time-between-ramp), and longer near the capacity."
        )


def _each(plan: Plan, group: CameraGroup) -> str:
    whose = f"{group.name} camera" if plan.is_mix else "client"
    return f"{rate_words(group.rate)} per {whose}"
