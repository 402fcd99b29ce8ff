"""What the live view shows in a terminal, and prints into a pipe."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from edgeload.camera_group import CameraGroup
from edgeload.plan import mix_plan, one_group_plan, ramp_steps
from edgeload.run.counters import BUCKETS, NO_COUNTS, LiveCounts, bucket, bucket_value
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


GROUPS = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("archive of last year", 1, None),
    CameraGroup("idle", 1, 1.0),
)
MIX = mix_plan(GROUPS, [1, 20], 10.0)


def counts(ok: int, at_s: float, failed: int = 0, missed: int = 0) -> LiveCounts:
    times = [0] * BUCKETS
    times[bucket(at_s)] = ok
    return replace(NO_COUNTS, ok=ok, failed=failed, missed=missed, response=tuple(times))


def mix_moments() -> list[RunProgress]:
    """The beginning of the second step, and two seconds later."""
    none = (NO_COUNTS,) * 3
    door, archive = counts(40, 0.05, failed=2), counts(20, 1.2, missed=7)
    total = replace(
        NO_COUNTS,
        ok=60,
        failed=2,
        missed=7,
        response=tuple(map(sum, zip(door.response, archive.response, strict=True))),
    )
    return [
        RunProgress(10.0, 1, MIX, NO_COUNTS, False, by_group=none),
        RunProgress(12.0, 1, MIX, total, False, by_group=(door, archive, NO_COUNTS)),
    ]


def in_terminal(*moments: RunProgress, width: int = 80, height: int = 24) -> list[str]:
    """The last view that a terminal of this size shows."""
    text = StringIO()
    console = Console(file=text, width=width, height=height, force_terminal=True, color_system=None)
    view = LiveView(console)
    for moment in moments:
        view.show(moment)
    text.seek(0)
    text.truncate()
    console.print(view._live.renderable)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_a_mix_has_a_row_for_each_group_and_one_for_all() -> None:
    """Each with its own counts, rates and times, in 80 columns; nothing is cut off but a name."""
    place, _, head, *rows = in_terminal(*mix_moments())
    assert place == "step 2/2, copies 20, left 8 s"
    assert head.split() == [
        "group",
        "due/s",
        "done/s",
        "answered",
        "failed",
        "missed",
        "p50",
        "p95",
    ]
    p50, slow = (f"{bucket_value(bucket(s)) * 1000:.1f}" for s in (0.05, 1.2))
    assert [row.split() for row in rows] == [
        ["door", "400", "21.0", "40", "2", "0", p50, "ms", p50, "ms"],
        ["archive", "of", "last", "y…", "max", "10.0", "20", "0", "7", slow, "ms", slow, "ms"],
        ["idle", "20", "0.0", "0", "0", "0", "-", "-"],
        ["all", "420+max", "31.0", "60", "2", "7", p50, "ms", slow, "ms"],
    ]
    assert all(len(row) <= 80 for row in rows)


def test_more_groups_than_lines_are_summed_in_the_last_row() -> None:
    """The view never grows past the terminal; it says how many it leaves out."""
    many = tuple(CameraGroup(f"group {index}", 1, 1.0) for index in range(40))
    plan = mix_plan(many, [1], 10.0)
    by_group = tuple(counts(1, 0.1) for _ in many)
    moment = RunProgress(1.0, 0, plan, counts(40, 0.1), False, by_group=by_group)
    lines = in_terminal(moment)
    assert len(lines) <= 23
    rows = [line for line in lines if line.startswith("group ")][1:]
    assert lines[0].endswith(f"; {40 - len(rows)} more groups, counted in the last row")
    assert lines[-1].split()[:2] == ["all", "40"]


def test_a_line_of_a_mix_has_the_sum_and_then_each_group() -> None:
    """One line for a program that reads a pipe."""
    _, line = shown(*[replace(m, now_s=m.now_s + 4 * i) for i, m in enumerate(mix_moments())])
    total, *groups = line.split("; ")
    assert total.startswith(
        "step 2/2, copies 20, due/s 420+max, done/s 10.3, answered 60, failed 2"
    )
    assert total.endswith("left 4 s")
    p50 = f"{bucket_value(bucket(0.05)) * 1000:.1f} ms"
    assert groups[0] == f"door: due/s 400, done/s 7.0, failed 2, missed 0, p95 {p50}"
    assert groups[1].startswith("archive of last year: due/s max, done/s 3.3, failed 0, missed 7, ")
    assert groups[2] == "idle: due/s 20, done/s 0.0, failed 0, missed 0, p95 -"


def test_a_mix_of_one_group_has_no_row_twice() -> None:
    """The sum is the group."""
    plan = mix_plan((CameraGroup("door", 4, 5.0),), [1], 10.0)
    moment = RunProgress(1.0, 0, plan, counts(4, 0.1), False, by_group=(counts(4, 0.1),))
    (line,) = shown(moment)
    assert "door" not in line
    assert "copies 1, due/s 20" in line
    assert len(in_terminal(moment)) == 3
