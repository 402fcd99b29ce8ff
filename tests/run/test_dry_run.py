"""The plan as a table."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from edgeload.camera_group import CameraGroup
from edgeload.interference_plan import interference_plan
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.dry_run import print_plan


@pytest.mark.parametrize(
    ("clients", "line"),
    [
        ([1], "1 request in 1 s, from 1 client at 1 request/s. Nothing was sent."),
        ([1, 2000], "2,001 requests in 2 s, from up to 2,000 clients at 1 request/s each. "),
    ],
)
def test_the_first_line_says_how_much_would_be_sent(clients: list[int], line: str) -> None:
    """In total and at most, with singular and plural in their places."""
    text = StringIO()
    print_plan(
        one_group_plan(ramp_steps(clients, 1.0), 1.0),
        {"cameras": 1000},
        Console(file=text, width=200),
    )
    assert text.getvalue().startswith(line)


@pytest.mark.parametrize(
    ("step_s", "rate", "warns"),
    [(3.4, 2.0, True), (3.6, 2.0, False), (7.9, 0.5, True), (8.1, 0.5, False)],
)
def test_steps_that_can_never_tell_are_named(step_s: float, rate: float, warns: bool) -> None:
    """2 s or one period, and three periods more, is the least; what is shorter is said."""
    text = StringIO()
    print_plan(
        one_group_plan(ramp_steps([5], step_s), rate),
        {"cameras": 1000},
        Console(file=text, width=200),
    )
    assert ("too short to tell" in text.getvalue()) == warns


DOOR, GATE = CameraGroup("door", 4, 5.0), CameraGroup("gate", 1, 1.0, requests_per_frame=4)
BATCH = CameraGroup("archive of last year", 2, None)
BYTES = {"door": 20_000.0, "gate": 50_000.0, BATCH.name: 1e9, "cameras": 1e9}
WORDS = {"door": "front-door", "gate": "vehicle, then 3 x plate", BATCH.name: "det_" + "A" * 27}


def shown(plan: Plan, width: int = 80) -> list[str]:
    """The lines in a terminal of this width, as a reader sees them."""
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=True, color_system=None)
    print_plan(plan, BYTES, console, detectors=WORDS)
    return text.getvalue().splitlines()


def test_a_mix_is_shown_by_copy_and_by_step() -> None:
    """What one copy is, then a row for each step with all groups together."""
    first, *lines = shown(mix_plan((DOOR, GATE), [1, 3], 10.0))
    assert first == "960 requests in 20 s, from 1, 3 copies of the mix. Nothing was sent."
    assert "One copy: 5 cameras" in lines
    assert any(line.split() == ["door", "4", "5", "20", "front-door"] for line in lines)
    rows = [line.split() for line in lines]
    # Frames due per second, and requests: 20 + 4 of them a second in a copy, of 20 and 50 kB.
    assert ["1", "1", "5", "0", "10", "21", "240", "0.6"] in rows
    assert ["2", "3", "15", "10", "20", "63", "720", "1.8"] in rows


def test_of_a_closed_loop_nothing_is_known_before() -> None:
    """It is named, and no number pretends to contain it."""
    first, *lines = shown(mix_plan((DOOR, BATCH), [1, 2], 10.0))
    assert first.startswith("600 requests and those of archive of last year (a closed loop) in 20")
    rows = [line.split() for line in lines]
    assert ["1", "1", "6", "0", "10", "20+max", "200+max", "0.4+max"] in rows
    (only, *_) = shown(one_group_plan(ramp_steps([2], 1.0), None))
    assert only.startswith("0 requests and those of cameras (a closed loop) in 1 s, from 2 clients")


@pytest.mark.parametrize("ramp_group", [None, "door"])
def test_nothing_is_cut_off_in_a_terminal_of_80_columns(ramp_group: str | None) -> None:
    """Neither a head nor a number, for a long ramp of many cameras."""
    groups = tuple(CameraGroup(f"group {index}", 200, 50.0) for index in range(5))
    plan = mix_plan(groups, [1, 20], 3600.0, ramp_group=ramp_group and "group 0")
    text = StringIO()
    console = Console(file=text, width=80, force_terminal=True, color_system=None)
    sizes, words = (
        {group.name: what for group in groups} for what in (9e6, "a-long-detector-name")
    )
    print_plan(plan, sizes, console, detectors=words)  # type: ignore[arg-type]
    assert "…" not in text.getvalue()
    assert all(len(line) <= 80 for line in text.getvalue().splitlines())


def test_the_steps_of_an_interference_run_are_named_in_one_line() -> None:
    """Alone, half or full; a closed loop alone has no number at all, and a group left out none."""
    archive = CameraGroup("archive", 4, None)
    words = {"door": "front-door", "archive": "det_1"}
    sizes = {"door": 20_000.0, "archive": 1e9}
    text = StringIO()
    console = Console(file=text, width=80, force_terminal=True, color_system=None)
    print_plan(interference_plan((DOOR, archive), 1, 3, 6.0), sizes, console, detectors=words)
    rows = {
        " ".join(line.split()[1:-3]): line.split()[-3:]
        for line in text.getvalue().splitlines()
        if line.strip()[:1].isdigit()
    }
    assert rows["door alone"] == ["20", "120", "0.4"]
    assert rows["archive alone"] == ["max", "max", "max"]
    assert rows["4 door beside 2 (half) archive"] == ["20+max", "120+max", "0.4+max"]
    assert rows["2 (half) door beside 4 archive"] == ["10+max", "60+max", "0.2+max"]
    assert rows["4 door beside 4 archive"] == ["20+max", "120+max", "0.4+max"]
