"""A run over nodes is the run on one machine: same plan, same records; and what a lost node does.

The nodes are in this process, so nothing here depends on the engine that carries the calls.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from nodes_here import EngineHere
from rich.console import Console

from edgeload.cluster import node
from edgeload.cluster.cluster_run import ClusterRun
from edgeload.cluster.cluster_workers import ClusterWorkers
from edgeload.cluster.node_words import NodeQuestion, NodeState
from edgeload.read.analysis.findings import find
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log
from edgeload.read.output.summary_json import summary_values
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.session import run_session
from edgeload.run.worker_processes import EndedWorker
from edgeload.search.session import search_capacity
from edgeload.settings import Settings, resolve
from edgeload.signals import StopSignals

AHEAD_S = (1000.0, -250.0)


@pytest.fixture(autouse=True)
def _own_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A node hides the token in all that its process prints; here that is the test's own.

    The folder of a node that is lost stays where it is: here in that of the test.
    """
    monkeypatch.setattr(node, "hide_in_errors", lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def settings_of(folder: Path, **options: object) -> Settings:
    return resolve(
        {},
        {
            "cluster": "local:2",
            "workers": 2,
            "custom_ramp": "3,7",
            "time_between_ramp": 1.2,
            "requests_per_second": 5,
            "arrivals": "poisson",
            "log_file": folder / "log",
            "output_dir": folder / "out",
            "simulator_options": "--inference-workers 8 --service-time 20ms",
            "progress": "plain",
            "preflight": False,
            **options,
        },
        {},
    )


def driven(settings: Settings, engine: EngineHere) -> tuple[RunOutcome, RunLog, str]:
    """How the run ended, its log, and what was said."""
    said = StringIO()
    outcome = run_session(
        settings, Console(file=said, width=200), cluster=ClusterRun(engine, settings)
    )
    return outcome, read_log(settings.log_file), said.getvalue()


def after_begin(engine: EngineHere, seconds: float, act: Callable[[], None]) -> None:
    """Do something at that run time."""

    def wait_and_act() -> None:
        while not (begin := engine.nodes[0].begins_s):
            time.sleep(0.01)
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
        act()

    threading.Thread(target=wait_and_act, daemon=True).start()


@pytest.mark.parametrize("records", ["pull", "stream"])
def test_the_nodes_send_the_very_plan_of_one_machine(tmp_path: Path, records: str) -> None:
    """Each frame of the plan is sent once, when it is due, by clocks that differ by minutes."""
    settings = settings_of(tmp_path, records=records)
    outcome, log, _ = driven(settings, EngineHere(AHEAD_S))
    assert outcome.ending is Ending.FINISHED
    plan = settings.plan()
    planned = {
        (client, due.number): due.due_s
        for client in range(plan.max_clients)
        for due in plan.client_dues(client)
    }
    requests = log.requests
    sent = {
        (int(client), int(number)): float(due_s)
        for client, number, due_s in zip(
            requests.client, requests.number, requests.due_s, strict=True
        )
    }
    assert sent == pytest.approx(planned)
    assert not log.damage.lines
    assert log.end is not None and log.end.counted["sent"] == len(planned)
    summary = analyse(log)
    assert not [f for step in summary.steps for f in step.doubts if f.code == "log_disagrees"]


def test_times_of_nodes_stand_on_one_axis(tmp_path: Path) -> None:
    """Clocks that are 1250 s apart: the offset is found within the printed bound, and removed.

    The lag of the generator is measured on each node's own clock; the first request of each client
    leaves when it is due on the driver's axis, so no worker's is early or late by the offset.
    """
    engine = EngineHere(AHEAD_S)
    _, log, _ = driven(settings_of(tmp_path), engine)
    assert log.header is not None and log.header.cluster is not None
    nodes = log.header.cluster.nodes
    assert [node.workers for node in nodes] == [[0, 2], [1, 3]]
    assert log.header.workers == 4
    assert all(0.0 < node.clock_bound_s < 0.1 for node in nodes)
    assert all("would take the same cores" in node.machine["pinning"] for node in nodes)
    if Path("/proc/stat").exists():
        assert {sample.node for sample in log.machines} == {node.name for node in nodes}
        assert all(-1.5 < sample.at_s < 5.0 for sample in log.machines)
    lag_s = log.requests.sent_s - log.requests.due_s
    assert float(lag_s.min()) >= 0.0
    assert float(lag_s.max()) < 0.5


def test_a_cluster_without_its_head_ends_the_run(tmp_path: Path) -> None:
    """The nodes would go on, and the engine may end our process; what was measured is here."""
    engine = EngineHere((0.0, 0.0))

    def lose_the_head() -> None:
        engine.trouble = "the head of the cluster does not answer for 6 s"

    after_begin(engine, 0.4, lose_the_head)
    outcome, log, said = driven(settings_of(tmp_path, time_between_ramp=20.0), engine)
    assert outcome.ending is Ending.NODE_LOST
    assert "the run ends early: the head of the cluster does not answer for 6 s" in said
    assert log.end is not None and log.end.interrupted
    assert len(log.requests) == log.end.counted["sent"] > 0
    assert log.last_s < 5.0


def test_a_stretch_that_does_not_come_is_fetched_again(tmp_path: Path) -> None:
    """The network was away for three fetches: all records are here all the same, once each."""
    engine = EngineHere((0.0, 0.0))
    engine.nodes[1].fails_fetches = 3
    _, log, _ = driven(settings_of(tmp_path), engine)
    assert log.end is not None
    assert len(log.requests) == log.end.counted["sent"] == log.end.counted["ok"]
    assert engine.nodes[1].calls.count("fetch") >= 4


def test_records_that_are_left_on_the_nodes_complete_the_log(tmp_path: Path) -> None:
    """Whoever appends the nodes' files to the log has the whole run."""
    engine = EngineHere((0.0, 0.0))
    settings = settings_of(tmp_path, records="leave")
    _, log, said = driven(settings, engine)
    assert len(log.requests) == 0
    values = summary_values(analyse(log), find(analyse(log)))
    assert [reason["code"] for reason in values["validity"]["reasons"]] == ["records_left"]
    assert "missed" not in {finding["code"] for finding in values["findings"]}
    told = [line for line in said.splitlines() if "keeps its records" in line]
    paths = [Path(line.split(" in ")[1].strip()) for line in told]
    assert len(paths) == 2, said
    with settings.log_file.open("ab") as whole:
        for path in paths:
            whole.write(path.read_bytes())
            path.unlink()
            path.parent.rmdir()
    log = read_log(settings.log_file)
    assert log.end is not None and len(log.requests) == log.end.counted["sent"] > 0


@pytest.mark.parametrize("on_node_loss", ["abort", "continue"])
def test_a_lost_node_is_named_and_its_load_goes_nowhere(tmp_path: Path, on_node_loss: str) -> None:
    """Its clients send no more, those of the others do, and the step of the loss is INVALID."""
    engine = EngineHere((0.0, 0.0))
    settings = settings_of(tmp_path, on_node_loss=on_node_loss, records="stream")
    after_begin(engine, 0.4, engine.nodes[1].kill)
    outcome, log, said = driven(settings, engine)
    assert outcome.ending is (Ending.NODE_LOST if on_node_loss == "abort" else Ending.FINISHED)
    assert {(death.worker, death.node, death.exit_code) for death in log.deaths} == {
        (1, "node1", None),
        (3, "node1", None),
    }
    assert "node node1 (2 workers with 3 clients) is lost: its process has ended" in said
    lost_s = log.deaths[0].at_s
    workers = log.requests.client % 4
    assert set(workers[log.requests.due_s > lost_s].tolist()) <= {0, 2}
    summary = analyse(log)
    assert {f.code for f in summary.steps[0].doubts} >= {"node_lost"}
    whole = [step for step in summary.steps if step.span.end_s < lost_s]
    assert not any(step.doubts for step in whole)


def test_a_node_that_nobody_asks_stops_by_itself(tmp_path: Path) -> None:
    """Cut off from the driver, it sends until the lease is over, and nothing after that.

    When it can be asked again, what it has measured is brought here.
    """
    engine = EngineHere((0.0, 0.0))
    lost = engine.nodes[0]
    settings = settings_of(
        tmp_path, custom_ramp="6", time_between_ramp=8.0, lease="2s", on_node_loss="continue"
    )
    after_begin(engine, 1.0, lost.cut_off.set)
    after_begin(engine, 7.0, lost.cut_off.clear)
    _, log, said = driven(settings, engine)
    of_node = log.requests.client % 2 == 0
    last_s = float(log.requests.sent_s[of_node].max())
    assert 1.0 < last_s <= 1.0 + 2.0 + 2.0
    assert float(log.requests.sent_s[~of_node].max()) > 7.0
    assert "node node0 does not answer: it may be lost" in said
    assert "is lost: it has not answered for" in said
    codes = [doubt.code for doubt in analyse(log).steps[0].doubts]
    assert [code for code in codes if not code.startswith("generator_")] == ["node_lost"]
    assert log.end is not None and len(log.requests) == log.end.counted["sent"]


@pytest.mark.slow
def test_a_search_on_nodes_finds_the_capacity(tmp_path: Path) -> None:
    """One worker of 20 ms serves 50/s: 10 clients at 5/s. The trials go on warm workers."""
    engine = EngineHere(AHEAD_S)
    settings = resolve(
        {},
        {
            "cluster": "local:2",
            "workers": 1,
            "find_capacity": True,
            "requests_per_second": 5,
            "budget": "25s",
            "log_file": tmp_path / "log",
            "output_dir": tmp_path / "out",
            "simulator_options": "--inference-workers 1 --service-time 20ms",
            "preflight": False,
        },
        {},
    )
    outcome = search_capacity(
        settings, Console(file=StringIO()), cluster=ClusterRun(engine, settings)
    )
    assert outcome.ending is Ending.FINISHED
    log = read_log(settings.log_file)
    summary = summary_values(analyse(log), ())
    (tier,) = summary["tiers"]
    assert tier["capacity"]["low"] <= 10 <= tier["capacity"]["high"] + 1
    assert log.end is not None and log.end.counted["sent"] == len(log.requests)
    assert [node.calls.count("prepare") for node in engine.nodes] == [1, 1]


def test_a_node_that_falls_silent_in_the_last_step_is_known_by_it(tmp_path: Path) -> None:
    """It is declared lost when the plan is over; what it did in that step nobody knows.

    Without that the step would be VALID, with half of its frames missed by the endpoint's fault.
    """
    engine = EngineHere((0.0, 0.0))
    settings = settings_of(tmp_path, custom_ramp="4", time_between_ramp=2.0, lease="2s")
    after_begin(engine, 0.5, engine.nodes[0].cut_off.set)
    outcome, log, _ = driven(settings, engine)
    assert outcome.ending is Ending.NODE_LOST
    assert {death.worker for death in log.deaths} == {0, 2}
    assert all(
        death.known_until_s is not None and death.known_until_s < 2.0 for death in log.deaths
    )
    assert "node_lost" in {doubt.code for doubt in analyse(log).steps[0].doubts}


def test_a_driver_that_is_busy_loses_no_node(tmp_path: Path) -> None:
    """The nodes are asked by a thread of its own while the run is not driven for longer than the
    lease."""
    engine = EngineHere((0.0, 0.0))
    settings = settings_of(tmp_path, custom_ramp="4", time_between_ramp=4.0, lease="2s")
    waits = ClusterWorkers.wait_for

    def slow_once(self: ClusterWorkers, timeout_s: float, stop: StopSignals) -> list[EndedWorker]:
        ended = waits(self, timeout_s, stop)
        if not paused and engine.nodes[0].begins_s:
            paused.append(True)
            time.sleep(3.5)
        return ended

    paused: list[bool] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterWorkers, "wait_for", slow_once)
        outcome, log, _ = driven(settings, engine)
    assert outcome.ending is Ending.FINISHED
    assert not log.deaths


def test_a_node_that_hears_of_the_start_too_late_does_not_begin(tmp_path: Path) -> None:
    """It would send a burst to catch up, which is not the planned load."""
    engine = EngineHere((0.0, 0.0))
    late = engine.nodes[1]
    asked = late.node.ask

    def slow(question: NodeQuestion) -> NodeState:
        if any(command[0] == "begin" for _, command in question.commands):
            time.sleep(1.5)
        return asked(question)

    late.node.ask = slow  # type: ignore[method-assign]
    outcome, log, said = driven(settings_of(tmp_path, time_between_ramp=3.0), engine)
    assert outcome.ending is Ending.NODE_LOST
    assert "too late, and did not begin" in said
    assert set((log.requests.client % 2).tolist()) == {0}
    assert "node_lost" in {doubt.code for doubt in analyse(log).steps[0].doubts}
