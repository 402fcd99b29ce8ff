"""What the live view prints into a pipe."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from edgeload.plan import one_group_plan, ramp_steps
from edgeload.run.counters import BUCKETS, NO_COUNTS, bucket, bucket_value
from edgeload.run.live import LiveView
from edgeload.run.supervisor import RunProgress

PLAN = one_group_plan(ramp_steps([1, 20], 10.0), 2.0)


def shown(*moments: RunProgress) -> list[str]:
    text = StringIO()
    with LiveView(Console(file=text, width=60)) as view:
        for moment in moments:
            view.show(moment)
    return text.getvalue().splitlines()


def test_a_line_has_the_counts_of_the_run_and_the_times_of_the_step() -> None:
    """Percentiles are of the present step alone, and the rate is that of the last second."""
    first, second = [0] * BUCKETS, [0] * BUCKETS
    first[bucket(5.0)] = second[bucket(5.0)] = 40
    second[bucket(0.1)] = 10
    before = replace(NO_COUNTS, ok=40, response=tuple(first))
    now = replace(NO_COUNTS, ok=50, failed=2, missed=3, response=tuple(second))
    *_, line = shown(
        RunProgress(10.0, 1, PLAN, before, False),
        RunProgress(16.0, 1, PLAN, now, False),
    )
    p50 = f"{bucket_value(bucket(0.1)) * 1000:.1f} ms"
    assert line == (
        f"step 2/2, clients 20, due/s 40, done/s 2.0, answered 50, failed 2, missed 3, "
        f"response p50 {p50}, p95 {p50}, left 4 s"
    )


def test_lines_come_every_five_seconds_and_at_each_step() -> None:
    """A pipe is not flooded, and a step is never passed over."""
    moments = [
        RunProgress(at_s, step, PLAN, NO_COUNTS, False)
        for at_s, step in [(0, 0), (1, 0), (4.9, 0), (5.1, 0), (10.0, 1), (10.2, 1)]
    ]
    assert [line.split(",")[0] for line in shown(*moments)] == ["step 1/2", "step 1/2", "step 2/2"]


def test_a_message_is_one_line() -> None:
    """However long it is: the reader of a pipe is a program."""
    message = "worker 3 died, " * 10
    (line,) = shown(RunProgress(3.0, 0, PLAN, NO_COUNTS, False, message.strip()))
    assert line == message.strip()


def test_a_message_is_shown_as_it_is() -> None:
    """What an endpoint says is no markup: brackets stay, and none can break the view."""
    message = "worker 1 died: [bold]OSError[/red] [Errno 24]"
    moment = RunProgress(10.0, 1, PLAN, NO_COUNTS, False, message)
    assert message in shown(moment)
