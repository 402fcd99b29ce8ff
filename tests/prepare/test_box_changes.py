"""Laws of the box's configuration: what is undone is as it was; what others have stays."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgeload.edge.edge_config import PRESETS, configured_name, has_preset
from edgeload.prepare.box_changes import undone, with_no_cloud
from edgeload.prepare.note import NotedBox, NotedEntry

IDS = [f"det_{letter * 27}" for letter in "abcdef"]
FLAGS = {name: dict(flags) for name, flags in PRESETS.items()}


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Some detectors, each with one of some configurations, whose names may say anything."""
    names = draw(st.lists(st.sampled_from([*FLAGS, "no_cloud_2", "own"]), min_size=1, unique=True))
    listed = draw(st.lists(st.sampled_from(IDS), unique=True))
    return {
        "global_config": {"refresh_rate": 60.0, "confident_audit_rate": 1e-5},
        "edge_inference_configs": {
            name: dict(FLAGS[draw(st.sampled_from(sorted(FLAGS)))]) for name in names
        },
        "detectors": [
            {"detector_id": each, "edge_inference_config": draw(st.sampled_from(names))}
            for each in listed
        ],
    }


some_ids = st.lists(st.sampled_from(IDS), unique=True)


@given(configurations(), some_ids, some_ids)
def test_undone_is_as_it_was(config: dict[str, Any], first: list[str], second: list[str]) -> None:
    """After one call or two, whatever the box had; and nothing is changed in place."""
    before = copy.deepcopy(config)
    changed, noted = with_no_cloud(config, first, None)
    changed, noted = with_no_cloud(changed, second, noted)
    assert config == before
    assert all(has_preset(changed, each, "no_cloud") for each in (*first, *second))
    if noted is None:
        assert changed == config
    else:
        assert undone(changed, noted, []) == (before, [])


@given(configurations(), some_ids)
def test_what_others_have_is_untouched(config: dict[str, Any], ours: list[str]) -> None:
    """Their entries, all named configurations that were there, and what holds for all."""
    changed, _ = with_no_cloud(config, ours, None)
    others = [each for each in config["detectors"] if each["detector_id"] not in ours]
    kept = [each for each in changed["detectors"] if each["detector_id"] not in ours]
    assert kept == others
    assert changed["edge_inference_configs"].items() >= config["edge_inference_configs"].items()
    assert changed["global_config"] == config["global_config"]


@given(configurations(), st.lists(st.sampled_from(IDS), unique=True, min_size=1))
def test_a_detector_that_was_made_goes_whatever_became_of_it(
    config: dict[str, Any], ours: list[str]
) -> None:
    """The others of the mix get back what they had."""
    made = ours[0]
    config["detectors"] = [each for each in config["detectors"] if each["detector_id"] != made]
    changed, noted = with_no_cloud(config, ours, None)
    assert noted is not None
    for entry in changed["detectors"]:
        if entry["detector_id"] == made:
            entry["edge_inference_config"] = next(iter(config["edge_inference_configs"]))
    assert undone(changed, noted, [made]) == (config, [])


def test_what_somebody_has_changed_meanwhile_stays() -> None:
    """For a detector that was not made; one line says so."""
    config = {
        "edge_inference_configs": {"default": FLAGS["default"], "own": FLAGS["disabled"]},
        "detectors": [{"detector_id": IDS[0], "edge_inference_config": "default"}],
    }
    changed, noted = with_no_cloud(config, IDS[:2], None)
    assert noted == NotedBox(
        (NotedEntry(IDS[0], "default", "no_cloud"), NotedEntry(IDS[1], None, "no_cloud")),
        ("no_cloud",),
    )
    changed["detectors"][0]["edge_inference_config"] = "own"
    back, remarks = undone(changed, noted, [])
    assert configured_name(back, IDS[0]) == "own"
    assert configured_name(back, IDS[1]) is None
    assert remarks == [f"{IDS[0]} has the configuration 'own' by now, so that stays"]
    assert "no_cloud" not in back["edge_inference_configs"]


def test_a_name_that_somebody_uses_by_now_stays() -> None:
    """Also if it was added; and what has lost its former configuration keeps the new one."""
    config = {
        "edge_inference_configs": {"default": FLAGS["default"]},
        "detectors": [{"detector_id": IDS[0], "edge_inference_config": "default"}],
    }
    changed, noted = with_no_cloud(config, IDS[:1], None)
    assert noted is not None
    changed["detectors"].append({"detector_id": IDS[1], "edge_inference_config": "no_cloud"})
    back, _ = undone(changed, noted, [])
    assert configured_name(back, IDS[0]) == "default"
    assert configured_name(back, IDS[1]) == "no_cloud"
    del changed["edge_inference_configs"]["default"]
    back, remarks = undone(changed, noted, [])
    assert configured_name(back, IDS[0]) == "no_cloud"
    assert "has no configuration 'default' any more" in remarks[0]
