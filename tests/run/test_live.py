"""What the live view shows of a run: in a terminal of any size, in a pipe, as JSON, or not."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from io import StringIO

import fake_progress as fake
import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

import edgeload.cli  # noqa: F401 - registers how texts are written in a poor encoding
from edgeload.camera_group import CameraGroup
from edgeload.objectives import parse_objective
from edgeload.plan import mix_plan, one_group_plan, ramp_steps
from edgeload.run.counters import BUCKETS, NO_COUNTS, LiveCounts, bucket, bucket_value
from edgeload.run.live import LiveView
from edgeload.run.progress_record import (
    MessageLine,
    ProgressLine,
    RunProgressLine,
    StepEndLine,
)
from edgeload.run.progress_screen import ProgressForm
from edgeload.run.supervisor import RunProgress

PLAN = one_group_plan(ramp_steps([1, 20], 10.0), 2.0)
SLO = tuple(map(parse_objective, ("p95<300ms", "errors<2%", "throughput>=95%", "outage<1s")))


def shown(*moments: RunProgress, form: ProgressForm = "auto") -> list[str]:
    text = StringIO()
    with LiveView(Console(file=text, width=60), form, SLO) as view:
        for moment in moments:
            view.show(moment)
    return text.getvalue().splitlines()


def test_a_line_has_the_counts_of_the_run_and_the_times_of_the_step() -> None:
    """Percentiles are of the present step alone; the rate counts good answers, lately."""
    first, second = [0] * BUCKETS, [0] * BUCKETS
    first[bucket(5.0)] = second[bucket(5.0)] = 40
    second[bucket(0.1)] = 10
    before = replace(NO_COUNTS, ok=40, response=tuple(first))
    now = replace(NO_COUNTS, ok=50, failed=2, missed=3, response=tuple(second))
    _, line, _ = shown(
        RunProgress(10.0, 1, PLAN, before, False),
        RunProgress(16.0, 1, PLAN, now, False),
    )
    p50 = f"{bucket_value(bucket(0.1)) * 1000:.1f} ms"
    assert line == (
        f"step 2/2, clients 20, due/s 40, done/s 1.7, answered 50, failed 2, missed 3, "
        f"response p50 {p50}, p95 {p50}, left 4 s"
    )


def test_lines_come_every_five_seconds_and_at_the_begin_and_end_of_each_step() -> None:
    """A pipe is not flooded, and a step is never passed over; the last one ends with the run."""
    moments = [
        RunProgress(at_s, step, PLAN, NO_COUNTS, False)
        for at_s, step in [(0, 0), (1, 0), (4.9, 0), (5.1, 0), (10.0, 1), (10.2, 1)]
    ]
    assert [re.split("[,:]", line)[0] for line in shown(*moments)] == [
        "step 1/2",
        "step 1/2",
        "step 1/2 is over",
        "step 2/2",
        "step 2/2 is over",
    ]


def test_a_line_says_what_became_of_a_step() -> None:
    """Its own counts and times, and a first impression: kept up, saturated, failed."""
    plan = fake.plan_of(2)
    lines = shown(*fake.moments(plan, 16.0, capacity_per_s=25.0))
    over = [line for line in lines if "is over" in line]
    assert over[0].startswith("step 1/2 is over: clients 10, due/s 20, done/s 20.")
    assert over[0].endswith(", p95 50.4 ms: kept up")
    assert over[1].startswith("step 2/2 is over: clients 20, due/s 40, done/s 25.")
    assert over[1].endswith(": saturated")
    failing = shown(*fake.moments(plan, 8.0, classes=2))
    assert next(line for line in failing if "is over" in line).endswith(": failures")


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


def test_none_shows_messages_only() -> None:
    """The view is not wanted; what went wrong still is."""
    moments = fake.moments(fake.plan_of(2), 16.0)
    told = replace(moments[5], message="worker 1 died")
    assert shown(*moments, told, form="none") == ["worker 1 died"]


def test_json_lines_are_typed_records() -> None:
    """Each line is one of ProgressLine: one a second, one for each step's end, and messages."""
    moments = fake.moments(fake.plan_of(2, 3), 16.0, capacity_per_s=20.0, classes=2)
    told = replace(moments[5], message="worker 1 died:\n[bold]")
    lines = [
        msgspec.json.decode(line, type=ProgressLine, strict=True)
        for line in shown(*moments, told, form="json")
    ]
    assert [line for line in lines if isinstance(line, MessageLine)] == [
        MessageLine("worker 1 died:\n[bold]")
    ]
    ends = [line for line in lines if isinstance(line, StepEndLine)]
    assert [(end.step, end.load, end.unit) for end in ends] == [(1, 1, "copies"), (2, 2, "copies")]
    seconds = [line for line in lines if isinstance(line, RunProgressLine)]
    assert 14 <= len(seconds) <= 18
    last = seconds[-1]
    assert (last.step, last.steps, last.due_per_s) == (2, 2, 24.0)
    assert sum(last.failures.values()) == last.failed == sum(g.failed for g in last.groups)
    assert last.answered == sum(group.answered for group in last.groups)
    assert [each.objective for each in last.objectives] == [each.text for each in SLO]
    assert last.generator.workers == 2
    assert last.generator.cpu_cores == pytest.approx(0.1)
    assert last.generator.core_wait_ms == pytest.approx(0.2)


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
        RunProgress(11.5, 1, MIX, total, False, by_group=(door, archive, NO_COUNTS)),
    ]


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def in_terminal(
    *moments: RunProgress, width: int = 80, height: int = 24, encoding: str = "utf-8"
) -> list[str]:
    """The last view that a terminal of this size shows, line by line, in its encoding."""

    class Terminal(StringIO):
        @property
        def encoding(self) -> str:  # type: ignore[override]
            return encoding

    text = Terminal()
    console = Console(
        file=text,
        width=width,
        height=height,
        force_terminal=True,
        color_system=None,
        legacy_windows=False,
    )
    view = LiveView(console, "auto", SLO)
    view.__enter__()
    *before, last = moments
    for moment in before:
        view.show(moment)
    text.seek(0)
    text.truncate()
    view._screen.show_at_once()
    view.show(last)
    written = CONTROL.sub("", text.getvalue()).rstrip("\n")
    return codecs.decode(codecs.encode(written, encoding, "edgeload"), encoding).split("\n")


SIZES = [(40, 10), (80, 24), (140, 40), (200, 60)]


@pytest.mark.parametrize("classes", [0, 1, 8])
@pytest.mark.parametrize("groups", [0, 1, 12])
@pytest.mark.parametrize("steps", [1, 5, 60])
def test_a_view_fits_every_terminal(steps: int, groups: int, classes: int) -> None:
    """No line is wider than the terminal and none is below it, in any encoding."""
    plan = fake.plan_of(steps, groups, 2.0)
    moments = fake.moments(plan, min(plan.duration_s - 0.5, 9.5), classes=classes)
    for number, (width, height) in enumerate([*SIZES, (20, 4), (120, 29), (119, 50)]):
        for encoding in ("utf-8", ("latin-1", "ascii")[number % 2]):
            lines = in_terminal(
                moments[0], moments[-5], moments[-1], width=width, height=height, encoding=encoding
            )
            assert len(lines) < height, (width, height, encoding)
            widest = max(lines, key=cell_len)
            assert cell_len(lines[-1].rstrip()) <= width - 2 or height < 10  # room for ^C
            assert cell_len(widest) <= width, (width, height, encoding, widest)
            if encoding != "utf-8":  # nothing that it lacks, which would be a question mark
                assert "?" not in "".join(lines)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_figures_are_whole_or_not_there(width: int, height: int) -> None:
    """A number that is cut is a wrong number: columns are left out, and cells are not cut."""
    plan = fake.plan_of(5)
    moments = fake.moments(plan, 30.0, capacity_per_s=60.0, classes=3)
    text = "\n".join(in_terminal(*moments, width=width, height=height))
    assert "…" not in text
    assert re.search(r"\b40 +(80 +)?57\.0\b", text)  # clients, due and done per second of step 4
    assert re.search(r" (failures|will saturate)\s*(│|$)", text, re.M)
    if width >= 80:
        assert "This step will saturate: the backlog grows by 20" in text
        assert "✗ not met so far" in text
        assert [n for n in range(1, 4) if re.search(rf"^[ │]+{n} +{n}0 ", text, re.M)] == [1, 2, 3]


def test_more_steps_than_lines_leave_the_newest() -> None:
    """The oldest steps go first; the present one is always there."""
    plan = fake.plan_of(60, step_s=2.0)
    lines = in_terminal(*fake.moments(plan, 100.5)[2::8])
    rows = [int(line.split()[0]) for line in lines if re.match(r" *\d+ +\d+ +\d", line)]
    assert rows == list(range(rows[0], 52))
    assert len(rows) >= 8


def test_a_mix_has_a_row_for_each_group_and_one_for_all() -> None:
    """Each with its own counts, rates and times, in 80 columns; nothing is cut off but a name."""
    lines = in_terminal(*mix_moments())
    assert lines[1].startswith("step 2/2, 20 copies ")
    assert lines[1].rstrip().endswith(" 15% 8 s left")
    head = next(i for i, line in enumerate(lines) if line.startswith("group"))
    heads = ["group", "due/s", "done/s", "answered", "failed", "missed", "p50", "ms", "p95", "ms"]
    assert lines[head].split() == heads
    p50, slow = (bucket_value(bucket(s)) * 1000 for s in (0.05, 1.2))
    fast = f"{p50:.1f}"
    assert [row.split() for row in lines[head + 1 : head + 5]] == [
        ["door", "400", "26.7", "40", "2", "0", fast, fast],
        ["archive", "of", "last", "y…", "max", "13.3", "20", "0", "7", *[f"{slow:,.0f}"] * 2],
        ["idle", "20", "0.0", "0", "0", "0", "-", "-"],
        ["all", "420+max", "40.0", "60", "2", "7", fast, f"{slow:,.0f}"],
    ]


def test_more_groups_than_lines_are_summed_in_the_last_row() -> None:
    """The view never grows past the terminal; it says how many it leaves out."""
    many = tuple(CameraGroup(f"group {index}", 1, 1.0) for index in range(40))
    plan = mix_plan(many, [1], 10.0)
    by_group = tuple(counts(1, 0.1) for _ in many)
    moment = RunProgress(1.0, 0, plan, counts(40, 0.1), False, by_group=by_group)
    lines = in_terminal(moment)
    assert len(lines) <= 23
    rows = [line for line in lines if line.startswith("group ")][1:]
    (total,) = [line for line in lines if line.startswith("all, ")]
    assert total.split()[:4] == ["all,", f"{40 - len(rows)}", "more", "40"]


def test_a_line_of_a_mix_has_the_sum_and_then_each_group() -> None:
    """One line for a program that reads a pipe."""
    _, line, _ = shown(*[replace(m, now_s=m.now_s + 4 * i) for i, m in enumerate(mix_moments())])
    total, *groups = line.split("; ")
    assert total.startswith(
        "step 2/2, copies 20, due/s 420+max, done/s 10.9, answered 60, failed 2"
    )
    assert total.endswith("left 4 s")
    p50 = f"{bucket_value(bucket(0.05)) * 1000:.1f} ms"
    assert groups[0] == f"door: due/s 400, done/s 7.3, failed 2, missed 0, p95 {p50}"
    assert groups[1].startswith("archive of last year: due/s max, done/s 3.6, failed 0, missed 7, ")
    assert groups[2] == "idle: due/s 20, done/s 0.0, failed 0, missed 0, p95 -"


def test_a_mix_of_one_group_has_no_row_twice() -> None:
    """The sum is the group."""
    plan = mix_plan((CameraGroup("door", 4, 5.0),), [1], 10.0)
    moment = RunProgress(1.0, 0, plan, counts(4, 0.1), False, by_group=(counts(4, 0.1),))
    line, _ = shown(moment)
    assert "door" not in line
    assert "copies 1, due/s 20" in line
    assert "door" not in "".join(in_terminal(moment))


def test_a_terminal_that_cannot_redraw_gets_lines() -> None:
    """TERM=dumb, for example in an editor: rich would show nothing until the end."""
    text = StringIO()
    console = Console(file=text, width=80, force_terminal=True, _environ={"TERM": "dumb"})
    with LiveView(console) as view:
        view.show(fake.moments(fake.plan_of(2), 1.0)[-1])
    assert text.getvalue().startswith("step 1/2, clients 10, ")


def test_a_resize_is_followed() -> None:
    """From one moment to the next the view has the new size, on a clear screen."""
    text = StringIO()
    console = Console(
        file=text,
        width=140,
        height=40,
        force_terminal=True,
        color_system=None,
        legacy_windows=False,
    )
    with LiveView(console, "auto", SLO) as view:
        first, second = fake.moments(fake.plan_of(2), 12.0)[-2:]
        view.show(first)
        assert max(map(cell_len, CONTROL.sub("", text.getvalue()).split("\n"))) > 80
        text.seek(0)
        text.truncate()
        console.width, console.height = 60, 15
        view._screen.show_at_once()
        view.show(second)
        erased, _, after = text.getvalue().rpartition("\x1b[2J")
        assert erased
        lines = CONTROL.sub("", after).split("\n")
        assert len(lines) < 15
        assert max(map(cell_len, lines)) <= 60
