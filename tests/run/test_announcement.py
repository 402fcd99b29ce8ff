"""Laws of what is said about the detector before a run."""

from __future__ import annotations

import pytest

from edgeload.edge.configuration import EdgeConfiguration
from edgeload.edge.detectors import KnownDetector
from edgeload.run.announcement import announcement

ID = "det_" + "A" * 27


def test_an_edge_only_detector_is_what_cameras_get_too() -> None:
    """All that is known, and no warning, also if others are audited."""
    door = KnownDetector(ID, "door", "Open?", 0.9)
    for rate in (1e-5, 1.0):
        facts, cameras = announcement([(door, EdgeConfiguration(True, True, rate))])
        assert facts == (
            f"Detector {ID} ('door'): edge-only, confidence threshold 0.9, audit rate {rate:g}."
        )
        assert "confidence_threshold=0.0" in cameras
        assert "as it does for your own cameras" in cameras


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
