"""A run over nodes is the run on one machine: same plan, same records; and what a lost node does.

The nodes are in this process, so nothing here depends on the engine that carries the calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from nodes_here import EngineHere
from rich.console import Console

from edgeload.cluster import node
from edgeload.cluster.cluster_run import ClusterRun
from edgeload.read.analysis.summarising import analyse
from edgeload.read.log.columns import RunLog
from edgeload.read.log.open import read_log
from edgeload.run.phases import Ending, RunOutcome
from edgeload.run.session import run_session
from edgeload.settings import Settings, resolve

AHEAD_S = (1000.0, -250.0)


@pytest.fixture(autouse=True)
def _own_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node hides the token in all that its process prints; here that is the test's own."""
    monkeypatch.setattr(node, "hide_in_errors", lambda: None)


def settings_of(folder: Path, **options: object) -> Settings:
    return resolve(
        {},
        {
            "cluster": "local:2",
            "workers": 2,
            "custom_ramp": "3,7",
            "time_between_ramp": 2.0,
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


def after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


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
