"""Shows the plan as a table: what a run would ask of the endpoint, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.plain_words import plural, rate_words
from edgeload.plan import Plan, least_step_s


def print_plan(plan: Plan, image_bytes: float, console: Console, warm_up_s: float = 0.0) -> None:
    """Print steps, times, requests due and the load on the network.

    `image_bytes` is the size of one picture in bytes, `warm_up_s` the warm-up that was asked for.
    """
    requests = [plan.step_requests(step) for step in plan.steps]
    each = " each" if plan.max_clients > 1 else ""
    console.print(
        f"{plural(sum(requests), 'request')} in {plan.duration_s:g} s, from up to "
        f"{plural(plan.max_clients, 'client')} at {rate_words(plan.requests_per_second)}{each}. "
        "Nothing was sent.",
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("step", "clients", "from s", "to s", "due/s", "requests due", "MB/s of pictures"):
        table.add_column(name, justify="right")
    for step, due in zip(plan.steps, requests, strict=True):
        rate = plan.arrival_rate(step)
        table.add_row(
            str(step.index + 1),
            str(step.clients),
            f"{step.start_s:g}",
            f"{step.end_s:g}",
            f"{rate:g}",
            str(due),
            f"{rate * image_bytes / 1e6:.3g}",
        )
    console.print(table)
    for text in _too_short(plan, warm_up_s):
        console.print(text, highlight=False, soft_wrap=not console.is_terminal)


def _too_short(plan: Plan, warm_up_s: float) -> Iterator[str]:
    """A warning if the steps can never tell whether the endpoint keeps up with their load."""
    least_s = least_step_s(warm_up_s, 1 / plan.requests_per_second)
    step_s = plan.steps[0].duration_s
    if step_s < least_s:
        yield (
            f"Steps of {step_s:g} s are too short to tell whether the endpoint keeps up with "
            f"their load. At {rate_words(plan.requests_per_second)} per client, that takes at "
            f"least {least_s:g} s (--time-between-ramp), and longer near the capacity."
        )
