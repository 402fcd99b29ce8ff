"""The plan as a table: what a run would ask of the endpoint, without asking it."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from edgeload.plan import Plan


def print_plan(plan: Plan, image_bytes: float, console: Console) -> None:
    """Steps, times, requests due and bytes per second; `image_bytes` is the size of a picture."""
    requests = [plan.step_requests(step) for step in plan.steps]
    console.print(
        f"{sum(requests)} requests in {plan.duration_s:g} s, up to {plan.max_clients} clients at "
        f"{plan.requests_per_second:g} requests/s each. Nothing was sent.",
        highlight=False,
        soft_wrap=True,
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
