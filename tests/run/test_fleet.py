"""Nodes that load different endpoints: what each endpoint got, by its own log.

The nodes are in this process, as in the tests of the cluster; the endpoints are simulators.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest
from nodes_here import EngineHere
from rich.console import Console

from edgeload.cluster import node
from edgeload.cluster.cluster_run import ClusterRun
from edgeload.edge.location import Unreachable
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.session import run_session
from edgeload.settings import TOKEN, SettingError, Settings, resolve
from edgeload.simulator.launch import running_simulator
from edgeload.simulator.truth import Truth, read_truth_log

IDS = ("det_" + "a" * 27, "det_" + "b" * 27)
SERVICE_S = (0.02, 0.06)


@dataclass(frozen=True)
class Box:
    """An endpoint with a detector of the same name and another id."""

    url: str
    truth_log: Path
    earlier: int = 0
    """So many queries came before the test."""

    @property
    def truth(self) -> list[Truth]:
        return read_truth_log(self.truth_log)[self.earlier :]


@pytest.fixture(autouse=True)
def _own_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node hides the token in all that its process prints; here that is the test's own."""
    monkeypatch.setattr(node, "hide_in_errors", lambda: None)


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Box]]:
    """Two endpoints, one three times as slow as the other."""
    folder = tmp_path_factory.mktemp("truth")
    with contextlib.ExitStack() as stack:
        running = []
        for detector_id, service_s in zip(IDS, SERVICE_S, strict=True):
            ms = f"{service_s * 1000:g}ms"
            log = folder / detector_id
            options = (
                *("--detector", f"edge-load-test:id={detector_id},service-time={ms},workers=8"),
                *("--detector", f"gate:service-time={ms},workers=8"),
                *("--truth-log", str(log), "--metrics-time", "50ms"),
            )
            running.append(Box(stack.enter_context(running_simulator(options)).url, log))
        yield running


@pytest.fixture
def boxes(simulators: list[Box]) -> list[Box]:
    return [replace(each, earlier=len(each.truth)) for each in simulators]


def settings_of(folder: Path, target_map: str, **options: object) -> Settings:
    own = {
        "cluster": "local:2",
        "target_map": target_map,
        "workers": 1,
        "custom_ramp": "4,8",
        "time_between_ramp": 1.5,
        "requests_per_second": 5,
        "log_file": folder / "log",
        "output_dir": folder / "out",
        "progress": "plain",
        "preflight": False,
        **options,
    }
    return resolve({}, own, {TOKEN: "t"})


def driven(settings: Settings, nodes: int = 2) -> tuple[RunOutcome, RunLog, str]:
    """How the run ended, its log, and what was said."""
    said, engine = StringIO(), EngineHere((0.0,) * nodes)
    cluster = ClusterRun(engine, settings)
    outcome = run_session(settings, Console(file=said, width=300), cluster=cluster)
    return outcome, read_log(settings.log_file), said.getvalue()


def test_each_endpoint_gets_the_part_of_its_node(tmp_path: Path, boxes: list[Box]) -> None:
    """Its own log has as many queries, of its own detector, as the log has of that node's clients.

    The log says which node loaded what, and the run needs no other setting to be made again.
    """
    fast, slow = boxes
    settings = settings_of(tmp_path, f"node1={slow.url},node0={fast.url}")
    here = Path.cwd()
    outcome, log, said = driven(settings)
    assert outcome.ending is Ending.FINISHED
    assert Path.cwd() == here  # both nodes of this process start workers at the same time
    assert log.header is not None and log.header.cluster is not None
    assert [each.endpoint for each in log.header.cluster.nodes] == [fast.url, slow.url]
    assert log.header.endpoint["url"] == slow.url  # the first of the map
    for number, each in enumerate(boxes):
        truth = each.truth
        own = log.requests.client % 2 == number
        assert len(truth) == int(own.sum()) > 40
        assert {query.detector_id for query in truth} == {IDS[number]}
    parts = {part.url: part for part in analyse(log).endpoints}
    for each, service_s in zip(boxes, SERVICE_S, strict=True):
        steps, truth = parts[each.url].steps, each.truth
        assert sum(step.counts.ok for step in steps) == len(truth)
        in_box_s = sorted((q.answered_s or 0.0) - q.arrival_s for q in truth)
        assert min(in_box_s) >= service_s
        for step in steps:
            median = step.times.service.quantile("p50")
            assert median is not None
            assert in_box_s[0] <= median.value < in_box_s[-1] + 0.05
    assert f"Targets: {slow.url} and {fast.url}. In all, {len(log.requests)} requests" in said
    assert f"{fast.url}: Detector {IDS[0]}" in said


def test_each_endpoint_is_asked_before_the_run(tmp_path: Path, boxes: list[Box]) -> None:
    """Two nodes on one box ask it once; the answers before the ramp are those of all boxes."""
    fast, slow = boxes
    settings = settings_of(
        tmp_path,
        f"1={fast.url},2={slow.url},3={slow.url}",
        cluster="local:3",
        custom_ramp="3",
        time_between_ramp=1.0,
        preflight=True,
        warmup=0,
    )
    _, log, _ = driven(settings, nodes=3)
    sent = [int((log.requests.client % 3 == number).sum()) for number in range(3)]
    assert all(sent)
    before = len(fast.truth) - sent[0]
    assert len(slow.truth) - sent[1] - sent[2] == before > 0


def test_a_mix_goes_to_every_endpoint(tmp_path: Path, boxes: list[Box]) -> None:
    """Each node asks the detectors of its own endpoint, which have other ids there."""
    mix = tmp_path / "mix.yaml"
    mix.write_text(
        "- {name: door, detector_name: edge-load-test, cameras: 2, requests_per_second: 5}\n"
        "- {name: gate, detector_name: gate, cameras: 2, requests_per_second: 3}\n"
    )
    fast, slow = boxes
    target_map = f"node0={fast.url},node1={slow.url}"
    settings = settings_of(tmp_path, target_map, mix=mix, custom_ramp="1", time_between_ramp=2.0)
    outcome, log, _ = driven(settings)
    assert outcome.ending is Ending.FINISHED
    assert bool(log.requests.ok.all())
    for number, each in enumerate(boxes):
        truth = each.truth
        assert len(truth) == int((log.requests.client % 2 == number).sum()) > 0
        assert len({query.detector_id for query in truth}) == 2
        assert IDS[number] in {query.detector_id for query in truth}


def test_an_endpoint_that_is_not_there_is_named(tmp_path: Path, boxes: list[Box]) -> None:
    """Before anything is sent to any of them."""
    gone = "http://127.0.0.1:9"
    settings = settings_of(tmp_path, f"node0={boxes[0].url},node1={gone}", ready_timeout=0.5)
    with pytest.raises(Unreachable, match=f"^TARGET_MAP = {gone}: no connection"):
        driven(settings)
    assert boxes[0].truth == []


def test_an_endpoint_without_the_detector_is_named(tmp_path: Path, boxes: list[Box]) -> None:
    """A box that has another detector of that name only says so for itself."""
    with running_simulator(["--strict-detector"]) as other:
        settings = settings_of(
            tmp_path, f"node0={boxes[0].url},node1={other.url}", detector_id=IDS[0]
        )
        with pytest.raises(Unreachable, match=other.url):
            driven(settings_with_preflight(settings))
    assert boxes[0].truth


def settings_with_preflight(settings: Settings) -> Settings:
    return settings.for_run({"preflight": True})


def test_a_map_that_does_not_fit_the_nodes_is_refused(tmp_path: Path, boxes: list[Box]) -> None:
    """Once the nodes are known, before any endpoint is asked."""
    settings = settings_of(tmp_path, f"node0={boxes[0].url},elsewhere={boxes[1].url}")
    with pytest.raises(SettingError, match="no node is called elsewhere; the nodes of this run"):
        ClusterRun(EngineHere((0.0, 0.0)), settings)
