"""Laws of changing the box's configuration, against the SDK's own models and a running endpoint."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from groundlight.edge import EdgeEndpointConfig
from recording_server import Handler, recording_server

from edgeload.edge.box_facts import box_facts_of
from edgeload.edge.configuration import configuration_of
from edgeload.edge.edge_config import (
    PRESETS,
    ConfigFileError,
    EdgeConfigError,
    KeptConfig,
    Preset,
    agrees,
    await_detectors,
    configured_ids,
    has_preset,
    keep_config,
    kept_config,
    not_served,
    put_edge_config,
    read_edge_config,
    with_preset,
    without_detectors,
)
from edgeload.edge.location import Unreachable
from edgeload.edge.trust import TlsTrust
from edgeload.simulator.launch import RunningSimulator, running_simulator

TRUST = TlsTrust()
A, B, C = (f"det_{letter * 27}" for letter in "ABC")
BOX: dict[str, Any] = {
    "global_config": {"refresh_rate": 60.0, "confident_audit_rate": 1e-5},
    "edge_inference_configs": {
        "default": {
            "enabled": True,
            "always_return_edge_prediction": False,
            "disable_cloud_escalation": False,
            "min_time_between_escalations": 30.0,
        },
        "ours": {
            "enabled": True,
            "always_return_edge_prediction": True,
            "disable_cloud_escalation": False,
            "min_time_between_escalations": 7.5,
        },
    },
    "detectors": [
        {"detector_id": A, "edge_inference_config": "default"},
        {"detector_id": B, "edge_inference_config": "ours"},
    ],
}


def understood(config: Any) -> dict[str, Any]:
    """The configuration as the SDK, and with it the real endpoint, understands it."""
    return dict(EdgeEndpointConfig.from_payload(config).to_payload())


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_preset_changes_the_named_detectors_and_nothing_else(preset: Preset) -> None:
    """The SDK's models accept the result, and resolve B and all named configurations as before."""
    before = copy.deepcopy(BOX)
    changed = with_preset(BOX, [A.lower(), C], preset)
    assert before == BOX, "the one that was given is not touched"
    old, new = understood(BOX), understood(changed)
    assert new["global_config"] == old["global_config"]
    kept = {name: new["edge_inference_configs"][name] for name in old["edge_inference_configs"]}
    assert kept == old["edge_inference_configs"]
    assert configured_ids(changed) == [A, B, C]
    by_id = {each["detector_id"]: each["edge_inference_config"] for each in new["detectors"]}
    assert by_id[B] == "ours"
    for own in (A, C):
        flags = new["edge_inference_configs"][by_id[own]]
        assert {key: flags[key] for key in PRESETS[preset]} == PRESETS[preset]
        assert has_preset(changed, own, preset)
    assert with_preset(changed, [A, C], preset) == changed, "once is enough"
    served = [] if preset == "disabled" else [A, C.lower()]
    assert not_served([A, C.lower()], BOX) == [C.lower()]
    assert [each for each in (A, C.lower()) if not not_served([each], changed)] == served


def test_the_presets_are_those_of_the_sdk() -> None:
    """The SDK declares them, with the times that the box would add."""
    from groundlight import edge  # noqa: PLC0415

    for name, flags in PRESETS.items():
        theirs = getattr(edge, name.upper()).model_dump()
        assert {key: theirs[key] for key in flags} == flags


def test_a_name_that_means_something_else_is_left_alone() -> None:
    """A box may call another configuration no_cloud: its detectors keep what they have."""
    odd = copy.deepcopy(BOX)
    odd["edge_inference_configs"]["no_cloud"] = {"enabled": False}
    odd["detectors"].append({"detector_id": C, "edge_inference_config": "no_cloud"})
    changed = with_preset(odd, [A], "no_cloud")
    assert changed["edge_inference_configs"]["no_cloud"] == {"enabled": False}
    assert changed["detectors"][0]["edge_inference_config"] == "no_cloud_2"
    assert has_preset(changed, A, "no_cloud")
    assert not has_preset(changed, C, "no_cloud")
    assert not has_preset(changed, "det_unknown", "no_cloud")


def test_taking_detectors_out_undoes_adding_them() -> None:
    """Whatever the case of their letters; all others stay."""
    added = with_preset(BOX, [C], "default")
    assert without_detectors(added, [C.lower()]) == BOX
    assert configured_ids(without_detectors(BOX, [A, C])) == [B]


def test_a_box_agrees_if_it_has_added_only_what_was_left_to_it() -> None:
    """Defaults and another order do not count; every other change does."""
    put = with_preset(BOX, [A], "no_cloud")
    read = understood(put)
    read["detectors"].reverse()
    assert agrees(put, read)
    others: list[dict[str, Any]] = [
        {**read, "detectors": read["detectors"][1:]},
        with_preset(read, [A], "default"),
        {**read, "edge_inference_configs": {**read["edge_inference_configs"], "more": {}}},
        {**read, "global_config": {**read["global_config"], "confident_audit_rate": 1.0}},
        copy.deepcopy(read),
    ]
    others[-1]["edge_inference_configs"]["ours"]["enabled"] = False
    assert [agrees(put, other) for other in others] == [False] * len(others)


def test_a_file_keeps_it_for_its_owner_alone(tmp_path: Path) -> None:
    """What is read is what was written; nobody else may read it."""
    kept = KeptConfig("http://box:1", 1_795_000_000.0, BOX, with_preset(BOX, [A], "no_cloud"))
    file = tmp_path / "run" / "edge-config.json"
    keep_config(file, kept)
    assert kept_config(file) == kept
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"before": {}, "put": {}}', "[" * 100_000])
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    """Also one that does not exist."""
    file = tmp_path / "some.json"
    with pytest.raises(ConfigFileError, match="cannot be read"):
        kept_config(file)
    file.write_text(text)
    with pytest.raises(ConfigFileError, match="is not the configuration of an Edge Endpoint"):
        kept_config(file)


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSimulator]:
    options = ["--detector", f"a:id={A}", "--detector", f"b:id={B}", "--edge-inference", "default"]
    slow = ["--configure-time", "300ms", "--readiness-cache", "300ms", "--service-time", "1ms"]
    with running_simulator([*options, *slow]) as running:
        yield running


def test_a_box_is_changed_and_put_back(box: RunningSimulator) -> None:
    """Others stay as they are; afterwards the box says exactly what it said before."""
    before = read_edge_config(box.url, TRUST)
    changed = with_preset(before, [A], "no_cloud")
    put_edge_config(box.url, changed, TRUST)
    now = read_edge_config(box.url, TRUST)
    assert has_preset(now, A, "no_cloud")
    assert has_preset(now, B, "default")
    await_detectors(box.url, [A, B], TRUST, timeout_s=0.0, new=False)  # their models are there
    put_edge_config(box.url, before, TRUST)
    assert read_edge_config(box.url, TRUST) == before


def test_what_is_ready_stays_so(box: RunningSimulator) -> None:
    """After the wait for a new detector, none of the eight processes says no any more."""
    before = read_edge_config(box.url, TRUST)
    try:
        put_edge_config(box.url, with_preset(before, [C], "no_cloud"), TRUST)
        said: list[str] = []
        await_detectors(
            box.url,
            [A, C],
            TRUST,
            timeout_s=10.0,
            settled_s=0.3,
            pause=lambda _: time.sleep(0.03),
            say=said.append,
        )
        assert said == [f"{box.url}: waiting up to 10 s until it is ready: {C}"]
        for _ in range(60):
            answer = requests.get(f"{box.url}/edge-detector-readiness", timeout=10).json()
            assert answer[C] == {"ready": True}
    finally:
        put_edge_config(box.url, before, TRUST)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"detectors": [{"detector_id": A, "edge_inference_config": ["a"]}]},
         "detectors: entry 1 has no text as edge_inference_config"),
        ({"detectors": [{"detector_id": A, "edge_inference_config": {}}]}, "entry 1 has no text"),
        ({"detectors": [{"detector_id": A}, "b"]}, "detectors: entry 2 has no text as detector_id"),
        ({"detectors": [{"detector_id": 7}]}, "entry 1 has no text as detector_id"),
        ({"edge_inference_configs": ["a"]}, "edge_inference_configs is no object"),
        ({"edge_inference_configs": {"a": []}}, "edge_inference_configs: a is no object"),
        ({"global_config": 1}, "global_config is no object"),
    ],
)  # fmt: skip
def test_a_strange_configuration_is_one_clear_line(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    """Of a box and in a file; what only reads it goes on without."""
    config = {**BOX, **changed}
    with (
        recording_server(handler=saying([json.dumps(config).encode()])) as recorder,
        pytest.raises(EdgeConfigError, match=f"not understand .GET /edge-config: .*{said}"),
    ):
        read_edge_config(recorder.url, TRUST)
    keep_config(tmp_path / "file", KeptConfig("http://192.0.2.7:30143", 1.0, config, BOX))
    with pytest.raises(ConfigFileError, match="is not the configuration"):
        kept_config(tmp_path / "file")
    assert configuration_of(config, A).edge_only is not True
    assert "/edge-config" not in box_facts_of(config, {}).not_known


class Time:
    """A clock that moves with every pause."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> None:
        self.now_s += seconds


def saying(answers: list[bytes]) -> type[Handler]:
    """A box whose readiness is told by these answers in turn; the last one again and again."""

    class Saying(Handler):
        def do_GET(self) -> None:
            self.reply(200, answers.pop(0) if len(answers) > 1 else answers[0])

    return Saying


YES, NO = (f'{{"{A}":{{"ready":{word}}}}}'.encode() for word in ("true", "false"))


def test_one_no_starts_the_row_again() -> None:
    """Yeses count from the last no on, for as long as any process may repeat an older answer."""
    clock = Time()
    with recording_server(handler=saying([NO, YES, YES, b"{}", YES, NO, YES])) as recorder:
        await_detectors(recorder.url, [A], TRUST, timeout_s=60.0, clock=clock, pause=clock.pause)
    assert clock.now_s == pytest.approx(6 * 0.25 + 5.0)


def test_waiting_ends_with_the_names_of_those_that_are_not_ready() -> None:
    """The wait is bounded, also if nothing is ever said; without detectors there is none."""
    clock = Time()
    for answers in ([NO], [b"not json"]):
        with recording_server(handler=saying(answers)) as recorder:
            await_detectors(recorder.url, [], TRUST, timeout_s=0.0)
            with pytest.raises(EdgeConfigError, match=f"not ready within 9 s: {A}"):
                await_detectors(
                    recorder.url, [A], TRUST, timeout_s=9.0, clock=clock, pause=clock.pause
                )
    assert clock.now_s == pytest.approx(18.0)


def test_a_wrong_configuration_changes_nothing(box: RunningSimulator) -> None:
    """The cloud's 404 comes back, which says nothing: both possible causes are named."""
    before = read_edge_config(box.url, TRUST)
    wrong = {**before, "detectors": [{"detector_id": A, "edge_inference_config": "unknown"}]}
    with pytest.raises(EdgeConfigError, match="older than April 2026, or it finds the conf"):
        put_edge_config(box.url, wrong, TRUST)
    assert read_edge_config(box.url, TRUST) == before


def test_an_older_box_has_no_configuration_to_read() -> None:
    """Nor anything that is no Edge Endpoint; nobody there is a line as always."""

    class Older(Handler):
        def do_GET(self) -> None:
            self.reply(404, b'{"detail":"Not Found"}')

    with (
        recording_server(handler=Older) as recorder,
        pytest.raises(EdgeConfigError, match="April 2026"),
    ):
        read_edge_config(recorder.url, TRUST)
    with pytest.raises(Unreachable, match="no answer"):
        read_edge_config("http://127.0.0.1:9", TRUST)


def test_a_box_that_keeps_another_configuration_is_not_believed() -> None:
    """Its 200 alone does not say that it has what was put."""

    class Deaf(Handler):
        def do_GET(self) -> None:
            self.reply(200, b'{"detectors": []}')

        def do_PUT(self) -> None:
            self.reply(200, b"null")

    with (
        recording_server(handler=Deaf) as recorder,
        pytest.raises(EdgeConfigError, match="has another one"),
    ):
        put_edge_config(recorder.url, BOX, TRUST)
