"""What the box says about itself, from the answers of two routes."""

from __future__ import annotations

import json

from edgeload.edge.box_facts import CONFIG_ROUTE, METRICS_ROUTE, box_facts_of
from edgeload.simulator.detectors import Detector, first_config
from edgeload.simulator.status import metrics

A, B = "det_" + "A" * 27, "det_" + "B" * 27
DETECTORS = [Detector(A, "door", "Open?", 1_795_000_000.0), Detector(B, "person", "Who?", 1.0)]
CONFIG = first_config([A], 1e-5, "no_cloud")
METRICS = metrics(DETECTORS, CONFIG, 1_795_000_000.0, cluster=True, ram_bytes=2**34)


def test_all_that_a_box_says() -> None:
    """Its device, its images, and each detector that is configured or loaded."""
    facts = box_facts_of(CONFIG, METRICS)
    assert (facts.device_id, facts.cpu_cores, facts.flavour) == ("device-simulator", 8, "gpu")
    assert facts.device_name == "edge endpoint simulator"
    assert facts.confident_audit_rate == 1e-5
    assert list(facts.images) == ["edge-endpoint", "inference-server"]
    assert facts.images["edge-endpoint"].endswith("@sha256:" + "e" * 64)
    assert facts.not_known == []
    assert facts.detectors is not None
    door, person = facts.detectors
    assert (door.detector_id, door.name, door.query, door.mode) == (A, "door", "Open?", "BINARY")
    assert (door.edge_only, door.always_edge, door.enabled) == (True, True, True)
    assert door.deploy_time is not None
    assert (person.name, person.edge_only) == ("person", None)


def test_pods_with_one_image_count_once_and_others_are_listed() -> None:
    """The names of pods change with every roll-out; their images say what runs."""
    pods = {"a": {"inference-server": "x@1"}, "b": {"inference-server": "x@1"}}
    told = {**METRICS, "k3s_stats": {"container_images": json.dumps(pods)}}
    assert box_facts_of(CONFIG, told).images == {"inference-server": "x@1"}
    pods["b"] = {"inference-server": "y@2"}
    told["k3s_stats"] = {"container_images": json.dumps(pods)}
    assert box_facts_of(CONFIG, told).images == {"inference-server": "x@1, y@2"}


def test_parts_that_failed_are_not_known() -> None:
    """`{"error": …}` instead of a value, or instead of the object inside a string."""
    broken = {
        "device_info": {"error": "no"},
        "detector_details": json.dumps({"error": "no"}),
        "k3s_stats": {"error": "Not running in a Kubernetes cluster"},
    }
    facts = box_facts_of(CONFIG, broken)
    assert (facts.device_id, facts.images, facts.not_known) == (None, {}, [METRICS_ROUTE])
    assert facts.detectors is not None
    assert [each.detector_id for each in facts.detectors] == [A]


def test_an_old_box_says_nothing_which_is_no_error() -> None:
    """Neither route exists."""
    facts = box_facts_of(None, None)
    assert facts.not_known == [CONFIG_ROUTE, METRICS_ROUTE]
    assert facts.detectors is None
