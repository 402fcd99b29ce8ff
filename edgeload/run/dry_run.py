"""Shows the plan as a table: what a run would ask of the endpoint, without sending anything."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.plain_words import plural
from edgeload.plan import Plan


def print_plan(plan: Plan, image_bytes: float, console: Console) -> None:
    """Print steps, times, requests due and the load on the network.

    `image_bytes` is the size of one picture in bytes.
    """
    requests = [plan.step_requests(step) for step in plan.steps]
    each = " each" if plan.max_clients > 1 else ""
    console.print(
        f"{plural(sum(requests), 'request')} in {plan.duration_s:g} s, from up to "
        f"{plural(plan.max_clients, 'client')} at {plan.requests_per_second:g} requests/s{each}. "
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
