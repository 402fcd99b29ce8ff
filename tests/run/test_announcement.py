"""Laws of what is said about the detector before a run."""

from __future__ import annotations

import pytest

from edgeload.box_records import BoxFacts
from edgeload.camera_group import CameraGroup
from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import KnownDetector
from edgeload.plan import Plan, mix_plan, one_group_plan, ramp_steps
from edgeload.run.announcement import (
    CLOSED_LOOP_NOTE,
    announcement,
    copy_table,
    described_load,
    detector_words,
    due_per_s,
    intention,
    monitor_words,
    ramp_remarks,
)
from edgeload.run.box_watch import SaidBefore
from edgeload.settings import resolve

ID = "det_" + "A" * 27


def test_an_edge_only_detector_is_what_cameras_get_too() -> None:
    """All that is known, and no warning, also if others are audited."""
    door = KnownDetector(ID, "door", "Open?", 0.9)
    for rate in (1e-5, 1.0):
        (facts,) = announcement([(door, EdgeConfiguration(True, True, rate))])
        assert facts == (
            f"Detector {ID} ('door'): edge-only, confidence threshold 0.9, audit rate {rate:g}."
        )


@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize("here", [True, False, None])
def test_a_monitor_elsewhere_does_not_watch_the_embedded_endpoint(
    *, embedded: bool, here: bool | None
) -> None:
    """One line more, and only then: the load would go to one machine, the samples come from
    another."""
    said = SaidBefore(BoxFacts(0.0, -1.0), clock_bound_s=0.0004, monitor_is_here=here)
    first, *more = monitor_words("http://192.0.2.7:9105", said, embedded=embedded)
    assert first == "Monitor http://192.0.2.7:9105: its clock is known to 0.4 ms."
    assert len(more) == (embedded and here is False)
    for line in more:
        assert line.startswith("WARNING: ENDPOINT_URL is empty, so the load goes to the embedded")
        assert "\n" not in line


def test_cameras_of_any_other_detector_may_ask_the_cloud() -> None:
    """Their threshold is named, if it is known."""
    for threshold, words in ((0.75, "threshold, 0.75:"), (None, "threshold:")):
        detector = KnownDetector(ID, confidence_threshold=threshold)
        facts, cameras = announcement([(detector, EdgeConfiguration(False, False, None))])
        assert "not edge-only" in facts
        assert words in cameras
        assert "the cloud answers" in cameras


def test_an_edge_that_always_answers_sends_pictures_on_afterwards() -> None:
    """That is another thing than an answer from the cloud."""
    _, cameras = announcement([(KnownDetector(ID), EdgeConfiguration(True, False, None))])
    assert "the edge answers too" in cameras


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    """An older box without a cloud tells nothing; that is not taken for good news."""
    facts, cameras = announcement([(KnownDetector(ID), EdgeConfiguration())])
    assert facts.count("unknown") == 2
    assert "the box does not say" in facts
    assert "the cloud may answer" in cameras


@pytest.mark.parametrize("edge_only", [False, None])
@pytest.mark.parametrize(("rate", "warned"), [(1.0, True), (0.01, True), (0.009, False)])
def test_a_box_that_audits_is_a_warning_before_the_run(
    edge_only: bool | None, rate: float, warned: bool
) -> None:
    """From one answer in a hundred on."""
    lines = announcement([(KnownDetector(ID), EdgeConfiguration(edge_only, edge_only, rate))])
    assert lines[-1].startswith("WARNING: ") is warned
    assert (len(lines) == 3) is warned


def test_what_holds_for_several_detectors_is_said_once() -> None:
    """Those that are configured alike stand in one line, by their names or ids."""
    alike = [KnownDetector("det_" + letter * 27, name, None, 0.9) for letter, name in ("Bb", "Cc")]
    other = KnownDetector("det_" + "D" * 27, None, None, 0.9)
    only, not_only = EdgeConfiguration(True, True, 1e-5), EdgeConfiguration(False, False, 1e-5)
    first, second, *cameras = announcement([(alike[0], only), (other, not_only), (alike[1], only)])
    assert first.startswith("Detectors 'b' and 'c': edge-only, confidence threshold 0.9, ")
    assert second.startswith(f"Detector {other.id}: not edge-only, ")
    assert len(cameras) == 1
    assert len(announcement([(alike[0], only), (alike[1], only)])) == 1


FIVE = (
    CameraGroup("door", 4, 5.0),
    CameraGroup("person", 6, 2.0, late="latest"),
    CameraGroup("label", 2, 4.0, "poisson"),
    CameraGroup("gate", 1, 1.0, requests_per_frame=4),
    CameraGroup("archive of last year", 1, None),
)


def five(copies: list[int], ramp_group: str | None = None) -> Plan:
    return mix_plan(FIVE, copies, 30.0, ramp_group=ramp_group)


def test_a_mix_is_announced_by_its_copies() -> None:
    """Or by those of the one group that is ramped; and how many cameras that is."""
    assert intention(five([1, 2, 3]), 2) == (
        "1, 2, 3 copies of the mix, 90 s in all, from 2 worker processes; one copy: 14 cameras"
    )
    assert intention(five([1, 4], "door"), 1) == (
        "1, 4 copies of door, the other groups once, 60 s in all, from 1 worker "
        "process; all groups once: 14 cameras"
    )
    assert described_load(five([1])) == "1 copy of the mix"
    assert described_load(one_group_plan(ramp_steps([2], 1.0), None)) == (
        "2 clients at the rate of the answers (a closed loop) each"
    )


def test_a_copy_is_a_small_table() -> None:
    """A line for each group that fits a terminal, columns under their heads, what max means."""
    words = {group.name: "front-door" for group in FIVE}
    words["gate"] = detector_words("vehicle", [("plate", 3)])
    head, *lines, note = copy_table(five([1]), words)
    assert note == CLOSED_LOOP_NOTE
    assert [line.split("  ")[1].strip() for line in lines] == [group.name for group in FIVE]
    assert all(len(line) < 80 for line in (head, *lines, note))
    for heading, values in {
        "cameras": ["4", "6", "2", "1", "1"],
        "each/s": ["5", "2", "4", "1", "max"],
        "due/s": ["20", "12", "8", "1", "max"],
    }.items():
        end = head.index(heading) + len(heading)
        assert [line[:end].split()[-1] for line in lines] == values
        assert all(line[end] == " " for line in lines)
    start = head.index("detector")
    assert lines[3][start:] == "vehicle, then 3 x plate"
    assert detector_words("a", [("b", 3), ("c", 1)]) == "a, then 3 x b, 1 x c"
    assert lines[0][start:] == "front-door"
    assert CLOSED_LOOP_NOTE not in copy_table(mix_plan(FIVE[:4], [1], 1.0), words)


def test_due_per_second_says_where_nothing_is_due_by_a_plan() -> None:
    """Of all groups, or of one."""
    plan = five([2])
    assert due_per_s(plan, plan.steps[0]) == "82+max"
    assert due_per_s(plan, plan.steps[0], 0) == "40"
    assert due_per_s(plan, plan.steps[0], 4) == "max"
    large = mix_plan((CameraGroup("a", 700, 10.0),), [1], 1.0)
    assert due_per_s(large, large.steps[0]) == "7,000"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"step_size": 20, "max_clients": 5},
            ["--step-size 20 is larger than --max-clients 5: the ramp is one step of 5 clients."],
        ),
        (
            {"custom_ramp": "1,2", "max_clients": 5, "step_size": 7},
            ["--custom-ramp replaces --max-clients and --step-size."],
        ),
        ({"custom_ramp": "1,2"}, []),
        ({"step_size": 5, "max_clients": 5}, []),
    ],
)
def test_a_ramp_that_is_not_what_was_typed_is_explained(
    options: dict[str, object], said: list[str]
) -> None:
    """A step larger than the whole ramp, and options that another one replaces."""
    assert ramp_remarks(resolve({}, options, {})) == said
